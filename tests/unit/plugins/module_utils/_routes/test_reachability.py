# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no request can reach."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import (
    failing_field,
    matched_path,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.reachability import (
    Unreachable,
    find_overlaps,
    find_unreachable,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import receive
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request, resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    Route,
    RouterSettings,
)
from tests.unit.plugins.module_utils._routes.routing_cases import (
    PATH_CONDITIONS,
    PATHS,
    PREFIXES,
    REQUESTS,
    TARGET,
    exact,
    prefix,
    regex,
    route,
    route_lists,
)

PLAIN = RouterSettings()
SETTINGS = st.builds(
    RouterSettings,
    methods=st.sampled_from((("GET", "HEAD"), ("GET",), ("GET", "PUT"))),
    trusted_proxies=st.sampled_from(((), (ip_network("10.0.0.0/16"),))),
    oci=st.booleans(),
)
# A request for each place where lists of these exact paths and prefixes can differ: "~" is in none of them.
WITNESSES = sorted({*PATHS, *PREFIXES, *(f"{value.rstrip('/')}/~" for value in PREFIXES)})


def found(*routes: Route, settings: RouterSettings = PLAIN) -> list[tuple[str, str, str]]:
    return [(one.route, one.path, one.by) for one in find_unreachable(routes, settings)]


def asks(
    hosts: tuple[str, ...] = (),
    headers: tuple[HeaderMatch, ...] = (),
    ranges: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
) -> Conditions:
    return Conditions((), hosts, headers, tuple(map(ip_network, ranges)), methods)


def place_of(route_: Route, request: Request, settings: RouterSettings) -> int:
    """Which path of the route is the one for a request that it answers."""
    matched = matched_path(route_.conditions, receive(request, settings).path)
    return next(place for place, each in enumerate(route_.conditions.paths) if each is matched)


@settings(max_examples=400)
@given(route_lists(), SETTINGS, st.lists(REQUESTS, min_size=5, max_size=40))
def test_what_is_called_unreachable_never_answers(
    routes: list[Route], chosen: RouterSettings, requests: list[Request]
) -> None:
    unreachable = find_unreachable(routes, chosen)
    whole = {one.route for one in unreachable if not one.path}
    parts = {(one.route, one.path) for one in unreachable if one.path}
    by_name = {each.name: each for each in routes}
    for request in requests:
        name = resolve(request, routes, chosen, explain=False).route
        assert name not in whole
        if name and by_name[name].conditions.paths:
            place = place_of(by_name[name], request, chosen)
            assert (name, f"paths[{place}]") not in parts


@settings(max_examples=400)
@given(route_lists(PATH_CONDITIONS), SETTINGS)
def test_all_is_found_among_routes_of_plain_paths(routes: list[Route], chosen: RouterSettings) -> None:
    reached: set[tuple[str, int]] = set()
    by_name = {each.name: each for each in routes}
    for path in WITNESSES:
        request = Request(target=path)
        name = resolve(request, routes, chosen, explain=False).route
        if name:
            reached.add((name, place_of(by_name[name], request, chosen)))
    expected: set[tuple[str, str]] = set()
    for each in routes:
        lost = [place for place in range(len(each.conditions.paths)) if (each.name, place) not in reached]
        if len(lost) == len(each.conditions.paths):
            expected.add((each.name, ""))
        else:
            expected.update((each.name, f"paths[{place}]") for place in lost)
    assert {(one.route, one.path) for one in find_unreachable(routes, chosen)} == expected


@given(route_lists(), SETTINGS)
def test_the_one_that_takes_it_is_named(routes: list[Route], chosen: RouterSettings) -> None:
    order = {each.name: place for place, each in enumerate(routes)}
    for one in find_unreachable(routes, chosen):
        if one.by:
            assert order[one.by] < order[one.route] or (one.by == one.route and one.path)
            assert one.by == one.route or one.by in one.reason
        assert str(one).isprintable()


