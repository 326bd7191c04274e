# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept in the cluster reads back equal, and nothing else is taken for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import RenderOptions
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_routes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    PACKED_ROUTES_KEY,
    ROUTES_KEY,
    SETTINGS_KEY,
    Router,
    StoredRouterError,
    read_router,
    render_router,
    routes_configmap,
)
from tests.unit.plugins.module_utils._routes.written import route_lists

MANY = 12_000


def _router(raw: object, **changes: Any) -> Router:
    routes, _faults = read_routes(raw, RouterSettings())
    values: dict[str, Any] = {"settings": RouterSettings(), "options": RenderOptions(), **changes}
    return Router("artifacts", "router", tuple(routes), **values)


@given(route_lists())
@settings(deadline=None, max_examples=50)
def test_a_router_reads_back_equal(raw: list[dict[str, Any]]) -> None:
    router = _router(raw)
    assert read_router(json.loads(json.dumps(routes_configmap(router)))) == router


def test_settings_and_options_read_back_equal() -> None:
    router = _router(
        [],
        settings=RouterSettings(oci=True, route_header="x-route"),
        options=RenderOptions(threads=4, access_log=False),
    )
    assert read_router(routes_configmap(router)) == router


def test_each_route_is_a_line_so_that_a_difference_is_readable() -> None:
    router = _router(
        [
            {"name": "a", "host": "a.example", "conditions": {"paths": "/a"}},
            {"name": "b", "host": "b.example"},
        ]
    )
    assert len(routes_configmap(router)["data"][ROUTES_KEY].splitlines()) == 4


def test_many_routes_are_packed() -> None:
    raw = [
        {"name": f"r{number}", "host": "target.example.org", "conditions": {"paths": [f"/p{number}"]}}
        for number in range(MANY)
    ]
    configmap = routes_configmap(_router(raw))
    # Not left out: what another field manager has written there has to go.
    assert configmap["data"][ROUTES_KEY] == ""
    assert len(configmap["binaryData"][PACKED_ROUTES_KEY]) < 500_000
    assert len(read_router(configmap).routes) == MANY
    assert routes_configmap(_router(raw[:2]))["binaryData"] == {PACKED_ROUTES_KEY: ""}


def test_the_name_of_a_configuration_follows_its_content() -> None:
    first, configmap = render_router(_router([{"name": "a", "host": "a.example"}]))
    again, _same = render_router(_router([{"name": "a", "host": "a.example"}]))
    other, _other = render_router(_router([{"name": "a", "host": "b.example"}]))
    assert first == again == configmap["metadata"]["name"]
    assert other != first
    assert configmap["immutable"] is True


@pytest.mark.parametrize(
    "data",
    [
        {ROUTES_KEY: "[]"},
        {ROUTES_KEY: "[", SETTINGS_KEY: "{}"},
        {ROUTES_KEY: "[]", SETTINGS_KEY: "[]"},
        {ROUTES_KEY: '[{"name": "a"}]', SETTINGS_KEY: "{}"},
        {ROUTES_KEY: "[]", SETTINGS_KEY: '{"proxy": {"later": 1}}'},
        {ROUTES_KEY: "[]", SETTINGS_KEY: '{"later": 1}'},
    ],
)
def test_anything_else_is_refused_by_name(data: dict[str, str]) -> None:
    configmap = {**routes_configmap(_router([])), "data": data}
    with pytest.raises(StoredRouterError, match="router-routes"):
        read_router(configmap)


def test_a_damaged_packing_is_refused() -> None:
    configmap = {**routes_configmap(_router([])), "binaryData": {PACKED_ROUTES_KEY: "bm90IGd6aXA="}}
    with pytest.raises(StoredRouterError, match="gzip"):
        read_router(configmap)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threads", "4"),
        ("threads", 2.5),
        ("threads", True),
        ("threads", None),
        ("threads", 0),
        ("threads", 65),
        ("http_port", 80),
        ("metrics_port", 65536),
        ("max_connections", 9),
        ("max_connections", 10**7),
        ("drain_seconds", 0),
        ("drain_seconds", 3601),
        ("access_log", 1),
        ("bind_ipv6", "no"),
        ("folder", ["/"]),
        ("address", 1),
    ],
)
def test_an_option_that_no_role_writes_is_refused_by_name(name: str, value: object) -> None:
    configmap = routes_configmap(_router([]))
    kept = json.loads(configmap["data"][SETTINGS_KEY])
    kept["proxy"][name] = value
    changed = {**configmap, "data": {**configmap["data"], SETTINGS_KEY: json.dumps(kept)}}
    with pytest.raises(StoredRouterError, match=rf"router-routes, settings.json: proxy\.{name} is "):
        read_router(changed)


def test_the_ends_of_the_ranges_read_back_equal() -> None:
    least = RenderOptions(http_port=1024, metrics_port=65535, threads=1, max_connections=10, drain_seconds=1)
    most = RenderOptions(
        http_port=65535, metrics_port=1024, threads=64, max_connections=1_000_000, drain_seconds=3600
    )
    for options in (least, most):
        router = _router([], options=options)
        assert read_router(routes_configmap(router)) == router
