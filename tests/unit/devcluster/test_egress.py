# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy's reading of requests, and what it never connects to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devcluster.egress import is_refused, parse_target

hosts = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True)


@given(hosts, st.integers(1, 65535))
def test_a_connect_request_names_its_target(host: str, port: int) -> None:
    assert parse_target(f"CONNECT {host}:{port} HTTP/1.1") == (host, port)


@given(st.ip_addresses(v=6), st.integers(1, 65535))
def test_an_ipv6_target_loses_its_brackets(host: ipaddress.IPv6Address, port: int) -> None:
    assert parse_target(f"CONNECT [{host}]:{port} HTTP/1.1") == (str(host), port)


@given(st.binary(max_size=80).map(lambda data: data.decode("latin-1")))
@example("CONNECT a:\xb2 HTTP/1.1")
@example("CONNECT a:" + "9" * 5000 + " HTTP/1.1")
def test_no_bytes_make_the_parser_fail(line: str) -> None:
    target = parse_target(line)
    assert target is None or (target[0] and 0 < target[1] < 65536)


@given(st.text("0123456789\xb2\xb3\xb9+-_", max_size=8))
def test_a_port_is_a_decimal_number_in_range(port: str) -> None:
    target = parse_target(f"CONNECT host:{port} HTTP/1.1")
    valid = port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536
    assert (target is not None) == valid


@pytest.mark.parametrize(
    "line",
    [
        "",
        "CONNECT",
        "GET http://host/ HTTP/1.1",
        "connect host:1 HTTP/1.1",
        "CONNECT host HTTP/1.1",
        "CONNECT :443 HTTP/1.1",
        "CONNECT []:443 HTTP/1.1",
        "CONNECT host:0 HTTP/1.1",
        "CONNECT host:65536 HTTP/1.1",
        "CONNECT host:443 HTTP/1.1 more",
    ],
)
def test_anything_else_is_no_request(line: str) -> None:
    assert parse_target(line) is None


@given(st.ip_addresses(network="127.0.0.0/8"))
def test_loopback_is_refused_in_every_spelling(address: ipaddress.IPv4Address) -> None:
    assert is_refused(str(address))
    assert is_refused(f"::ffff:{address}")


@pytest.mark.parametrize("address", ["::1", "::", "0.0.0.0", "169.254.1.1", "fe80::1%eth0", "224.0.0.1"])
def test_addresses_of_no_upstream_are_refused(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "2001:4860:4860::8888"])
def test_upstreams_are_not_refused(address: str) -> None:
    assert not is_refused(address)
