# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.backends import read_backends
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import (
    read_routes,
    write_route,
)
from tests.unit.plugins.module_utils._routes.written import JSON_LIKE, NAMES, PATHS

SETTINGS = RouterSettings()
ORIGINAL = {
    "kops": {"host": "kubeupv2.s3.amazonaws.com", "conditions": {"paths": ["/kops/"]}},
    "local-distribution": {
        "host": "registry-1.docker.io",
        "conditions": {"headers": {"X-Real-Ip": ["192.0.2.7"]}},
    },
    "k8s.gcr.io": {"host": "k8s.gcr.io"},
}


def backend(paths: object = None, headers: object = None) -> dict[str, Any]:
    return {"host": "h", "conditions": {"paths": paths, "headers": headers}}


def read(raw: object, match: str = "all") -> tuple[list[Route], list[str]]:
    routes, faults, warnings = read_backends(raw, SETTINGS, match=match)
    assert faults == []
    return routes, warnings


def told(raw: object, match: str = "all") -> list[tuple[str, str]]:
    return [(fault.where, fault.message) for fault in read_backends(raw, SETTINGS, match=match)[1]]


def route(name: str, host: str = "h", paths: tuple[str, ...] = (), **headers: tuple[str, ...]) -> Route:
    return Route(
        name,
        Target("https", host),
        Conditions(
            paths=tuple(PathMatch(PathKind.PREFIX, path) for path in paths),
            headers=tuple(HeaderMatch(key.replace("_", "-"), values) for key, values in headers.items()),
        ),
        legacy=True,
    )


def test_the_original_file() -> None:
    routes, warnings = read({"backends": ORIGINAL})
    assert routes == [
        route("kops", "kubeupv2.s3.amazonaws.com", ("/kops",)),
        route("local-distribution", "registry-1.docker.io", x_real_ip=("192.0.2.7",)),
        route("k8s.gcr.io", "k8s.gcr.io"),
    ]
    first, second = warnings
    assert first == "backends.kops: only the path itself matched (/kops/); now all paths below it match, too"
    assert second.startswith("backends.kops and backends.local-distribution can both match a request: ")
    assert second.endswith("now kops answers, as the first")
    assert read(ORIGINAL) == (routes, warnings)


def test_the_value_of_a_header_may_be_a_scalar() -> None:
    scalar = {"a": backend(headers={"X-Real-Ip": "192.0.2.7"})}
    assert read(scalar) == read({"a": backend(headers={"X-Real-Ip": ["192.0.2.7"]})})


@pytest.mark.parametrize("conditions", [{}, None, {"paths": None, "headers": None}])
def test_the_one_without_conditions_moves_to_the_end(conditions: object) -> None:
    raw = {"z": backend(["/z"]), "end": {"host": "h", "conditions": conditions}, "a": backend(["/a"])}
    routes, _warnings = read(raw)
    assert [route.name for route in routes] == ["z", "a", "end"]
    assert [route.is_default for route in routes] == [False, False, True]


def test_two_without_conditions_are_a_fault() -> None:
    raw = {"one": {"host": "h"}, "two": {"host": "h"}, "three": {"host": "_"}}
    assert told(raw) == [
        ("backends.three.host", told({"three": {"host": "_"}})[0][1]),
        ("backends.two", "it has no conditions, nor has 'one'; only one backend may have none"),
        ("backends.three", "it has no conditions, nor has 'one'; only one backend may have none"),
    ]


def test_no_default_is_a_warning() -> None:
    (warning,) = [text for text in read({"a": backend(["/a"])})[1] if "404" in text]
    assert warning.startswith("backends: each has conditions")
    assert not any("404" in text for text in read({"a": {"host": "h"}})[1])


def test_paths_and_headers_must_both_match_now() -> None:
    raw = {"a": backend(["/a", "/a/", "/b"], {"X-B": "1", "X-A": ["2", "3"]}), "end": {"host": "h"}}
    routes, warnings = read(raw)
    assert routes == [route("a", paths=("/a", "/b"), x_a=("2", "3"), x_b=("1",)), route("end")]
    assert "one path or one header was enough" in warnings[0]
    assert "legacy_match: any" in warnings[0]


def test_a_route_for_each_condition_where_any_is_enough() -> None:
    raw = {
        "a": backend(["/a", "/b"], {"X-B": "1", "X-A": ["2", "3"]}),
        "b": backend(None, {"X-C": "1", "X-D": "1"}),
        "end": {"host": "h"},
    }
    routes, warnings = read(raw, "any")
    assert routes == [
        route("a", paths=("/a", "/b")),
        route("a-headers", x_a=("2", "3")),
        route("a-headers-2", x_b=("1",)),
        route("b", x_c=("1",)),
        route("b-headers", x_d=("1",)),
        route("end"),
    ]
    # The routes of one backend overlap, but lead to the same place.
    assert [warning.partition(":")[0] for warning in warnings] == [
        "backends.a",
        "backends.a and backends.b can both match a request",
    ]


def test_names_that_the_new_routes_cannot_have() -> None:
    both = backend(["/a"], {"X-A": "1"})
    assert [where for where, _message in told({"a" * 63: both}, "any")] == [f"backends.{'a' * 63}"]
    assert told({"a": both, "a-headers": backend(["/b"])}, "any") == [
        ("backends.a-headers", "the route 'a-headers' of this backend is named like one of 'a'")
    ]
    assert told({"a": both, "a-headers": backend(["/b"])}, "all") == []


