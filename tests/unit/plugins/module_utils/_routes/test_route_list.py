# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

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
    read_route,
    read_routes,
)
from tests.unit.plugins.module_utils._routes.reading import SETTINGS, listed

HERE = {"name": "a", "host": "example.org"}


def told(*elements: object) -> list[tuple[str, str]]:
    return [(fault.where, fault.message) for fault in read_routes(list(elements), SETTINGS)[1]]


def test_every_option() -> None:
    raw = {
        "name": "kops",
        "conditions": {
            "paths": ["/kops/", {"exact": "/x/"}, {"prefix": "/"}, {"regex": "^/old/(.*)$"}],
            "path_type": "prefix",
            "hosts": ["Artifacts.example.org", "[0::1]", "artifacts.example.org"],
            "headers": {
                "X-Team": ["a", "b", "a"],
                "User-Agent": {"regex": "^containerd/"},
                "X-Real-Ip": "10.0.0.1",
            },
            "source_ranges": ["10.0.0.0/8", "192.0.2.1"],
            "methods": ["get"],
        },
        "url": "http://mirror.example.org:8443/base/",
        "code": 308,
    }
    expected = Route(
        name="kops",
        target=Target("http", "mirror.example.org:8443", "/base"),
        conditions=Conditions(
            paths=(
                PathMatch(PathKind.PREFIX, "/kops"),
                PathMatch(PathKind.EXACT, "/x/"),
                PathMatch(PathKind.PREFIX, "/"),
                PathMatch(PathKind.REGEX, "^/old/(.*)$"),
            ),
            hosts=("artifacts.example.org", "[::1]"),
            headers=(
                HeaderMatch("user-agent", regex="^containerd/"),
                HeaderMatch("x-real-ip", values=("10.0.0.1",)),
                HeaderMatch("x-team", values=("a", "b")),
            ),
            source_ranges=(ip_network("10.0.0.0/8"), ip_network("192.0.2.1/32")),
            methods=("GET",),
        ),
        code=308,
    )
    assert listed(raw) == [expected]


def test_the_least_there_can_be_is_the_default() -> None:
    (route,) = listed(HERE)
    assert route == Route("a", Target("https", "example.org"))
    assert route.is_default
    nothing = dict.fromkeys(
        ("conditions", "url", "path_prefix", "strip_prefix", "replace_path", "code", "legacy"), None
    )
    assert listed({**HERE, **nothing}) == [route]


@pytest.mark.parametrize("path_prefix", ["/base", "/base/"])
def test_a_path_prefix_may_stand_by_itself(path_prefix: str) -> None:
    for target in ({"host": "h:443"}, {"url": "https://h"}, {"url": "https://h/"}):
        assert listed({"name": "a", **target, "path_prefix": path_prefix})[0].target == Target(
            "https", "h", "/base"
        )


def test_plain_paths_are_what_path_type_says() -> None:
    paths = ["/a/", {"prefix": "/b"}]
    (route,) = listed({**HERE, "conditions": {"paths": paths, "path_type": "exact"}})
    assert route.conditions.paths == (PathMatch(PathKind.EXACT, "/a/"), PathMatch(PathKind.PREFIX, "/b"))


def test_one_string_is_a_list_of_one() -> None:
    several = {
        "paths": ["/a"],
        "hosts": ["h"],
        "source_ranges": ["::/0"],
        "methods": ["GET"],
        "headers": {"a": ["b"]},
    }
    one = {"paths": "/a", "hosts": "h", "source_ranges": "::/0", "methods": "GET", "headers": {"a": "b"}}
    assert listed({**HERE, "conditions": several}) == listed({**HERE, "conditions": one})
    assert listed({**HERE, "conditions": {"paths": {"regex": "a"}}}) == listed(
        {**HERE, "conditions": {"paths": [{"regex": "a"}]}}
    )


def test_the_order_of_headers_does_not_make_another_route() -> None:
    one = {"X-B": "1", "x-a": "2"}
    other = {"X-A": "2", "x-b": "1"}
    assert listed({**HERE, "conditions": {"headers": one}}) == listed(
        {**HERE, "conditions": {"headers": other}}
    )


