# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes that are refused, since as HTTPRoutes they would mean something else."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute import (
    HTTPRouteError,
    http_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    HeaderMatch,
    PathKind,
    PathMatch,
)
from tests.unit.plugins.module_utils._routes.httproute_cases import (
    GATEWAY,
    SETTINGS,
    answers,
    faults_of,
    header,
    prefix,
    route,
    written,
)


def test_all_reasons_are_told_at_once() -> None:
    settings = replace(
        SETTINGS,
        methods=("GET", "PURGE"),
        oci=True,
        route_header="x-route",
        trusted_proxies=(ip_network("10.0.0.0/8"),),
    )
    routes = [
        route("regex", PathMatch(PathKind.REGEX, "^/a"), target="192.0.2.1:8080"),
        replace(route("slash", prefix("/a%2Fb")), code=307),
        route("host", hosts=("192.0.2.1", "[2001:db8::1]")),
        route("range", source_ranges=(ip_network("10.0.0.0/8"),)),
        route("agent", headers=[HeaderMatch("user-agent", (), "^x")]),
        route("real", headers=[header("x-real-ip", "10.0.0.1")]),
        route("twice", headers=[header("x-a", "1"), header("x-a", "2")]),
        route("one", headers=[header("x-a", "1")]),
        route("two", headers=[header("x-b", "1"), header("x-c", "1")]),
        route("ipv6", target="[2001:db8::1]"),
    ]
    faults = faults_of(routes, settings)
    expected = [
        "settings.oci: a Gateway cannot answer /v2/ itself",
        "settings.route_header: ",
        "settings.methods: a Gateway does not know 'PURGE'",
        "routes[0] (regex).conditions.paths[0]: regular expressions",
        "routes[0] (regex): 192.0.2.1:8080 is an IP address",
        "routes[1] (slash).conditions.paths[0]: a Gateway allows no %2F",
        "routes[1] (slash).code: each Gateway knows 301 and 302; 307 has to be",
        "routes[2] (host).conditions.hosts[0]: 192.0.2.1 is an IP address",
        "routes[2] (host).conditions.hosts[1]: [2001:db8::1] is an IP address",
        "routes[3] (range).conditions.source_ranges: ",
        "routes[4] (agent).conditions.headers.user-agent: regular expressions",
        "routes[5] (real).conditions.headers.x-real-ip: the router believes it of trusted_proxies only",
        "routes[6] (twice).conditions.headers.x-a: there is more than one condition",
        "routes[9] (ipv6): [2001:db8::1] is an IP address",
        "routes[8] (two): a request can match this and the earlier route one;",
    ]
    assert len(faults) == len(expected)
    for fault, begin in zip(faults, expected, strict=True):
        assert fault.startswith(begin)


def test_a_header_that_nobody_is_trusted_with_is_refused() -> None:
    (fault,) = faults_of([route("real", headers=[header("x-real-ip", "10.0.0.1")])])
    assert "no proxy is trusted" in fault


def test_too_many_headers_and_values_are_refused() -> None:
    many = [header(f"x-{number}", "1") for number in range(17)]
    wide = [header("x-a", *map(str, range(33))), header("x-b", "1", "2")]
    first, second = faults_of([route("many", headers=many), route("wide", headers=wide)])
    assert first.startswith("routes[0] (many).conditions.headers: there are 17 headers; a match may have 16")
    assert second.startswith("routes[1] (wide).conditions.headers: each of 66 combinations")


def test_huge_numbers_of_combinations_are_refused_at_once() -> None:
    headers = [header(f"x-{number}", *map(str, range(100))) for number in range(16)]
    assert "combinations" in faults_of([route("huge", headers=headers)])[0]


def test_extended_codes_have_to_be_allowed() -> None:
    routes = [replace(route("rest"), code=308)]
    assert faults_of(routes)[0].startswith("routes[0] (rest).code")
    assert answers(written(routes, extended_codes=True), "/")[0] == 308


def test_a_path_that_grows_too_long_is_refused() -> None:
    routes = [route("long", prefix("/" + "a" * 600), path_prefix="/" + "b" * 600)]
    (fault,) = faults_of(routes)
    assert "1202 characters; allowed are 1024" in fault


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ([], "parents: 0 Gateways are named"),
        ("public", "parents: 'public' is not a list"),
        (["public"], "parents[0]: 'public' is not a mapping"),
        ([{"namespace": "web"}], "parents[0]: the name of the Gateway is missing"),
        ([{"name": "a", "port": 80}], "parents[0]: the key 'port' is not known"),
        ([{"name": 1}], "parents[0].name: 1 is not a string"),
        ([GATEWAY] * 33, "parents: 33 Gateways are named"),
    ],
)
def test_wrong_gateways_are_refused(parents: Any, message: str) -> None:
    with pytest.raises(HTTPRouteError) as caught:
        http_routes(
            [route("rest")], SETTINGS, name="router", namespace="web", parents=parents, extended_codes=False
        )
    assert str(caught.value.faults[0]).startswith(message)


def test_more_than_a_thousand_httproutes_are_refused() -> None:
    routes = [route(f"r{number}", prefix(f"/{number}")) for number in range(16_001)]
    assert faults_of(routes) == ["routes: they need more than 1000 HTTPRoutes"]


def test_what_multiplies_beyond_the_limit_is_refused() -> None:
    routes = [
        *(route(f"h{number}", headers=[header("x-team", str(number))]) for number in range(1000)),
        *(route(f"r{number}", prefix(f"/{number}")) for number in range(1000)),
    ]
    assert faults_of(routes) == ["routes: they need more than 1000 HTTPRoutes"]