@given(route_lists(), SETTINGS)
def test_a_second_copy_of_a_list_is_unreachable(routes: list[Route], chosen: RouterSettings) -> None:
    copies = [replace(each, name=f"copy-{each.name}") for each in routes]
    whole = {one.route for one in find_unreachable([*routes, *copies], chosen) if not one.path}
    assert whole >= {each.name for each in copies}


def test_routes_with_methods_take_everything_together() -> None:
    get = route("get", prefix("/a"), methods=("GET",))
    head = route("head", methods=("HEAD",))
    assert found(get, head, route("b", prefix("/a/b"))) == [("b", "", "get")]
    assert found(get, head, route("b", prefix("/b"))) == []
    assert found(get, head, route("b", prefix("/a/b"), methods=("HEAD",))) == [("b", "", "head")]
    assert found(get, head, route("all")) == []
    both = [route("get", methods=("GET",)), head]
    assert found(*both, route("all")) == [("all", "", "get")]
    (one,) = find_unreachable([*both, route("all")], PLAIN)
    assert one.reason == "the routes get, head take all its requests before"
    assert found(*both, route("all"), settings=RouterSettings(methods=("GET", "HEAD", "PUT"))) == []
    by_header = route("get", headers=(HeaderMatch("x-a", ("b",)),), methods=("GET",))
    assert found(by_header, head, route("all")) == []
    by_host = route("get", hosts=("h",), methods=("GET",))
    assert found(by_host, head, route("all")) == []
    assert found(by_host, head, route("b", hosts=("h",))) == [("b", "", "get")]


def test_an_expression_that_no_path_has() -> None:
    assert found(route("a", regex("^x")), route("all")) == [("a", "", "")]
    assert found(route("a", regex("^x"), regex("x"))) == [("a", "paths[0]", "")]


def test_a_wider_path_before_takes_everything() -> None:
    assert found(route("a", prefix("/a")), route("b", prefix("/a/b"))) == [("b", "", "a")]
    assert found(route("a", prefix("/a/b")), route("b", prefix("/a"))) == []
    assert found(route("a", prefix("/a")), route("b", prefix("/ab"))) == []
    assert found(route("a", prefix("/a")), route("b", exact("/a/"))) == [("b", "", "a")]
    assert found(route("a", prefix("/")), route("b", regex("x")), route("c")) == [
        ("b", "", "a"),
        ("c", "", "a"),
    ]
    assert found(route("a"), route("b", exact("/b"))) == [("b", "", "a")]
    assert found(route("a", regex("^/a")), route("b", exact("/ab"))) == [("b", "", "a")]
    assert found(route("a", regex("^/a")), route("b", regex("^/a"))) == [("b", "", "a")]


def test_a_path_among_others_is_told_by_its_place() -> None:
    routes = (route("a", prefix("/a")), route("b", prefix("/b"), prefix("/a/c"), exact("/b/x")))
    assert found(*routes) == [("b", "paths[1]", "a"), ("b", "paths[2]", "b")]
    assert [str(one) for one in find_unreachable(routes, PLAIN)] == [
        "paths[1] of the route b can never answer: the route a takes all its requests before",
        "paths[2] of the route b can never answer: another path of the same route takes /b/x already",
    ]


def test_several_routes_can_take_a_route_together() -> None:
    routes = (
        route("a", prefix("/a"), hosts=("a.example",)),
        route("b", prefix("/a"), hosts=("b.example",)),
        route("c", prefix("/a/c"), hosts=("a.example", "b.example")),
        route("d", prefix("/a/c")),
    )
    assert find_unreachable(routes, PLAIN) == [
        Unreachable("c", "a", "the routes a, b take all its requests before")
    ]


