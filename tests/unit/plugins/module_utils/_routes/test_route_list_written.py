# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes in their short form, and what else could come instead of a list."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import (
    read_route,
    read_routes,
    write_route,
)
from tests.unit.plugins.module_utils._routes.reading import SETTINGS, listed
from tests.unit.plugins.module_utils._routes.written import JSON_LIKE, route_lists


def test_the_short_form() -> None:
    raw = {
        "name": "a",
        "conditions": {
            "paths": ["/a/", {"prefix": "/b"}, {"exact": "/c"}],
            "headers": {"X-B": ["1"], "X-A": {"regex": "x"}, "X-C": ["1", "2"]},
            "source_ranges": "192.0.2.1",
        },
        "url": "https://H:443/base",
        "strip_prefix": True,
        "code": 302,
        "legacy": True,
    }
    short = write_route(listed(raw)[0])
    assert json.dumps(short) == json.dumps(
        {
            "name": "a",
            "conditions": {
                "paths": ["/a", "/b", {"exact": "/c"}],
                "headers": {"x-a": {"regex": "x"}, "x-b": "1", "x-c": ["1", "2"]},
                "source_ranges": ["192.0.2.1/32"],
            },
            "host": "h",
            "path_prefix": "/base",
            "strip_prefix": True,
            "legacy": True,
        }
    )
    assert write_route(listed({"name": "a", "url": "http://h/b", "code": 301})[0]) == {
        "name": "a",
        "url": "http://h/b",
        "code": 301,
    }


@given(route_lists())
def test_what_is_written_is_read_again(raw: list[dict[str, Any]]) -> None:
    found = listed(*raw)
    assert [route.name for route in found] == [element["name"] for element in raw]
    written = [write_route(route) for route in found]
    assert listed(*json.loads(json.dumps(written))) == found
    assert [write_route(route) for route in listed(*written)] == written


@given(st.lists(route_lists().filter(bool).flatmap(st.sampled_from) | JSON_LIKE, max_size=4) | JSON_LIKE)
def test_whatever_comes_is_routes_or_faults(raw: object) -> None:
    found, faults = read_routes(raw, SETTINGS)
    for fault in faults:
        assert fault.where.startswith("routes")
        assert str(fault).isprintable()
    if isinstance(raw, list):
        faulty = {fault.where.partition("]")[0] for fault in faults}
        assert len(found) + len(faulty) >= len(raw)
    for route in found:
        again, none = read_route(write_route(route), "", SETTINGS)
        assert (again, none) == (route, [])


@given(route_lists(), st.data())
def test_one_thing_put_elsewhere_is_routes_or_faults(raw: list[dict[str, Any]], data: st.DataObject) -> None:
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    walk(raw)
    if places:
        container, key = data.draw(st.sampled_from(places))
        container[key] = data.draw(JSON_LIKE)
    _found, faults = read_routes(raw, SETTINGS)
    assert all(fault.where.startswith("routes") and str(fault).isprintable() for fault in faults)


def test_ten_thousand_routes_are_read() -> None:
    raw = [
        {
            "name": f"route-{number}",
            "conditions": {
                "paths": [f"/binaries/project-{number}", {"regex": f"^/old-{number}/(.*)$"}],
                "headers": {"X-Real-Ip": f"10.0.{number // 256}.{number % 256}"},
                "hosts": ["artifacts.example.org"],
                "source_ranges": ["10.0.0.0/8"],
            },
            "host": f"mirror-{number}.example.org",
        }
        for number in range(10_000)
    ]
    found, faults = read_routes(raw, SETTINGS)
    assert (len(found), faults) == (10_000, [])