@pytest.mark.parametrize(
    ("element", "where", "part"),
    [
        (7, "routes[0]", "7 is not a mapping with the keys name, conditions, host,"),
        ({**HERE, "hots": "h"}, "routes[0]", "'hots' is not known; allowed: name, conditions, host,"),
        ({"name": "a", "host": "h", 3: "h"}, "routes[0]", "the key 3 is not known"),
        ({"host": "h"}, "routes[0].name", "missing"),
        ({**HERE, "name": ""}, "routes[0].name", "''"),
        ({**HERE, "name": 8}, "routes[0].name", "8 is not a string"),
        ({"name": "a"}, "routes[0].host", "one of host and url"),
        ({**HERE, "url": "https://h"}, "routes[0].url", "one of them"),
        ({**HERE, "host": "a_b"}, "routes[0].host", "'a_b' is not a host"),
        ({"name": "a", "url": "h"}, "routes[0].url", "'h' does not begin with"),
        ({"name": "a", "url": "http://h/a", "path_prefix": "/b"}, "routes[0].path_prefix", "one of them"),
        ({**HERE, "path_prefix": "b"}, "routes[0].path_prefix", "begin with a slash"),
        ({**HERE, "code": 300}, "routes[0].code", "300"),
        ({**HERE, "code": "300"}, "routes[0].code", "'300'"),
        ({**HERE, "strip_prefix": "no"}, "routes[0].strip_prefix", "true, false"),
        ({**HERE, "strip_prefix": True}, "routes[0].strip_prefix", "no paths"),
        ({**HERE, "replace_path": "/a"}, "routes[0].replace_path", "exactly one path, a regex"),
        ({**HERE, "replace_path": ""}, "routes[0].replace_path", "begin with a slash"),
        ({**HERE, "conditions": {}}, "routes[0].conditions", "no condition"),
        ({**HERE, "conditions": {"paths": None}}, "routes[0].conditions", "no condition"),
        ({**HERE, "conditions": []}, "routes[0].conditions", "a list is not a mapping"),
        ({**HERE, "conditions": "/a"}, "routes[0].conditions", "'/a' is not a mapping"),
    ],
)
def test_a_fault_of_a_route(element: Any, where: str, part: str) -> None:
    ((place, message),) = told(element)
    assert place == where
    assert part in message


@pytest.mark.parametrize(
    ("conditions", "where", "part"),
    [
        ({"path": "/a", "paths": "/a"}, "", "'path' is not known; allowed: paths, path_type, hosts"),
        ({"paths": []}, ".paths", "empty"),
        ({"paths": 1}, ".paths", "1 is not a list of paths"),
        ({"paths": ["/a", "b"]}, ".paths[1]", "begin with a slash"),
        ({"paths": [{}]}, ".paths[0]", "exactly one of exact, prefix, regex is needed, found: none"),
        ({"paths": {"exact": "/a", "regex": "a"}}, ".paths", "found: exact and regex"),
        ({"paths": [{"glob": "/*", "exact": "/a"}]}, ".paths[0]", "'glob'"),
        ({"paths": [{"exact": 1}]}, ".paths[0].exact", "1 is not a string"),
        ({"paths": [{"prefix": "/a/.."}]}, ".paths[0].prefix", "dot segment"),
        ({"paths": [{"regex": "("}]}, ".paths[0].regex", "'('"),
        ({"paths": [{"regex": ["a"]}]}, ".paths[0].regex", "a list is not a string"),
        ({"paths": ["/a"], "path_type": "regex"}, ".path_type", "'regex'"),
        ({"paths": ["/a"], "path_type": ["exact"]}, ".path_type", "prefix, exact"),
        ({"hosts": "h", "path_type": "exact"}, ".path_type", "no paths"),
        ({"hosts": []}, ".hosts", "empty"),
        ({"hosts": ["h", "h:80"]}, ".hosts[1]", "without a port"),
        ({"headers": {}}, ".headers", "empty"),
        ({"headers": ["a"]}, ".headers", "a list is not a mapping"),
        ({"headers": {"Host": "h"}}, ".headers", "hosts"),
        ({"headers": {1: "h"}}, ".headers", "1 is not a string"),
        ({"headers": {"x-a": "a", "X-A": "b"}}, ".headers", "'X-A' is there twice"),
        ({"headers": {"X-A": []}}, ".headers.X-A", "empty"),
        ({"headers": {"X-A": None}}, ".headers.X-A", "nothing is not a string"),
        ({"headers": {"X-A": ["a", "it's"]}}, ".headers.X-A[1]", "other than '"),
        ({"headers": {"X-A": ["a", 5]}}, ".headers.X-A[1]", "quotes"),
        ({"headers": {"X-A": {}}}, ".headers.X-A", "'regex' is missing"),
        ({"headers": {"X-A": {"regex": "a", "exact": "b"}}}, ".headers.X-A", "'exact'"),
        ({"headers": {"X-A": {"regex": "("}}}, ".headers.X-A.regex", "'('"),
        ({"source_ranges": []}, ".source_ranges", "empty"),
        ({"source_ranges": ["10.0.0.1/8"]}, ".source_ranges[0]", "10.0.0.0/8"),
        ({"methods": []}, ".methods", "empty"),
        (
            {"methods": ["GET", "post"]},
            ".methods[1]",
            "POST does not come to any route; the router answers GET, HEAD",
        ),
    ],
)
def test_a_fault_of_conditions(conditions: Any, where: str, part: str) -> None:
    ((place, message),) = told({**HERE, "conditions": conditions})
    assert place == f"routes[0].conditions{where}"
    assert part in message


