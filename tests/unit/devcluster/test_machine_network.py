# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a network in use: read from texts in the form that the machine's tools give."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devcluster import machine_network
from devcluster.machine_network import interface_names, name_servers, routes_in_use

# Linux: IFNAMSIZ is 16 with the closing zero.
NAME_LIMIT = 15


def in_use(*routes: dict[str, object], own: str = "cdepot-test") -> set[str]:
    return {str(use.network) for use in routes_in_use(json.dumps(routes), own)}


def test_destinations_and_default_gateways_are_in_use() -> None:
    assert in_use(
        {"dst": "default", "gateway": "198.18.0.1", "dev": "eth0"},
        {"dst": "10.0.0.0/8", "gateway": "198.18.0.2", "dev": "eth0"},
        {"type": "local", "dst": "10.1.2.3", "dev": "lo", "table": "local"},
    ) == {"198.18.0.1/32", "10.0.0.0/8", "10.1.2.3/32"}


def test_every_way_of_a_default_route_counts() -> None:
    ways = [{"gateway": "198.18.0.1", "dev": "a"}, {"gateway": "100.64.0.1", "dev": "b"}]
    assert in_use({"dst": "default", "nexthops": ways}) == {"198.18.0.1/32", "100.64.0.1/32"}


def test_a_gateway_of_the_other_family_is_passed_over() -> None:
    assert in_use({"dst": "default", "via": {"family": "inet6", "host": "fe80::1"}, "dev": "a"}) == set()


def test_the_own_cable_is_no_use() -> None:
    assert in_use({"dst": "198.18.0.0/18", "gateway": "198.18.33.2", "dev": "cdepot-test"}) == set()


def test_no_routes_at_all_are_fine() -> None:
    assert list(routes_in_use("", "cdepot-test")) == []


@given(st.lists(st.ip_addresses(v=4)), st.sampled_from([" ", "\t", "  \t"]))
def test_name_servers_are_found_however_they_are_set_off(servers: list[IPv4Address], gap: str) -> None:
    lines = ["# comment", "search example.org", *(f"nameserver{gap}{server}" for server in servers)]
    assert name_servers("\n".join([*lines, "nameserver", "options ndots:1"])) == [str(s) for s in servers]


def test_the_servers_behind_a_local_stub_are_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub, behind = tmp_path / "resolv.conf", tmp_path / "behind.conf"
    stub.write_text("nameserver 127.0.0.53\n")
    behind.write_text("nameserver 198.18.5.5\nnameserver fe80::1%eth0\n")
    files = (stub, behind, tmp_path / "absent.conf")
    monkeypatch.setattr(machine_network, "RESOLVER_FILES", files)
    found = {use.network for use in machine_network.uses("cdepot-test")}
    assert IPv4Network("198.18.5.5/32") in found


def test_a_proxy_of_the_environment_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@198.19.7.7:3128")
    found = {use.network for use in machine_network.uses("cdepot-test")}
    assert IPv4Network("198.19.7.7/32") in found


@given(st.text("0123456789abcdef", min_size=4, max_size=4))
def test_interface_names_fit_the_kernel(identity: str) -> None:
    machine_end, node_end = interface_names(identity)
    assert machine_end != node_end
    assert max(len(machine_end), len(node_end)) <= NAME_LIMIT