def test_a_header_that_clients_may_not_set_any_more() -> None:
    settings = RouterSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
    raw = {"a": backend(headers={"X-Real-Ip": "1", "X-Team": "1"}), "end": {"host": "h"}}
    assert read_backends(raw, settings)[2][1:] == [
        "backends.a: the header x-real-ip was believed from every client; now it is from trusted_proxies only"
    ]


@pytest.mark.parametrize(
    ("value", "where", "part"),
    [
        (7, "", "7 is not a mapping with the keys host, conditions"),
        ({}, ".host", "missing"),
        ({"host": "https://h"}, ".host", "'https://h' is not a host"),
        ({"host": "${MIRROR}.example.org"}, ".host", "the variable MIRROR is still written as ${MIRROR}"),
        ({"host": "h", "pathPrefix": "/a"}, "", "'pathPrefix' is not known; allowed: host, conditions"),
        (
            {"host": "h", "conditions": ["/a"]},
            ".conditions",
            "a list is not a mapping with the keys paths, headers",
        ),
        ({"host": "h", "conditions": {"hosts": "a", "paths": "/a"}}, ".conditions", "'hosts'"),
        (backend([]), ".conditions.paths", "empty"),
        (backend({"regex": "a"}), ".conditions.paths", "a mapping is not a list of paths"),
        (backend([{"exact": "/a"}]), ".conditions.paths[0]", "a mapping is not a string"),
        (backend(["/a", ""]), ".conditions.paths[1]", "begin with a slash"),
        (backend(["/a/${VERSION_1}/b"]), ".conditions.paths[0]", "the variable VERSION_1 "),
        (backend(None, {}), ".conditions.headers", "empty"),
        (backend(None, []), ".conditions.headers", "a list is not a mapping"),
        (backend(None, {"X-A": ""}), ".conditions.headers.X-A", "''"),
        (backend(None, {"X-A": []}), ".conditions.headers.X-A", "empty"),
        (backend(None, {"X-A": {"regex": "a"}}), ".conditions.headers.X-A", "a mapping is not a string"),
        (
            backend(None, {"X-A": ["b", "${HUMACS_POD_IP}"]}),
            ".conditions.headers.X-A",
            "the variable HUMACS_POD_IP ",
        ),
        (backend(None, {"X-A": "${A}:${A}"}), ".conditions.headers.X-A", "the variable A "),
    ],
)
def test_a_fault_names_the_place_and_what_is_wrong(value: object, where: str, part: str) -> None:
    ((place, message),) = told({"a.b": value})
    assert place == f"backends.a.b{where}"
    assert part in message


@pytest.mark.parametrize("raw", [None, [], "backends", 1, {"backends": None}, {"backends": []}])
def test_what_is_no_mapping_is_one_fault(raw: object) -> None:
    assert [where for where, _message in told(raw)] == ["backends"]


def test_names_are_those_of_routes() -> None:
    assert [where for where, _message in told({"a b": backend(["/a"]), 1: backend(["/b"])})] == [
        "backends"
    ] * 2


def test_a_match_that_is_not_known() -> None:
    assert told(ORIGINAL, "some") == [("legacy_match", "'some' is not known; allowed: all, any")]


def test_many_paths_and_many_pairs_are_told_in_short() -> None:
    raw = {f"r{number}": backend([f"/{number}"], {"X-A": "1"}) for number in range(8)}
    paths = {"many": backend([f"/{number}" for number in range(9)]), "end": {"host": "h"}}
    assert "(/0, /1, /2 and 6 more)" in read(paths)[1][0]
    pairs = [warning for warning in read(raw, "any")[1] if "both match" in warning]
    # Each two of eight backends: 28 pairs.
    assert len(pairs) == 21
    assert pairs[-1].startswith("backends: 8 more pairs")


def test_of_very_many_no_pairs_are_compared() -> None:
    raw = {f"r{number}": backend([f"/{number}"]) for number in range(10_000)}
    routes, warnings = read(raw)
    assert len(routes) == 10_000
    assert any("too many" in warning for warning in warnings)


GOOD = st.fixed_dictionaries(
    {
        "host": st.just("example.org"),
        "conditions": st.fixed_dictionaries(
            {},
            optional={
                "paths": st.lists(PATHS, min_size=1, max_size=3),
                "headers": st.dictionaries(
                    st.sampled_from(["X-A", "x-b", "X-C"]),
                    st.sampled_from(["1", "2"]) | st.just(["3", "1"]),
                    min_size=1,
                ),
            },
        ),
    }
)


@given(st.dictionaries(NAMES, GOOD, max_size=5), st.sampled_from(["all", "any"]))
def test_backends_are_routes_that_can_be_stored(raw: dict[str, Any], match: str) -> None:
    routes, faults, warnings = read_backends(raw, SETTINGS, match=match)
    assert all(warning.isprintable() for warning in warnings)
    bare = [name for name, value in raw.items() if not value["conditions"]]
    assert len(faults) == max(0, len(bare) - 1)
    if faults:
        return
    assert read_routes([write_route(route) for route in routes], SETTINGS) == (routes, [])
    if match == "all":
        assert [route.name for route in routes] == [name for name in raw if name not in bare] + bare


@given(
    JSON_LIKE | st.dictionaries(NAMES | st.text(max_size=3) | st.integers(), GOOD | JSON_LIKE, max_size=4),
    st.sampled_from(["all", "any"]),
)
def test_whatever_comes_is_routes_or_faults(raw: object, match: str) -> None:
    routes, faults, warnings = read_backends(raw, SETTINGS, match=match)
    assert all(fault.where.startswith("backends") and str(fault).isprintable() for fault in faults)
    assert all(warning.isprintable() for warning in warnings)
    assert all(route.legacy for route in routes)
