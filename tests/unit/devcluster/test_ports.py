# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that are still free when the server comes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from devcluster import ports
from devcluster.ports import free_port


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_no_outgoing_connection_can_have_it(address: str) -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    given = [free_port(address) for _ in range(50)]
    assert [port for port in given if first <= port <= last] == []
    assert len(set(given)) == len(given)
    with socket.create_server(
        (address, given[0]), family=socket.AF_INET6 if ":" in address else socket.AF_INET
    ):
        pass


def test_a_port_that_somebody_uses_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    used, free = free_port(), free_port()
    monkeypatch.setattr(ports, "_given", set())
    monkeypatch.setattr("devcluster.ports.random.sample", lambda _ports, _number: [used, free])
    with socket.create_server(("127.0.0.1", used)):
        assert free_port() == free


def test_where_all_ports_are_for_outgoing_connections_the_kernel_chooses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    everything = tmp_path / "ip_local_port_range"
    everything.write_text("1024\t65535\n")
    monkeypatch.setattr(ports, "_OUTGOING", everything)
    with socket.create_server(("127.0.0.1", free_port())):
        pass


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError, match="assign requested address"):
        free_port("192.0.2.1")
