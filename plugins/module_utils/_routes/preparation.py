# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a user declares of a router to the ConfigMaps that its pods start with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.declaration import (
    Declaration,
    declare_backends,
    declare_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import RenderOptions
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.settings import read_settings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    Router,
    kept_routes,
    render_router,
    routes_configmap,
)


def prepare(wish: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Judge and render a router.

    :param wish: ``namespace``, ``name``, ``routes`` or ``backends``, ``legacy_match``, ``allow_unreachable``,
        ``settings``, ``proxy`` (the fields of RenderOptions) and, where neither routes nor backends are
        given, ``kept``: the ConfigMap with the routes that are there, or None
    :param prefix: begins the name of the variable that a fault is about
    :returns: ``configmaps``, ``configuration`` (the name of one of them), ``warnings`` and ``faults``; there
        are no ConfigMaps where there are faults
    """
    settings, faults = read_settings(wish["settings"])
    declared = _declare(wish, settings)
    # Each setting is a variable of its own.
    of_settings = [str(fault).removeprefix("settings.") for fault in faults]
    told = [f"{prefix}{fault}" for fault in (*of_settings, *declared.faults)]
    if told:
        return _prepared(declared, faults=told)
    router = Router(wish["namespace"], wish["name"], declared.routes, settings, _options(wish["proxy"]))
    try:
        configuration, configmap = render_router(router)
    except ArtifactsError as error:
        return _prepared(declared, faults=[f"{prefix}routes: {error.message}"])
    return _prepared(declared, configuration, [routes_configmap(router), configmap])


def _prepared(
    declared: Declaration,
    configuration: str = "",
    configmaps: list[dict[str, Any]] | None = None,
    *,
    faults: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "configmaps": configmaps or [],
        "configuration": configuration,
        "warnings": list(declared.warnings),
        "faults": faults or [],
    }


def _declare(wish: Mapping[str, Any], settings: RouterSettings) -> Declaration:
    allow = bool(wish["allow_unreachable"])
    # Before ansible-core 2.19, a template that gives nothing gives an empty string.
    routes, backends = (None if wish[name] == "" else wish[name] for name in ("routes", "backends"))
    if backends is not None:
        return declare_backends(
            backends, settings, legacy_match=wish["legacy_match"], allow_unreachable=allow
        )
    if routes is not None:
        return declare_routes(routes, settings, allow_unreachable=allow)
    # What is in the cluster was let pass when it came there.
    kept = kept_routes(wish["kept"]) if wish["kept"] else []
    return declare_routes(kept, settings, allow_unreachable=True)


def _options(proxy: Mapping[str, Any]) -> RenderOptions:
    """The options; a template gives numbers as text."""
    plain: dict[str, Any] = {
        name: int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]+", value) else value
        for name, value in proxy.items()
    }
    return RenderOptions(**plain)
