# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task artifact_route: parameters in, routes rolled out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_rollout import Limits
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router_change import (
    Change,
    change_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import FaultsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.declaration import (
    Declaration,
    declare_backends,
    declare_routes,
    judge_change,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.edit import put, remove
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import Router
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route_spec import (
    ARGUMENT_SPEC,
    ROUTE_KEYS,
)

__all__ = ("ARGUMENT_SPEC", "run")


class RouteFaultsError(FaultsError):
    """Routes cannot be used; the message names all that is wrong with them. Nothing was changed."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    """Change the routes of a router; see the module's documentation for parameters and result.

    :raises RouteFaultsError: before anything was changed
    :raises ArtifactsError: what ``change_routes`` raises
    """
    faults = option_faults(parameters)
    if faults:
        raise RouteFaultsError(faults)
    warnings: list[str] = []

    def decide(router: Router) -> tuple[Route, ...]:
        declared = _declare(parameters, router)
        if declared.faults:
            raise RouteFaultsError(declared.faults)
        warnings[:] = declared.warnings
        return declared.routes

    change = Change(
        parameters["namespace"],
        parameters["router"],
        decide,
        Limits(parameters["wait"], parameters["wait_timeout"], parameters["failure_grace"]),
        check_mode,
    )
    client = connect(parameters["kubeconfig"], parameters["context"])
    return {**change_routes(client, change, progress), "warnings": warnings}


def option_faults(parameters: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with the options together, one sentence each."""
    faults = []
    given = [key for key in ("name", "routes", "backends") if parameters[key] is not None]
    if len(given) > 1:
        faults.append(f"{' and '.join(given)} are given; allowed is one of name, routes and backends")
    own = [key for key in (*ROUTE_KEYS, "before", "after") if parameters[key] is not None]
    if own and parameters["name"] is None:
        faults.append(f"{', '.join(own)}: without name there is no route that this could belong to")
    elif own and parameters["state"] == "absent":
        faults.append(f"{', '.join(own)}: not allowed with state=absent")
    if parameters["state"] == "absent" and parameters["name"] is None:
        faults.append("state is absent, but no name is given; a list without routes is routes: []")
    if parameters["before"] is not None and parameters["after"] is not None:
        faults.append("before and after are given; allowed is one of them")
    for option, least in (("wait_timeout", 0.001), ("failure_grace", 0)):
        if not least <= parameters[option] <= 86400:
            faults.append(f"{option} is {parameters[option]:g}; allowed are seconds from {least:g} to 86400")
    return tuple(faults)


def _declare(parameters: dict[str, Any], router: Router) -> Declaration:
    allow = parameters["allow_unreachable"]
    if parameters["routes"] is not None:
        return declare_routes(parameters["routes"], router.settings, allow_unreachable=allow)
    if parameters["backends"] is not None:
        return declare_backends(
            parameters["backends"],
            router.settings,
            legacy_match=parameters["legacy_match"],
            allow_unreachable=allow,
        )
    if parameters["name"] is None:
        return Declaration(router.routes)
    if parameters["state"] == "absent":
        return Declaration(tuple(remove(router.routes, parameters["name"])))
    raw = {"name": parameters["name"]}
    raw.update({key: parameters[key] for key in ROUTE_KEYS if parameters[key] is not None})
    route, faults = read_route(raw, "", router.settings)
    if route is None or faults:
        return Declaration(router.routes, tuple(map(str, faults)))
    routes = put(router.routes, route, before=parameters["before"] or "", after=parameters["after"] or "")
    return judge_change(routes, router.routes, router.settings, allow_unreachable=allow)
