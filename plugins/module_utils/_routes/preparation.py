# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a user declares of a router to the ConfigMaps that its pods start with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown
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
    StoredRouterError,
    kept_routes,
    render_router,
    routes_configmap,
)

# The flags of RenderOptions, and the ends of the names of their variables.
_FLAGS = {"access_log": "access_log", "bind_ipv6": "ipv6"}


def prepare(wish: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Judge and render a router.

    :param wish: ``namespace``, ``name``, ``routes`` or ``backends``, ``legacy_match``, ``allow_unreachable``,
        ``settings``, ``proxy`` (the fields of RenderOptions) and, where neither routes nor backends are
        given, ``kept``: the ConfigMap with the routes that are there, or None
    :param prefix: begins the name of the variable that a fault is about
    :returns: ``configmaps``, ``configuration`` (the name of one of them), ``warnings`` and ``faults``; there
        are no ConfigMaps where there are faults. Routes that are kept are not among them where they need not
        be written, so that routes that others write meanwhile stay; otherwise they have the resourceVersion
        that was read, so that the API server refuses them where others have written
    """
    settings, faults = read_settings(wish["settings"])
    try:
        declared = _declare(wish, settings)
    except StoredRouterError as error:
        return _prepared(Declaration(()), faults=[f"{prefix}routes: {error.message}"])
    # Each setting is a variable of its own.
    of_settings = [str(fault).removeprefix("settings.") for fault in faults]
    told = [f"{prefix}{fault}" for fault in (*of_settings, *_flag_faults(wish["proxy"]))]
    told += [_of_variable(fault, prefix) for fault in declared.faults]
    if told:
        return _prepared(declared, faults=told)
    router = Router(wish["namespace"], wish["name"], declared.routes, settings, _options(wish["proxy"]))
    try:
        configuration, configmap = render_router(router)
    except ArtifactsError as error:
        return _prepared(declared, faults=[f"{prefix}routes: {error.message}"])
    return _prepared(declared, configuration, [*_routes_to_write(router, wish), configmap])


def _of_variable(fault: str, prefix: str) -> str:
    """The sentence about routes with the names of the role's variables."""
    placed = fault if fault.startswith(("routes", "backends", "legacy_match")) else f"routes: {fault}"
    return prefix + placed.replace("; allow_unreachable", f"; {prefix}allow_unreachable")


def _routes_to_write(router: Router, wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    configmap = routes_configmap(router)
    kept = wish["kept"]
    if not kept or _given(wish, "routes") is not None or _given(wish, "backends") is not None:
        return [configmap]
    # Plain dicts: a template gives mappings that are compared otherwise.
    parts = {part: dict(kept.get(part) or {}) for part in ("data", "binaryData")}
    had = kept["metadata"].get("labels") or {}
    labels = {**dict(had), **configmap["metadata"]["labels"]}
    if parts == {part: configmap[part] for part in parts} and labels == dict(had):
        return []
    if "resourceVersion" in kept["metadata"]:
        configmap["metadata"]["resourceVersion"] = kept["metadata"]["resourceVersion"]
    return [configmap]


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
    routes, backends = _given(wish, "routes"), _given(wish, "backends")
    if backends is not None:
        return declare_backends(
            backends, settings, legacy_match=wish["legacy_match"], allow_unreachable=allow
        )
    if routes is not None:
        return declare_routes(routes, settings, allow_unreachable=allow)
    # What is in the cluster was let pass when it came there.
    kept = kept_routes(wish["kept"]) if wish["kept"] else []
    return declare_routes(kept, settings, allow_unreachable=True)


def _given(wish: Mapping[str, Any], name: str) -> Any:
    # Before ansible-core 2.19, a template that gives nothing gives an empty string.
    return None if wish[name] == "" else wish[name]


def _flag_faults(proxy: Mapping[str, Any]) -> list[str]:
    """Text instead of a flag, which would be true whatever it says. Of numbers, the role says more."""
    return [
        f"{variable}: {shown(proxy[name])} is not a boolean; allowed: true, false"
        for name, variable in _FLAGS.items()
        if not isinstance(proxy.get(name, False), bool)
    ]


def _options(proxy: Mapping[str, Any]) -> RenderOptions:
    """The options; a template gives numbers as text."""
    plain: dict[str, Any] = {
        name: int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]+", value) else value
        for name, value in proxy.items()
    }
    return RenderOptions(**plain)
