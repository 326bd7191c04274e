# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes, their HTTPRoutes, and what a Gateway and the list answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute import (
    HTTPRouteError,
    http_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request, resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from tests.unit.plugins.module_utils._routes.gateway import (
    answer,
    check,
)

SETTINGS = RouterSettings()
GATEWAY = {"name": "public", "namespace": "gateways", "sectionName": "https"}
HOSTS = ("one.example.org", "two.example.org")
VALUES = ("a", "b")
MIRROR = Target("https", "mirror.example.org")


def prefix(value: str) -> PathMatch:
    """A prefix condition."""
    return PathMatch(PathKind.PREFIX, value)


def exact(value: str) -> PathMatch:
    """An exact path condition."""
    return PathMatch(PathKind.EXACT, value)


def header(name: str, *values: str) -> HeaderMatch:
    """A header that has one of the values."""
    return HeaderMatch(name, values)


def route(
    name: str,
    *paths: PathMatch,
    headers: Sequence[HeaderMatch] = (),
    target: str = "",
    path_prefix: str = "",
    strip: bool = False,
    **conditions: Any,
) -> Route:
    """A route to a host of its name."""
    host = target or f"{name}.example.org"
    return Route(
        name,
        Target("https", host, path_prefix),
        Conditions(paths=paths, headers=tuple(headers), **conditions),
        strip_prefix=strip,
    )


def written(
    routes: Sequence[Route], settings: RouterSettings = SETTINGS, *, extended_codes: bool = False
) -> list[dict[str, Any]]:
    """The HTTPRoutes of the routes, which the API would take."""
    manifests = http_routes(
        routes, settings, name="router", namespace="web", parents=[GATEWAY], extended_codes=extended_codes
    )
    for manifest in manifests:
        check(manifest, extended_codes=extended_codes)
    return manifests


def faults_of(routes: Sequence[Route], settings: RouterSettings = SETTINGS, **options: Any) -> list[str]:
    """Why the routes cannot be HTTPRoutes."""
    with pytest.raises(HTTPRouteError) as caught:
        written(routes, settings, **options)
    assert caught.value.result["faults"] == [str(fault) for fault in caught.value.faults]
    assert all(str(fault) in caught.value.message for fault in caught.value.faults)
    return [str(fault) for fault in caught.value.faults]


def answers(
    manifests: Sequence[Mapping[str, Any]],
    target: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    host: str = HOSTS[0],
) -> tuple[int, str]:
    """What a Gateway answers, whichever HTTPRoute is older, with less specific hosts looked at or not."""
    given_answers = {
        answer(
            order,
            method=method,
            target=target,
            host=host,
            headers=headers or {},
            falls_through=falls_through,
        )
        for order in (manifests, manifests[::-1])
        for falls_through in (True, False)
    }
    assert len(given_answers) == 1
    return given_answers.pop()


def listed(
    routes: Sequence[Route],
    target: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    host: str = HOSTS[0],
) -> tuple[int, str]:
    """What the list answers."""
    lines = (("Host", host), *(headers or {}).items())
    found = resolve(Request(method, target, lines), routes, SETTINGS, explain=False)
    return found.code, found.location
