# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as HTTPRoutes: what a Gateway answers with them is what the list answers."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute import (
    HTTPRouteError,
    http_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    Route,
    Target,
)
from tests.unit.plugins.module_utils._routes.httproute_cases import (
    GATEWAY,
    HOSTS,
    SETTINGS,
    VALUES,
    answers,
    exact,
    faults_of,
    header,
    listed,
    prefix,
    route,
    written,
)

SEGMENTS = ("a", "ab", "%20")
PATHS = ["/"] + ["/" + "/".join(some) for length in (1, 2) for some in product(SEGMENTS, repeat=length)]
EXACT = PATHS + [path + "/" for path in PATHS if path != "/"]
CONDITIONS = st.sampled_from([*map(prefix, PATHS), *map(prefix, PATHS), *map(exact, EXACT)])
NAMES = ("x-one", "x-two", "x-three")
# Values that are asked for, one that is not, and no such header.
LINES = [
    {name: value for name, value in zip(NAMES, values, strict=True) if value}
    for values in product((*VALUES, "c", ""), repeat=len(NAMES))
]
TARGETS = [
    path + more + query
    for path, more, query in product(EXACT, ("", "/", "/a", "//a", "x"), ("", "?", "?a=/b"))
    if not (path + more).startswith("//")
]
REQUESTS = st.fixed_dictionaries(
    {
        "target": st.sampled_from(TARGETS),
        "headers": st.sampled_from(LINES),
        "method": st.sampled_from(("GET", "HEAD")),
        "host": st.sampled_from((*HOSTS, "three.example.org")),
    }
)


