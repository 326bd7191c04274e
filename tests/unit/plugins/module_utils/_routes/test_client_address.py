# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who the client is, and whether it is in a range."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import (
    client_of,
    is_within,
    plain,
    read_address,
)

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PROXY = ip_address("10.0.0.1")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
def test_an_entry_that_is_an_address_is_read(text: str, address: str) -> None:
    assert read_address(text) == ip_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1.1",
        "192.0.2.1:80",
        "192.0.02.1",
        "192.0.2.1 x",
        "[2001:db8::1]",
        "[2001:db8::1]:80",
        "fe80::1%eth0",
        "::1.2.3.04",
        '"192.0.2.1"',
        "1" * 10000 + ".0.2.1",
        "192.0.2.\u0661",
    ],
)
def test_an_entry_that_is_none_is_not_read(text: str) -> None:
    assert read_address(text) is None


@given(st.ip_addresses())
def test_each_address_is_read_as_python_writes_it(address: IPv4Address | IPv6Address) -> None:
    assert read_address(str(address)) == address


@pytest.mark.parametrize(
    ("address", "network", "within"),
    [
        ("10.0.0.9", "10.0.0.0/8", True),
        ("11.0.0.9", "10.0.0.0/8", False),
        ("::ffff:10.0.0.9", "10.0.0.0/8", True),
        ("::10.0.0.9", "10.0.0.0/8", False),
        ("2002:a00:9::1", "10.0.0.0/8", False),
        ("64:ff9b::10.0.0.9", "10.0.0.0/8", False),
        ("10.0.0.9", "::ffff:10.0.0.0/104", True),
        ("10.0.0.9", "2002::/16", False),
        ("10.0.0.9", "::/0", True),
        ("::ffff:10.0.0.9", "::ffff:10.0.0.0/104", True),
        ("2001:db8::1", "0.0.0.0/0", False),
    ],
)
def test_an_address_of_version_4_is_its_mapped_one(address: str, network: str, within: bool) -> None:
    assert is_within(ip_address(address), [ip_network(network)]) is within


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ([], "10.0.0.1"),
        (["192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1, 198.51.100.1"], "198.51.100.1"),
        (["192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        (["192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        (["192.0.2.1, fd00::1,10.0.0.3 ,10.0.0.2"], "192.0.2.1"),
        (["192.0.2.1, 10.0.0.5, 10.0.0.4, 10.0.0.3, 10.0.0.2"], "10.0.0.5"),
        (["192.0.2.1, unknown"], "192.0.2.1"),
        (["192.0.2.1,"], "192.0.2.1"),
        (["unknown, 10.0.0.2"], "10.0.0.2"),
        (["192.0.2.1,,10.0.0.2"], "192.0.2.1"),
        (["192.0.2.1", ""], "192.0.2.1"),
        ([""], "10.0.0.1"),
        (['192.0.2.9", 192.0.2.1'], "192.0.2.1"),
        (['192.0.2.9, "x, 192.0.2.1'], "192.0.2.1"),
        (['192.0.2.9, "192.0.2.1'], "10.0.0.1"),
        (['192.0.2.9, "192.0.2.1"'], "10.0.0.1"),
        (["192.0.2.9", '", 10.0.0.2'], "192.0.2.9"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
    ],
)
def test_trusted_proxies_are_followed(lines: list[str], client: str) -> None:
    assert client_of(PROXY, lines, TRUSTED) == ip_address(client)


@given(st.ip_addresses(), st.lists(st.text('10.,"\\: ', max_size=30), max_size=3))
def test_a_peer_that_is_not_trusted_is_the_client(peer: IPv4Address | IPv6Address, lines: list[str]) -> None:
    if not is_within(peer, TRUSTED):
        assert client_of(peer, lines, TRUSTED) == plain(peer)


@given(st.lists(st.sampled_from(("192.0.2.1", "10.0.0.2", "x", "")), min_size=1, max_size=9), st.data())
def test_lines_are_one_list(entries: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    lines = [", ".join(part) for part in (entries[:cut], entries[cut:]) if part]
    assert client_of(PROXY, lines, TRUSTED) == client_of(PROXY, [",".join(entries)], TRUSTED)


@given(st.ip_addresses(v=4), st.lists(st.ip_addresses(v=4).map(str), max_size=9))
def test_the_client_is_the_last_address_that_is_not_trusted(peer: IPv4Address, entries: list[str]) -> None:
    expected = peer
    for entry in entries[::-1][:4]:
        if expected not in TRUSTED[0]:
            break
        expected = IPv4Address(entry)
    assert client_of(peer, [", ".join(entries)] if entries else [], TRUSTED) == expected
