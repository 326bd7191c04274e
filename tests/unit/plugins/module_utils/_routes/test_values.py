# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from ipaddress import IPv6Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    Reader,
    read_each,
    read_flag,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    read_authority,
    read_code,
    read_expansion,
    read_header_name,
    read_header_value,
    read_host,
    read_method,
    read_name,
    read_network,
    read_path,
    read_prefix,
    read_target_prefix,
    read_url,
)
from tests.unit.plugins.module_utils._routes.reading import read, refused
from tests.unit.plugins.module_utils._routes.written import JSON_LIKE

READERS: tuple[Reader[Any], ...] = (
    read_authority,
    read_code,
    read_expansion,
    read_flag,
    read_header_name,
    read_header_value,
    read_host,
    read_method,
    read_name,
    read_network,
    read_path,
    read_prefix,
    read_target_prefix,
    read_url,
)


@pytest.mark.parametrize("name", ["a", "k8s.gcr.io", "0-_.", "A" * 63])
def test_names(name: str) -> None:
    assert read(read_name, name) == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a|b", "A" * 64, "a\n", "é", 7, None, ["a"]])
def test_no_names(name: object) -> None:
    refused(read_name, name)


@pytest.mark.parametrize("name", ["X-Team", "x", "0_", "a" * 100])
def test_header_names(name: str) -> None:
    assert read(read_header_name, name) == name.lower()


@pytest.mark.parametrize(
    "name",
    ["", "-a", "_a", "a b", "a:", "a(", "a\n", "a" * 101, "Host", "Connection", "te", "\u212a", None, 1],
)
def test_no_header_names(name: object) -> None:
    refused(read_header_name, name)


@pytest.mark.parametrize("value", ["a", "a b", '"%[src]" # ${A},;|', "~", "a" * 1000])
def test_header_values(value: str) -> None:
    assert read(read_header_value, value) == value


@pytest.mark.parametrize(
    "value", ["", " ", " a", "a ", "a\tb", "a\n", "it's", "a\\b", "\u00e9", "a" * 1001, None, {}]
)
def test_no_header_values(value: object) -> None:
    refused(read_header_value, value)


@pytest.mark.parametrize("value", [1, 1.5, True])
def test_a_header_value_that_yaml_took_for_something_else(value: object) -> None:
    assert "quotes" in refused(read_header_value, value)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8", "192.0.2.7", "::1", "2001:DB8::/32", "0.0.0.0/0", "::ffff:10.0.0.1"]
)
def test_networks(text: str) -> None:
    assert read(read_network, text) == ip_network(text)


def test_a_range_with_bits_behind_its_prefix_names_the_range() -> None:
    assert "the range is 10.0.0.0/8" in refused(read_network, "10.1.2.3/8")
    assert "the range is 2001:db8::/32" in refused(read_network, "2001:db8::1/32")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "010.0.0.0/8",
        "10.0.0.0/255.0.0.0",
        "a",
        "10.0.0.1 ",
        "fe80::1%eth0",
        "10.0.0.0/-1",
        "10.0.0.0/\u0661",
        "10.0.0.0/8/8",
        "10.0.0.0/08 ",
        10,
        None,
        ["10.0.0.1"],
    ],
)
def test_no_networks(text: object) -> None:
    refused(read_network, text)


@pytest.mark.parametrize("method", ["GET", "head", "Propfind"])
def test_methods(method: str) -> None:
    assert read(read_method, method) == method.upper()


@pytest.mark.parametrize("method", ["", "G ET", "M-SEARCH", "\u0131", "a" * 21, "connect", "PRI", 1, None])
def test_no_methods(method: object) -> None:
    refused(read_method, method)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308, "302"])
def test_codes(code: int | str) -> None:
    assert read(read_code, code) == int(code)


@pytest.mark.parametrize("code", [0, 200, 300, 304, 404, "304", "0302", True, None, [302]])
def test_no_codes(code: object) -> None:
    assert "301, 302, 303, 307, 308" in refused(read_code, code)


def test_flags() -> None:
    assert [read(read_flag, value) for value in (None, False, True)] == [False, False, True]
    others: tuple[object, ...] = (0, 1, "true", "", [])
    for value in others:
        assert "true, false" in refused(read_flag, value)


def test_each_of_a_list() -> None:
    assert read(lambda *rest: read_each(rest[0], rest[1], "names", read_name, rest[2]), ["b", "a"]) == (
        "b",
        "a",
    )
    assert read(lambda *rest: read_each(rest[0], rest[1], "names", read_name, rest[2]), "a") == ("a",)
    faults: list[Fault] = []
    assert read_each(["a", "", "b", 1], "here", "names", read_name, faults) == ("a", "b")
    assert [fault.where for fault in faults] == ["here[1]", "here[3]"]
    assert read_each([], "here", "names", read_name, faults, may_be_empty=True) == ()
    assert len(faults) == 2
    assert read_each([], "here", "names", read_name, faults) == ()
    assert read_each({}, "here", "names", read_name, faults) == ()
    assert [fault.message.partition(";")[0] for fault in faults[2:]] == [
        "the list of names is empty",
        "a mapping is not a list of names",
    ]


@given(st.sampled_from(READERS), JSON_LIKE | st.text("htps:/[]@?#.%1a'\\ \n", max_size=30))
def test_anything_is_a_value_or_a_fault(reader: Reader[Any], value: object) -> None:
    faults: list[Fault] = []
    found = reader(value, "here", faults)
    assert (found is None) == bool(faults)
    assert all(str(fault).isprintable() for fault in faults)
    if isinstance(found, str):
        assert re.fullmatch(r"[ -&(-~]*", found)
        assert read(reader, found) == found


@given(st.ip_addresses(), st.integers(0, 128))
def test_every_network_is_read(address: Any, prefix: int) -> None:
    network = ip_network(f"{address}/{min(prefix, address.max_prefixlen)}", strict=False)
    assert read(read_network, str(network)) == network
    if isinstance(network, IPv6Network):
        assert read(read_host, f"[{address.exploded}]") == f"[{address.compressed}]"
    else:
        assert read(read_host, str(address)) == str(address)