def test_methods_are_those_of_the_settings() -> None:
    raw = {**HERE, "conditions": {"methods": ["OPTIONS"]}}
    assert read_route(raw, "", RouterSettings(methods=("OPTIONS",)))[1] == []
    assert read_route(raw, "", SETTINGS)[0] is None


@pytest.mark.parametrize(
    ("paths", "strips"),
    [(["/a"], True), ([{"exact": "/"}], True), (["/a", "/"], False), (["/a", {"regex": "a"}], False)],
)
def test_what_can_be_stripped(paths: list[object], strips: bool) -> None:
    raw = {**HERE, "conditions": {"paths": paths}, "strip_prefix": True}
    if strips:
        assert listed(raw)[0].strip_prefix
    else:
        assert [where for where, _message in told(raw)] == ["routes[0].strip_prefix"]


@pytest.mark.parametrize(
    ("paths", "replacement", "more", "part"),
    [
        ([{"regex": "^/(a)/(b)$"}], r"/\2\1", {}, None),
        ([{"regex": "^/a$"}], "/b", {}, None),
        ([{"regex": "^/(a)/(b)$"}], r"/\3", {}, "uses group 3; the regex has 2"),
        ([{"regex": "^/(a)$"}], r"/\1/x-\1", {}, None),
        ([{"regex": "^/(a)$"}], r"/\1\1\1", {}, "a part of the path more than 2 times"),
        ([{"regex": "^/((a(b)))$"}], r"/\1/\2/\3", {}, "a part of the path more than 2 times"),
        ([{"regex": "^/(?:a)$"}], r"/\1", {}, "uses group 1; the regex has 0"),
        ([{"regex": "^/(a)$"}], r"\1", {}, "begin with a slash"),
        (["/a"], "/b", {}, "there are 1 prefix"),
        ([{"regex": "a"}, {"regex": "b"}, {"exact": "/a"}], "/b", {}, "there are 1 exact, 2 regex"),
        (["/a"], "/b", {"strip_prefix": True}, "strip_prefix is true as well"),
    ],
)
def test_what_can_be_replaced(
    paths: list[object], replacement: str, more: dict[str, Any], part: str | None
) -> None:
    raw = {**HERE, "conditions": {"paths": paths}, "replace_path": replacement, **more}
    if part is None:
        assert listed(raw)[0].replace_path == replacement
    else:
        ((where, message),) = told(raw)
        assert where == "routes[0].replace_path"
        assert part in message


def test_all_faults_of_the_list_at_once_and_the_good_routes_beside_them() -> None:
    raw = [
        {"name": "good", "host": "h", "conditions": {"paths": "/good"}},
        {
            "name": "a",
            "host": "_",
            "code": 1,
            "conditions": {"paths": ["x"], "hosts": [], "headers": {"a b": "c"}},
        },
        {"name": "a", "hosts": "h"},
        {"name": "good", "host": "h", "conditions": {"paths": "/better"}},
        None,
        {"name": "end", "host": "h"},
        {"name": "end", "host": "h"},
    ]
    found, faults = read_routes(raw, SETTINGS)
    assert [route.name for route in found] == ["good", "good", "end", "end"]
    assert [fault.where for fault in faults] == [
        "routes[1].host",
        "routes[1].conditions.paths[0]",
        "routes[1].conditions.hosts",
        "routes[1].conditions.headers",
        "routes[1].code",
        "routes[2]",
        "routes[2].host",
        "routes[4]",
        "routes[2].name",
        "routes[3].name",
        "routes[6].name",
        "routes[2]",
        "routes[5]",
    ]
    assert "'good' is the name of routes[0] already" in faults[9].message


@pytest.mark.parametrize(("defaults", "places"), [([2], []), ([0], [0]), ([0, 2], [0]), ([0, 1, 2], [0, 1])])
def test_one_default_and_the_last(defaults: list[int], places: list[int]) -> None:
    conditions = {"conditions": {"paths": "/a"}}
    raw = [{"name": f"r{i}", "host": "h", **({} if i in defaults else conditions)} for i in range(3)]
    assert [where for where, _message in told(*raw)] == [f"routes[{place}]" for place in places]


@pytest.mark.parametrize("raw", [None, "a", {"name": "a"}, 1])
def test_what_is_no_list_is_one_fault(raw: object) -> None:
    found, faults = read_routes(raw, SETTINGS)
    assert (found, [fault.where for fault in faults]) == ([], ["routes"])


def test_the_places_of_a_single_route_need_no_list() -> None:
    raw = {"name": "a", "conditions": {"paths": ["x"]}, "strip_prefix": 1, "x": 1}
    route, faults = read_route(raw, "", SETTINGS)
    assert route is None
    assert [fault.where for fault in faults] == ["route", "host", "conditions.paths[0]", "strip_prefix"]