@pytest.mark.parametrize(
    ("wide", "narrow", "taken"),
    [
        (asks(hosts=("a", "b")), asks(hosts=("b",)), True),
        (asks(hosts=("a",)), asks(hosts=("a", "b")), False),
        (asks(hosts=("a",)), asks(), False),
        (asks(methods=("GET",)), asks(methods=("GET",), hosts=("a",)), True),
        (asks(methods=("GET", "HEAD")), asks(), True),
        (asks(methods=("GET",)), asks(), False),
        (asks(ranges=("10.0.0.0/8", "fd00::/8")), asks(ranges=("10.1.0.0/16", "fd00:1::/32")), True),
        (asks(ranges=("10.0.0.0/8",)), asks(ranges=("10.0.0.0/7",)), False),
        (asks(ranges=("10.0.0.0/8",)), asks(ranges=("10.1.0.0/16", "11.0.0.0/8")), False),
        (asks(ranges=("::/0",)), asks(ranges=("10.0.0.0/8",)), True),
        (asks(ranges=("0.0.0.0/0",)), asks(ranges=("::/0",)), False),
        (asks(ranges=("10.0.0.0/8",)), asks(ranges=("::ffff:10.1.0.0/112",)), True),
        (asks(headers=(HeaderMatch("x-a", ("1", "2")),)), asks(headers=(HeaderMatch("x-a", ("2",)),)), True),
        (asks(headers=(HeaderMatch("x-a", ("1",)),)), asks(headers=(HeaderMatch("x-a", ("1", "2")),)), False),
        (asks(headers=(HeaderMatch("x-a", ("1",)),)), asks(headers=(HeaderMatch("x-b", ("1",)),)), False),
        (asks(headers=(HeaderMatch("x-a", regex="^1"),)), asks(headers=(HeaderMatch("x-a", ("12",)),)), True),
        (asks(headers=(HeaderMatch("x-a", regex="^1"),)), asks(headers=(HeaderMatch("x-a", ("2",)),)), False),
        (
            asks(headers=(HeaderMatch("x-a", regex="^1"),)),
            asks(headers=(HeaderMatch("x-a", regex="^1"),)),
            True,
        ),
        (
            asks(headers=(HeaderMatch("x-a", ("1",)), HeaderMatch("x-b", ("1",)))),
            asks(headers=(HeaderMatch("x-b", ("1",)), HeaderMatch("x-a", ("1",)))),
            True,
        ),
        (
            asks(headers=(HeaderMatch("x-a", ("1",)), HeaderMatch("x-b", ("1",)))),
            asks(headers=(HeaderMatch("x-a", ("1",)),)),
            False,
        ),
        (
            asks(headers=(HeaderMatch("x-a", regex="^1"),)),
            asks(headers=(HeaderMatch("x-a", regex="1"),)),
            False,
        ),
        (
            asks(headers=(HeaderMatch("x-a", ("1",)),)),
            asks(headers=(HeaderMatch("x-a", regex="^1$"), HeaderMatch("x-b", ("1",)))),
            False,
        ),
        (
            asks(headers=(HeaderMatch("x-a", regex="^1"),)),
            asks(headers=(HeaderMatch("x-a", regex="2"), HeaderMatch("x-b", ("1",)))),
            False,
        ),
    ],
)
def test_a_route_is_taken_where_its_conditions_imply_the_earlier_ones(
    wide: Conditions, narrow: Conditions, taken: bool
) -> None:
    routes = (
        Route("wide", TARGET, replace(wide, paths=(prefix("/a"),))),
        Route("narrow", TARGET, replace(narrow, paths=(prefix("/a/b"),))),
    )
    assert found(*routes) == ([("narrow", "", "wide")] if taken else [])


def test_what_the_router_answers_itself_is_out_of_reach() -> None:
    oci = RouterSettings(oci=True)
    reserved = (route("health", exact("/_/healthz")), route("below", prefix("/_/healthz")))
    assert found(*reserved) == [("health", "", "")]
    roots = (
        route("a", exact("/v2")),
        route("b", exact("/v2/"), exact("/v2/x")),
        route("c", exact("/v2/_catalog")),
    )
    assert found(*roots, settings=oci) == [("a", "", ""), ("b", "paths[0]", ""), ("c", "", "")]
    assert found(*roots, route("d", prefix("/v2"))) == []
    dots = (route("a", prefix("/a/%2E%2e")), route("b", exact("/a%00")))
    assert [one.reason for one in find_unreachable(dots, PLAIN)] == [
        "path /a/%2E%2e has a dot segment and is refused",
        "path /a%00 has an encoded control character and is refused",
    ]


