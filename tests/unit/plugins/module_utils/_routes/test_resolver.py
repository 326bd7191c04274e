# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which route answers, where it sends the client, and why others do not."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import failing_field
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import receive
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import (
    Answer,
    Miss,
    Request,
    resolve,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from tests.unit.plugins.module_utils._routes.routing_cases import (
    REQUESTS,
    exact,
    prefix,
    regex,
    route,
    route_lists,
)

PLAIN = RouterSettings()
WIDE = RouterSettings(methods=("GET", "HEAD", "PUT"), trusted_proxies=(ip_network("10.0.0.0/8"),))
BASED = Target("https", "mirror.example.org:8443", "/base")


def answer_of(target: str, *routes: Route, settings: RouterSettings = PLAIN, method: str = "GET") -> Answer:
    return resolve(Request(method, target), routes, settings)


def reasons(request: Request, *routes: Route, settings: RouterSettings = PLAIN) -> list[str]:
    return [miss.reason for miss in resolve(request, routes, settings).misses]


@pytest.mark.parametrize(
    ("condition", "path", "holds"),
    [
        (prefix("/a"), "/a", True),
        (prefix("/a"), "/a/", True),
        (prefix("/a"), "/a/b", True),
        (prefix("/a"), "/a//b", True),
        (prefix("/a"), "/ab", False),
        (prefix("/a"), "//a", False),
        (prefix("/a"), "/A", False),
        (prefix("/a"), "/%61", False),
        (prefix("/"), "/", True),
        (prefix("/"), "//x", True),
        (exact("/a"), "/a", True),
        (exact("/a"), "/a/", False),
        (exact("/a/"), "/a/", True),
        (exact("/"), "/", True),
        (exact("/"), "/a", False),
        (regex("b+/"), "/abb/c", True),
        (regex("^b"), "/abb/c", False),
        (regex("b$"), "/b?", True),
    ],
)
def test_a_path_is_compared_as_it_was_sent(condition: PathMatch, path: str, holds: bool) -> None:
    assert answer_of(path, route("r", condition)).code == (302 if holds else 404)


@pytest.mark.parametrize(
    ("condition", "target", "location"),
    [
        (prefix("/kops"), "/kops", "/"),
        (prefix("/kops"), "/kops/", "/"),
        (prefix("/kops"), "/kops?x=1", "/?x=1"),
        (prefix("/kops"), "/kops//x", "//x"),
        (prefix("/kops"), "/kops/a/kops", "/a/kops"),
        (prefix("/kops"), "http://h/kops/x?", "/x?"),
        (prefix("/"), "/kops/x", "/kops/x"),
        (exact("/kops/x"), "/kops/x?y", "/?y"),
        (exact("/"), "/", "/"),
    ],
)
def test_a_matched_prefix_can_be_cut_off(condition: PathMatch, target: str, location: str) -> None:
    kept = Route("r", BASED, Conditions(paths=(condition,)))
    assert answer_of(target, replace(kept, strip_prefix=True)).location == f"{BASED}{location}"
    assert answer_of(target, kept).location == f"{BASED}{target.removeprefix('http://h')}"


def test_the_first_path_that_holds_is_cut_off() -> None:
    stripped = Route("r", BASED, Conditions(paths=(prefix("/a/b"), prefix("/a"))), strip_prefix=True)
    assert answer_of("/a/b/c", stripped).location == f"{BASED}/c"
    assert answer_of("/a/c", stripped).location == f"{BASED}/c"


@pytest.mark.parametrize(
    ("expression", "replacement", "target", "location"),
    [
        ("^/old/(.*)$", r"/new/\1", "/old/a/b?c", "/new/a/b?c"),
        ("^/old/(.*)$", r"/new/\1", "/old/?", "/new/?"),
        ("/(a)?(b)", r"/\2\1x\2", "/b", "/bxb"),
        ("b", "/fixed", "/abc", "/fixed"),
    ],
)
def test_a_path_can_be_replaced(expression: str, replacement: str, target: str, location: str) -> None:
    replaced = Route("r", BASED, Conditions(paths=(regex(expression),)), replace_path=replacement)
    assert answer_of(target, replaced).location == f"{BASED}{location}"


def test_a_replaced_path_leaves_no_way_up() -> None:
    replaced = Route("r", BASED, Conditions(paths=(regex("^/old/(.*)x$"),)), replace_path=r"/new/\1")
    assert answer_of("/old/ax", replaced).location == f"{BASED}/new/a"
    refused = answer_of("/old/..x", replaced)
    assert (refused.code, refused.location, refused.route) == (400, "", "")
    assert "dot segment" in refused.reason


def test_the_answer_has_the_code_and_the_name_of_the_route() -> None:
    settings = RouterSettings(route_header="X-Route")
    moved = replace(route("moved", prefix("/a")), code=308)
    answer = answer_of("/a/b?c", moved, settings=settings)
    assert answer == Answer(
        308, "https://target.example.org/a/b?c", "moved", (("X-Route", "moved"),), client="127.0.0.1"
    )
    assert answer_of("/b", moved, settings=settings).headers == ()


def test_a_default_answers_what_is_left() -> None:
    routes = (route("a", prefix("/a")), route("default"))
    assert answer_of("/a", *routes).route == "a"
    assert answer_of("/b", *routes).route == "default"
    assert answer_of("/b", routes[0]) == Answer(
        404,
        client="127.0.0.1",
        misses=(Miss("a", "path /b is not below /a"),),
        reason="no route answers this request",
    )


def test_what_the_router_answers_itself_goes_to_no_route() -> None:
    default = route("default")
    oci = RouterSettings(oci=True)
    assert answer_of("/_/healthz", default).code == 200
    assert answer_of("/a/../b", default).code == 400
    assert answer_of("/v2/", default, settings=oci).code == 200
    assert answer_of("/v2/x", default, settings=oci).code == 302
    refused = answer_of("/", default, method="POST")
    assert (refused.code, refused.allow, refused.location) == (405, "GET, HEAD", "")
    assert refused.reason == "method POST is not one of GET, HEAD"
    assert answer_of("/", default).allow == ""


def test_all_conditions_have_to_hold() -> None:
    settings = replace(WIDE, trusted_proxies=())
    strict = route(
        "strict",
        prefix("/a"),
        hosts=("a.example",),
        headers=(HeaderMatch("x-a", ("1", "2")), HeaderMatch("x-b", regex="^b")),
        ranges=("192.0.2.0/24",),
        methods=("GET", "PUT"),
    )
    request = Request(
        "PUT",
        "/a",
        (("Host", "A.example:80"), ("X-A", "2"), ("X-A", "9"), ("x-b", "bc")),
        ip_address("192.0.2.7"),
    )
    assert resolve(request, [strict], settings).route == "strict"
    worse = {
        "path /b is not below /a": replace(request, target="/b"),
        "the request names no host, wanted a.example": replace(request, headers=request.headers[1:]),
        'header x-a is "9", wanted one of "1", "2"': replace(
            request, headers=(request.headers[0], *request.headers[2:])
        ),
        "header x-b is missing, wanted a match of ^b": replace(request, headers=request.headers[:3]),
        "client 192.0.3.7 is in none of 192.0.2.0/24": replace(request, source=ip_address("192.0.3.7")),
        "method HEAD is not one of GET, PUT": replace(request, method="HEAD"),
    }
    for reason, other in worse.items():
        assert reasons(other, strict, settings=settings) == [reason]


@pytest.mark.parametrize(("length", "code"), [(1024, 302), (1025, 400), (2047, 400)])
def test_a_path_must_not_grow_beyond_what_is_searched(length: int, code: int) -> None:
    grows = replace(route("grows", regex("^/(.*)$")), replace_path=r"/\1\1")
    answer = resolve(Request(target="/" + "a" * (length - 1)), [grows], PLAIN)
    assert (answer.code, bool(answer.location)) == (code, code == 302)
    assert ("at most 2048" in answer.reason) is (code == 400)


def test_a_miss_tells_both_values() -> None:
    headers = (("Host", "B"), ("X-Real-Ip", "10.0.0.9"), ("X-A", "a\u00e4"), ("X-Long", "b" * 2049))
    request = Request("GET", "/x", headers)
    trusting = RouterSettings(client_headers=())
    assert reasons(
        request,
        route("1", exact("/y"), prefix("/kops"), regex("^/z")),
        route("2", *(exact(f"/{number}") for number in range(5))),
        route("3", hosts=("a",)),
        route("4", headers=(HeaderMatch("x-real-ip", ("10.0.0.1",)),)),
        route("5", headers=(HeaderMatch("x-a", regex="^b"),)),
        route("5b", headers=(HeaderMatch("x-long", regex="^b"),)),
        route("6", ranges=("192.168.0.0/16", "fd00::/8")),
        route("7", methods=("HEAD",)),
        settings=trusting,
    ) == [
        "path /x is not /y and is not below /kops and does not match ^/z",
        "path /x is not /0 and is not /1 and is not /2 and 2 more",
        "host b is not a",
        'header x-real-ip is "10.0.0.9", wanted "10.0.0.1"',
        r'header x-a is "a\u00e4" and does not match ^b',
        "header x-long has 2049 octets; more than 2048 are not searched for ^b",
        "client 127.0.0.1 is in none of 192.168.0.0/16, fd00::/8",
        "method GET is not HEAD",
    ]
    wanted = route("4", headers=(HeaderMatch("x-real-ip", ("10.0.0.9",)),))
    assert reasons(request, wanted) == [
        'header x-real-ip is not taken from 127.0.0.1, which is no trusted proxy; wanted "10.0.0.9"'
    ]
    assert reasons(Request(), wanted) == ['header x-real-ip is missing, wanted "10.0.0.9"']


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_a_miss_is_one_short_line(value: str) -> None:
    wanted = route("r", headers=(HeaderMatch("x-a", ("\n",)),))
    answer = resolve(Request(headers=(("X-A", value),)), [wanted], PLAIN)
    for miss in answer.misses:
        assert miss.reason.isprintable()
        assert len(miss.reason) < 600


@given(route_lists(), REQUESTS)
def test_the_first_route_whose_conditions_hold_answers(routes: list[Route], request: Request) -> None:
    answer = resolve(request, routes, WIDE)
    received = receive(request, WIDE)
    fitting = [each.name for each in routes if failing_field(each.conditions, received) is None]
    if answer.route:
        assert answer.route == fitting[0]
        assert [miss.route for miss in answer.misses] == [
            f"r{number}" for number in range(int(answer.route[1:]))
        ]
        assert answer.location.startswith("https://target.example.org/")
        assert not answer.reason
    elif answer.code == 404:
        assert not fitting
        assert len(answer.misses) == len(routes)
    else:
        assert not answer.misses
        assert answer.code in {200, 400}


@given(route_lists(), REQUESTS)
def test_an_answer_without_misses_is_the_same(routes: list[Route], request: Request) -> None:
    explained = resolve(request, routes, WIDE)
    assert resolve(request, routes, WIDE, explain=False) == replace(explained, misses=())


@given(route_lists(), REQUESTS)
def test_the_query_is_kept_and_matches_nothing(routes: list[Route], request: Request) -> None:
    bare = replace(request, target=request.target.partition("?")[0])
    asked = replace(bare, target=f"{bare.target}?a/../%00=b")
    without, with_query = resolve(bare, routes, WIDE), resolve(asked, routes, WIDE)
    assert with_query.route == without.route
    assert with_query.location == (f"{without.location}?a/../%00=b" if without.location else "")


def test_each_of_a_thousand_routes_is_found() -> None:
    routes = [route(f"r{number}", regex(f"^/r{number}/"), exact(f"/{number}")) for number in range(1000)]
    for number in range(1000):
        answer = resolve(Request(target=f"/r{number}/x"), routes, PLAIN, explain=False)
        assert answer.route == f"r{number}"
