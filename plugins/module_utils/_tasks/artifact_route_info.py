# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task artifact_route_info: requests in, what the router answers out."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import read_live
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.declaration import (
    Declaration,
    declare_backends,
    declare_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute import http_routes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import (
    Answer,
    Request,
    resolve,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    RouterSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import write_route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.settings import read_settings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route import (
    RouteFaultsError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route_file import (
    read_route_file,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route_spec import (
    READING_SPEC as ARGUMENT_SPEC,
)

__all__ = ("ARGUMENT_SPEC", "run")

_LONGEST_LINE = 300


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Tell what a router answers; see the module's documentation for parameters and result.

    :raises RouteFaultsError: routes, settings or requests are wrong
    :raises ArtifactsError: the file or the router cannot be read
    """
    del check_mode, progress
    settings, declared, faults = _read(parameters)
    requests, more = _requests(parameters["requests"])
    faults = (*faults, *declared.faults, *more)
    if faults:
        raise RouteFaultsError(faults)
    answers = [resolve(request, declared.routes, settings) for request in requests]
    result: dict[str, Any] = {
        "changed": False,
        "answers": [_told(*pair) for pair in zip(parameters["requests"], answers, strict=True)],
        "routes": [write_route(route) for route in declared.routes],
        "warnings": list(declared.warnings),
        "table": [_line(*pair) for pair in zip(requests, answers, strict=True)],
    }
    if parameters["httproute"] is not None:
        result["httproutes"] = http_routes(declared.routes, settings, **parameters["httproute"])
    return result


def _read(parameters: Mapping[str, Any]) -> tuple[RouterSettings, Declaration, tuple[str, ...]]:
    """The settings and routes, from wherever they are said to be."""
    given = [key for key in ("file", "routes", "backends") if parameters[key] is not None]
    if len(given) > 1:
        raise RouteFaultsError((f"{' and '.join(given)} are given; allowed is one of them",))
    if not given:
        client = connect(parameters["kubeconfig"], parameters["context"])
        router = read_live(client, parameters["namespace"], parameters["router"]).router
        return router.settings, Declaration(router.routes), ()
    content = read_route_file(parameters["file"]) if parameters["file"] is not None else dict(parameters)
    settings, faults = read_settings(parameters["settings"] or content.get("settings") or {})
    return settings, _declare(content, settings, parameters), tuple(map(str, faults))


def _declare(
    content: Mapping[str, Any], settings: RouterSettings, parameters: Mapping[str, Any]
) -> Declaration:
    allow = parameters["allow_unreachable"]
    if content.get("backends") is not None:
        return declare_backends(
            content["backends"], settings, legacy_match=parameters["legacy_match"], allow_unreachable=allow
        )
    return declare_routes(content.get("routes"), settings, allow_unreachable=allow)


def _requests(raw: list[Mapping[str, Any]]) -> tuple[list[Request], tuple[str, ...]]:
    requests, faults = [], []
    for index, entry in enumerate(raw):
        try:
            source = ip_address(entry["client"])
        except ValueError:
            faults.append(f"requests[{index}].client: {entry['client']!r} is no IP address")
            continue
        if not entry["path"].startswith("/"):
            faults.append(f"requests[{index}].path: {entry['path']!r} does not begin with a slash")
        requests.append(Request(entry["method"], entry["path"], _header_lines(entry["headers"]), source))
    return requests, tuple(faults)


def _header_lines(headers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Each header's lines; a list of values is a header that is sent several times."""
    lines = []
    for name, value in headers.items():
        lines += [(name, str(line)) for line in (value if isinstance(value, list) else [value])]
    return tuple(lines)


def _told(request: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    return {
        "request": dict(request),
        "code": answer.code,
        "location": answer.location,
        "route": answer.route,
        "client": answer.client,
        "reason": answer.reason,
        "misses": [{"route": miss.route, "reason": miss.reason} for miss in answer.misses],
    }


def _line(request: Request, answer: Answer) -> str:
    outcome = f"{answer.location} (route {answer.route})" if answer.route else answer.reason
    return printable(f"{request.method} {request.target} -> {answer.code} {outcome}", _LONGEST_LINE)
