# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a router is kept in the cluster: its routes and settings, and the configurations they became."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    Rendered,
    RenderOptions,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import (
    read_routes,
    write_route,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.settings import (
    read_settings,
    write_settings,
)

ROUTES_KEY = "routes.json"
# Of routes that would not fit beside the rest into one ConfigMap.
PACKED_ROUTES_KEY = "routes.json.gz"
_LARGEST_PLAIN = 800_000
SETTINGS_KEY = "settings.json"
ROUTER_LABEL = "artifacts.clusterdepot.io/router"
# The volume of the pods that has the configuration.
VOLUME = "configuration"
_CHECKSUM_LENGTH = 12
# What the role lets pass: least and most of each number of the options.
_RANGES = {
    "http_port": (1024, 65535),
    "metrics_port": (1024, 65535),
    "threads": (1, 64),
    "max_connections": (10, 1_000_000),
    "drain_seconds": (1, 3600),
}


class StoredRouterError(ArtifactsError):
    """What is kept in the cluster was not written by this collection, or by a later version of it."""


@dataclass(frozen=True)
class Router:
    """A router with all that its configuration is made from."""

    namespace: str
    name: str
    routes: tuple[Route, ...]
    settings: RouterSettings
    options: RenderOptions

    @property
    def routes_name(self) -> str:
        """Name of the ConfigMap with the routes."""
        return f"{self.name}-routes"


def routes_text(routes: tuple[Route, ...]) -> str:
    """The routes as JSON, one a line, so that a difference shows routes."""
    lines = ",\n".join(json.dumps(write_route(route), ensure_ascii=False) for route in routes)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def routes_configmap(router: Router) -> dict[str, Any]:
    """The ConfigMap that keeps the routes and settings."""
    kept = {**write_settings(router.settings), "proxy": asdict(router.options)}
    settings = {SETTINGS_KEY: json.dumps(kept, indent=1) + "\n"}
    routes = routes_text(router.routes)
    packed = ""
    if len(routes) > _LARGEST_PLAIN:
        packed = base64.b64encode(gzip.compress(routes.encode(), mtime=0)).decode("ascii")
        routes = ""
    # Both keys, each time: one that is left out would stay as another field manager has written it.
    plain = _configmap(router, router.routes_name, {ROUTES_KEY: routes, **settings})
    return {**plain, "binaryData": {PACKED_ROUTES_KEY: packed}}


def kept_routes(configmap: Mapping[str, Any]) -> Any:
    """The list of routes in the ConfigMap that keeps them, as ``write_route`` gives each.

    :raises StoredRouterError: it cannot be read
    """
    metadata = configmap["metadata"]
    where = f"ConfigMap {metadata['namespace']}/{metadata['name']}"
    packed = (configmap.get("binaryData") or {}).get(PACKED_ROUTES_KEY)
    if not packed:
        return _json((configmap.get("data") or {}).get(ROUTES_KEY, ""), f"{where}, {ROUTES_KEY}")
    try:
        text = gzip.decompress(base64.b64decode(packed)).decode()
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise StoredRouterError(f"{where}, {PACKED_ROUTES_KEY}: this is not packed by gzip") from error
    return _json(text, f"{where}, {PACKED_ROUTES_KEY}")


def read_router(configmap: Mapping[str, Any]) -> Router:
    """The router behind the ConfigMap that keeps its routes and settings.

    :raises StoredRouterError: it cannot be read
    """
    metadata = configmap["metadata"]
    where = f"ConfigMap {metadata['namespace']}/{metadata['name']}"
    data = configmap.get("data") or {}
    kept = _json(data.get(SETTINGS_KEY, ""), f"{where}, {SETTINGS_KEY}")
    if not isinstance(kept, dict):
        raise StoredRouterError(f"{where}, {SETTINGS_KEY}: this is no mapping")
    proxy = kept.pop("proxy", {})
    settings, faults = read_settings(kept)
    routes, more = read_routes(kept_routes(configmap), settings)
    if faults or more:
        raise StoredRouterError(f"{where} cannot be read: " + "; ".join(map(str, (*faults, *more))))
    return Router(
        metadata["namespace"],
        (metadata.get("labels") or {}).get(ROUTER_LABEL, ""),
        tuple(routes),
        settings,
        _options(proxy, where),
    )


def render_router(router: Router) -> tuple[str, dict[str, Any]]:
    """The name of the ConfigMap with the router's configuration, and that ConfigMap.

    Its name changes with its content, so that pods keep what they started with.

    :raises ArtifactsError: the configuration would be too large
    """
    rendered: Rendered = render(router.routes, router.settings, router.options)
    name = f"{router.name}-config-{rendered.checksum[:_CHECKSUM_LENGTH]}"
    return name, {**_configmap(router, name, dict(rendered.files)), "immutable": True}


def _configmap(router: Router, name: str, data: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": router.namespace,
            "labels": {
                "app.kubernetes.io/name": "artifact-router",
                "app.kubernetes.io/instance": router.name,
                "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
                "app.kubernetes.io/part-of": "clusterdepot",
                ROUTER_LABEL: router.name,
            },
        },
        "data": data,
    }


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StoredRouterError(f"{where}: this is no JSON") from error


def _options(raw: object, where: str) -> RenderOptions:
    default = asdict(RenderOptions())
    if not isinstance(raw, dict) or not raw.keys() <= default.keys():
        raise StoredRouterError(f"{where}, {SETTINGS_KEY}: its proxy has options that are not known here")
    for name, value in raw.items():
        # A bool is an int as well.
        fits = type(value) is type(default[name])
        if fits and name in _RANGES:
            least, most = _RANGES[name]
            fits = least <= value <= most
        if not fits:
            raise StoredRouterError(f"{where}, {SETTINGS_KEY}: proxy.{name} is {shown(value)}")
    return RenderOptions(**raw)
