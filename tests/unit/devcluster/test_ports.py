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


def outgoing(monkeypatch: pytest.MonkeyPatch, folder: Path, lines: str) -> None:
    """Take these for the ports of outgoing connections, whatever the machine's are."""
    file = folder / "ip_local_port_range"
    file.write_text(lines)
    monkeypatch.setattr(ports, "_OUTGOING", file)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_no_outgoing_connection_can_have_it(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outgoing(monkeypatch, tmp_path, "20000\t60999\n")
    given = [free_port(address) for _ in range(50)]
    assert [port for port in given if port >= 20000] == []
    assert len(set(given)) == len(given)
    with socket.create_server((address, given[0])):
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
    outgoing(monkeypatch, tmp_path, "1024\t65535\n")
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        pass
    chosen = iter([port, port + 1])
    monkeypatch.setattr(ports, "_bound", lambda _address, _port: next(chosen))
    assert free_port() == port + 1


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError, match="assign requested address"):
        free_port("192.0.2.1")