def headers_of(count: int) -> list[tuple[HeaderMatch, ...]]:
    """All ways to have this many header conditions; and to have none, as one of five."""
    some = [
        tuple(header(name, *values) for name, values in zip(names, chosen, strict=True))
        for names in combinations(NAMES, count)
        for chosen in product((("a",), ("b",), VALUES), repeat=count)
    ]
    return [*some, *([()] * (len(some) // 4 + 1))]


HEADERS = [headers_of(count) for count in range(4)]


@st.composite
def route_lists(draw: st.DrawFn, *, same_count: bool) -> list[Route]:
    """Lists of routes; with ``same_count``, those that have header conditions have equally many."""
    count = draw(st.integers(0, 3))
    routes = []
    for number in range(draw(st.integers(2, 8))):
        # Too many routes for all paths would leave nothing to the others.
        paths = draw(st.lists(CONDITIONS, min_size=0 if number % 4 == 3 else 1, max_size=2, unique=True))
        port, path_prefix = draw(st.sampled_from(list(product(("", ":8443"), ("", "/a", "/base/x")))))
        conditions = Conditions(
            paths=tuple(paths),
            hosts=draw(st.sampled_from(((), (), (), HOSTS[:1], HOSTS[1:], HOSTS))),
            headers=draw(st.sampled_from(HEADERS[count if same_count else draw(st.integers(0, 3))])),
            methods=draw(st.sampled_from(((), (), ("GET",), ("HEAD",), ("GET", "HEAD")))),
        )
        strip = bool(paths) and draw(st.booleans())
        scheme, code = ("http", 301) if number % 2 else ("https", 302)
        target = Target(scheme, f"{number}.example.org{port}", path_prefix)
        routes.append(Route(f"r{number}", target, conditions, code, strip))
    return routes


@settings(max_examples=200, deadline=None)
@given(route_lists(same_count=True), st.lists(REQUESTS, min_size=1, max_size=15))
def test_a_gateway_answers_as_the_list_does(routes: list[Route], requests: list[dict[str, Any]]) -> None:
    manifests = written(routes)
    for request in requests:
        assert answers(manifests, **request) == listed(routes, **request)


@settings(max_examples=200, deadline=None)
@given(route_lists(same_count=False), st.lists(REQUESTS, min_size=1, max_size=15))
def test_what_headers_turn_round_is_refused_and_the_rest_is_right(
    routes: list[Route], requests: list[dict[str, Any]]
) -> None:
    try:
        manifests = written(routes)
    except HTTPRouteError as error:
        faults = error.faults
    else:
        faults = ()
        for request in requests:
            assert answers(manifests, **request) == listed(routes, **request)
    event("refused" if faults else "written")
    by_name = {one.name: one for one in routes}
    for fault in faults:
        assert "because it has more header conditions" in fault.message
        second = by_name[fault.where.partition("(")[2].rstrip(")")]
        first = by_name[fault.message.partition("earlier route ")[2].partition(";")[0]]
        assert can_meet(first, second)


def can_meet(first: Route, second: Route) -> bool:
    """Whether a request can match both, and the second has more headers and comes later."""
    assert int(first.name[1:]) < int(second.name[1:])
    assert len(first.conditions.headers) < len(second.conditions.headers)
    wanted = {one.name: set(one.values) for one in first.conditions.headers}
    shared = [wanted[one.name] & set(one.values) for one in second.conditions.headers if one.name in wanted]
    methods = [set(one.conditions.methods or SETTINGS.methods) for one in (first, second)]
    return all(shared) and bool(methods[0] & methods[1])


def test_a_header_route_before_a_path_route_is_repeated_below_its_path() -> None:
    routes = [
        route("inside", headers=[header("x-team", "a", "b")]),
        route("kops", prefix("/kops")),
        route("rest"),
    ]
    manifests = written(routes)
    assert len(manifests) == 1
    assert answers(manifests, "/kops/x", {"x-team": "b"}) == (302, "https://inside.example.org/kops/x")
    assert answers(manifests, "/kops/x", {"x-team": "c"}) == (302, "https://kops.example.org/kops/x")
    assert answers(manifests, "/x") == (302, "https://rest.example.org/x")


def test_a_header_route_behind_a_path_route_is_not_repeated() -> None:
    (manifest,) = written([route("kops", prefix("/kops")), route("inside", headers=[header("x-team", "a")])])
    matches = [match for rule in manifest["spec"]["rules"] for match in rule["matches"]]
    assert len(matches) == 4
    assert answers([manifest], "/kops", {"x-team": "a"}) == (302, "https://kops.example.org/kops")


def test_a_default_behind_is_left_to_the_wider_place() -> None:
    routes = [route("kops", prefix("/kops"), headers=[header("x-team", "a")]), route("rest")]
    (manifest,) = written(routes)
    assert sum(len(rule["matches"]) for rule in manifest["spec"]["rules"]) == 4
    assert answers([manifest], "/kops", {"x-team": "b"})[1] == "https://rest.example.org/kops"


def test_rules_keep_the_order_of_the_list_where_places_share_them() -> None:
    routes = [
        route("first", prefix("/a"), headers=[header("x-one", "1")]),
        route("second", prefix("/b"), headers=[header("x-two", "1")]),
        route("third", prefix("/a"), prefix("/b"), headers=[header("x-three", "1")]),
    ]
    manifests = written(routes)
    both = {"x-two": "1", "x-three": "1"}
    assert answers(manifests, "/b", both)[1] == "https://second.example.org/b"
    assert answers(manifests, "/a", both)[1] == "https://third.example.org/a"


def test_a_prefix_that_is_taken_away_is_replaced_by_a_slash() -> None:
    (manifest,) = written([route("kops", prefix("/kops"), strip=True)])
    redirects = [rule["filters"][0]["requestRedirect"] for rule in manifest["spec"]["rules"]]
    assert [one["path"] for one in redirects] == [
        {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
    ] * 2


def test_a_manifest_has_the_gateways_and_both_methods() -> None:
    (manifest,) = written([route("kops", prefix("/kops"), target="mirror.example.org:8443", hosts=HOSTS)])
    assert manifest == {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "router", "namespace": "web"},
        "spec": {
            "parentRefs": [GATEWAY],
            "hostnames": list(HOSTS),
            "rules": [
                {
                    "matches": [
                        {"path": {"type": "PathPrefix", "value": "/kops"}, "method": method}
                        for method in ("GET", "HEAD")
                    ],
                    "filters": [
                        {
                            "type": "RequestRedirect",
                            "requestRedirect": {
                                "scheme": "https",
                                "hostname": "mirror.example.org",
                                "port": 8443,
                                "statusCode": 302,
                            },
                        }
                    ],
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("path_prefix", "strip", "path", "location"),
    [
        ("", True, "/kops", "/"),
        ("", True, "/kops/", "/"),
        ("", True, "/kops/x", "/x"),
        ("/a", True, "/kops", "/a/"),
        ("/a", True, "/kops/", "/a/"),
        ("/a", True, "/kops/x?q=1", "/a/x?q=1"),
        ("/kops", True, "/kops", "/kops/"),
        ("/kops", True, "/kops/x", "/kops/x"),
        ("/a", False, "/kops", "/a/kops"),
        ("/a", False, "/kops/", "/a/kops/"),
        ("/a", False, "/kops/x", "/a/kops/x"),
    ],
)
def test_prefixes_are_put_before_and_taken_away(
    path_prefix: str, strip: bool, path: str, location: str
) -> None:
    routes = [route("kops", prefix("/kops"), path_prefix=path_prefix, strip=strip)]
    expected = (302, f"https://kops.example.org{location}")
    assert answers(written(routes), path) == expected
    assert listed(routes, path) == expected


@pytest.mark.parametrize("path", ["/", "/x", "/x/"])
def test_a_default_with_a_path_prefix_keeps_the_slash_of_the_root(path: str) -> None:
    assert answers(written([route("rest", path_prefix="/base")]), path) == (
        302,
        f"https://rest.example.org/base{path}",
    )


def test_no_routes_are_no_httproutes() -> None:
    assert written([]) == []


def test_other_methods_are_not_redirected() -> None:
    assert answers(written([route("rest")]), "/", method="POST") == (404, "")


def test_many_routes_become_several_httproutes_of_numbered_names() -> None:
    routes = [route(f"r{number}", prefix(f"/{number}")) for number in range(40)]
    manifests = written(routes)
    assert [one["metadata"]["name"] for one in manifests] == ["router", "router-2", "router-3"]
    for number in range(40):
        assert answers(manifests, f"/{number}/x") == (302, f"https://r{number}.example.org/{number}/x")


def test_routes_of_exclusive_headers_may_be_in_several_httproutes() -> None:
    routes = [
        *(route(f"r{number}", headers=[header("x-team", str(number))]) for number in range(40)),
        route("rest"),
    ]
    manifests = written(routes)
    assert len(manifests) == 3
    for number in range(40):
        assert answers(manifests, "/x", {"x-team": str(number)})[1] == f"https://r{number}.example.org/x"
    assert answers(manifests, "/x")[1] == "https://rest.example.org/x"


def test_what_only_order_decides_has_to_fit_into_one_httproute() -> None:
    routes = [route(f"r{number}", headers=[header(f"x-{number}", "1")]) for number in range(16)]
    manifests = written([*routes, route("rest", prefix("/y"))])
    assert len(manifests) == 2
    both = {"x-3": "1", "x-9": "1"}
    assert answers(manifests, "/x", both)[1] == "https://r3.example.org/x"
    (fault,) = faults_of([*routes, route("last", headers=[header("x-last", "1")])])
    assert "r0, r1, " in fault
    assert "they need 17 rules and 17 matches, and it holds 16 and 128" in fault


def test_hosts_with_the_same_routes_share_an_httproute() -> None:
    hosts = tuple(f"h{number}.example.org" for number in range(20))
    routes = [
        route("own", prefix("/a"), hosts=hosts),
        route("rest", hosts=()),
    ]
    manifests = written(routes)
    assert [len(one["spec"].get("hostnames", [])) for one in manifests] == [16, 4, 0]
    assert answers(manifests, "/a", host="h19.example.org")[1] == "https://own.example.org/a"
    assert answers(manifests, "/a", host="other.example.org")[1] == "https://rest.example.org/a"
    assert answers(manifests, "/b", host="h3.example.org")[1] == "https://rest.example.org/b"


def test_empty_parts_of_a_gateway_are_left_out() -> None:
    parent = {"name": "public", "namespace": None, "sectionName": None}
    (manifest,) = http_routes(
        [route("rest")], SETTINGS, name="router", namespace="web", parents=[parent], extended_codes=False
    )
    assert manifest["spec"]["parentRefs"] == [{"name": "public"}]


def test_ten_thousand_prefixes_are_written() -> None:
    routes = [route(f"r{number}", prefix(f"/a/{number}")) for number in range(10_000)]
    manifests = written([*routes, route("rest")])
    assert len(manifests) == 626
    some = manifests[::100]
    assert answers(some, "/a/1600/x") == (302, "https://r1600.example.org/a/1600/x")
