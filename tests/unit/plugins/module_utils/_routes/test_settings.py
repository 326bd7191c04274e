# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.settings import (
    read_settings,
    write_settings,
)
from tests.unit.plugins.module_utils._routes.written import JSON_LIKE, NETWORKS


def test_all_of_them() -> None:
    raw = {
        "methods": ["get", "HEAD", "GET", "options"],
        "trusted_proxies": ["10.0.0.0/8", "::1"],
        "client_address_header": "X-Real-Ip",
        "client_headers": ["X-Real-Ip", "Forwarded", "x-real-ip"],
        "oci": True,
        "route_header": "X-Route",
    }
    assert read_settings(raw) == (
        RouterSettings(
            methods=("GET", "HEAD", "OPTIONS"),
            trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1/128")),
            client_address_header="x-real-ip",
            client_headers=("x-real-ip", "forwarded"),
            oci=True,
            route_header="x-route",
        ),
        [],
    )


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        dict.fromkeys(write_settings(RouterSettings())),
        {"trusted_proxies": [], "route_header": "", "methods": "GET"},
    ],
)
def test_what_is_not_given_is_as_by_default(raw: object) -> None:
    methods = ("GET",) if raw and isinstance(raw, dict) and raw.get("methods") else ("GET", "HEAD")
    assert read_settings(raw) == (RouterSettings(methods=methods), [])


def test_no_client_headers_at_all() -> None:
    assert read_settings({"client_headers": []}) == (RouterSettings(client_headers=()), [])


@pytest.mark.parametrize(
    ("raw", "where", "part"),
    [
        ([], "settings", "a list is not a mapping with the keys methods, trusted_proxies,"),
        ({"method": "GET"}, "settings", "'method' is not known; allowed: methods, "),
        ({"methods": []}, "settings.methods", "empty"),
        ({"methods": {}}, "settings.methods", "not a list"),
        ({"methods": ["GET", "CONNECT"]}, "settings.methods[1]", "never answers"),
        ({"trusted_proxies": ["10.0.0.1/8"]}, "settings.trusted_proxies[0]", "10.0.0.0/8"),
        ({"client_address_header": ""}, "settings.client_address_header", "''"),
        ({"client_address_header": "host"}, "settings.client_address_header", "host"),
        ({"client_headers": ["a", "b c"]}, "settings.client_headers[1]", "'b c'"),
        ({"oci": "yes"}, "settings.oci", "true, false"),
        ({"route_header": "x y"}, "settings.route_header", "'x y'"),
        ({"route_header": "Location"}, "settings.route_header", "'Location'"),
        ({"route_header": False}, "settings.route_header", "not a string"),
    ],
)
def test_a_fault_names_place_and_value(raw: object, where: str, part: str) -> None:
    _settings, (fault,) = read_settings(raw)
    assert fault.where == where
    assert part in fault.message


def test_all_faults_at_once_and_the_good_ones_beside_them() -> None:
    raw = {
        "methods": 1,
        "trusted_proxies": ["::/0", ""],
        "client_headers": [""],
        "oci": True,
        "x": 1,
        "oic": 1,
    }
    settings, faults = read_settings(raw, "router")
    assert [fault.where for fault in faults] == [
        "router",
        "router",
        "router.methods",
        "router.trusted_proxies[1]",
        "router.client_headers[0]",
    ]
    assert (settings.methods, settings.oci) == (("GET", "HEAD"), True)


HEADERS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,5}", fullmatch=True)


@given(
    st.builds(
        RouterSettings,
        methods=st.lists(st.sampled_from(["GET", "HEAD", "POST"]), min_size=1, unique=True).map(tuple),
        trusted_proxies=st.lists(NETWORKS.map(ip_network), unique=True).map(tuple),
        client_address_header=HEADERS,
        client_headers=st.lists(HEADERS, unique=True).map(tuple),
        oci=st.booleans(),
        route_header=st.just("") | HEADERS.map("x-{}".format),
    )
)
def test_what_is_written_is_read_again(settings: RouterSettings) -> None:
    assert read_settings(json.loads(json.dumps(write_settings(settings)))) == (settings, [])


@given(JSON_LIKE)
def test_whatever_comes_is_settings_or_faults(raw: object) -> None:
    settings, faults = read_settings(raw)
    assert all(fault.where.startswith("settings") and str(fault).isprintable() for fault in faults)
    assert read_settings(write_settings(settings)) == (settings, [])