def test_a_header_that_is_always_removed_matches_nothing() -> None:
    asking = route("a", headers=(HeaderMatch("x-real-ip", ("192.0.2.1",)),))
    trusting = RouterSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
    assert [one.reason for one in find_unreachable([asking], PLAIN)] == [
        "no trusted_proxies are set, so the header x-real-ip is removed from each request"
    ]
    assert found(asking, settings=trusting) == []
    assert found(asking, settings=RouterSettings(client_headers=())) == []
    assert found(asking, replace(asking, name="b", conditions=route("", prefix("/a")).conditions)) == [
        ("a", "", "")
    ]


def test_a_method_that_is_not_answered_matches_nothing() -> None:
    assert found(route("a", methods=("PUT",)), route("b", methods=("PUT", "GET"))) == [("a", "", "")]


def test_ten_thousand_prefixes_can_all_be_reached() -> None:
    routes = [
        route(f"r{number}", prefix(f"/team-{number % 100}/artifact/{number}")) for number in range(10000)
    ]
    assert find_unreachable(routes, PLAIN) == []


def test_thousands_of_conditional_routes_can_all_be_reached() -> None:
    headers = [route(f"h{number}", headers=(HeaderMatch("x-a", (str(number),)),)) for number in range(3000)]
    ranges = [
        route(f"r{number}", ranges=(f"10.0.{number // 256}.{number % 256}/32",)) for number in range(3000)
    ]
    alike = [
        route(f"a{number}", headers=(HeaderMatch("x-b", ("1",)), HeaderMatch("x-c", (str(number),))))
        for number in range(1000)
    ]
    assert find_unreachable([*headers, *ranges, *alike], PLAIN) == []


@given(route_lists(), REQUESTS)
def test_all_routes_that_can_meet_are_told(routes: list[Route], request: Request) -> None:
    received = receive(
        request, RouterSettings(methods=("GET", "HEAD", "PUT"), trusted_proxies=(ip_network("::/0"),))
    )
    fitting = [
        each for each in routes if failing_field(each.conditions, received) is None and not each.is_default
    ]
    pairs = {(one.name, other.name) for place, one in enumerate(fitting) for other in fitting[place + 1 :]}
    assert pairs <= set(find_overlaps(routes))


@given(route_lists(PATH_CONDITIONS, most=4))
def test_routes_of_plain_paths_are_told_only_if_they_meet(routes: list[Route]) -> None:
    wanted = [
        (one.name, other.name)
        for place, one in enumerate(routes)
        for other in routes[place + 1 :]
        if any(
            matched_path(one.conditions, path) and matched_path(other.conditions, path) for path in WITNESSES
        )
    ]
    assert find_overlaps(routes) == wanted


def test_routes_that_ask_for_different_things_do_not_meet() -> None:
    one, two = HeaderMatch("x-a", ("1",)), HeaderMatch("x-a", ("2",))
    assert find_overlaps([route("a", headers=(one,)), route("b", headers=(two,))]) == []
    assert (
        find_overlaps([route("a", headers=(one,)), route("b", headers=(HeaderMatch("x-a", regex="^2"),))])
        == []
    )
    assert find_overlaps([route("a", hosts=("a",)), route("b", hosts=("b",))]) == []
    assert find_overlaps([route("a", methods=("GET",)), route("b", methods=("HEAD",))]) == []
    assert find_overlaps([route("a", ranges=("10.0.0.0/9",)), route("b", ranges=("10.128.0.0/9",))]) == []
    assert find_overlaps([route("a", prefix("/a")), route("b", headers=(two,)), route("c")]) == [("a", "b")]
