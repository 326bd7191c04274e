# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name with several addresses, some of which say nothing, as behind a firewall.

The resolver is a fake, since no real one gives such addresses; what says nothing is a listener whose queue is
full, for the kernel drops what comes then.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.addresses import Address, connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    ConnectFailed,
    DeadlineExceeded,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import (
    Request,
    Transport,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from devcluster.ports import free_port
from tests.faults.registry.conftest import Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.lying_registry import (
    OCI_MANIFEST,
    REPOSITORY,
    lying_registry,
    manifest,
)
from tests.faults.registry_storage.depots import expected

SILENT = ("127.0.0.3", "127.0.0.4")
NAME = "several.test"


def _address(host: str, port: int) -> Address:
    return Address(int(socket.AF_INET), host, port)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port on which SILENT say nothing; at other addresses it is free."""
    port = free_port()
    held = []
    for host in SILENT:
        listener = socket.socket()
        listener.bind((host, port))
        listener.listen(0)
        held.append(listener)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            assert filler.connect_ex((host, port)) in (0, errno.EINPROGRESS)
            held.append(filler)
    time.sleep(0.1)
    yield port
    for sock in held:
        sock.close()


@pytest.fixture
def accepting(silent_port: int) -> Iterator[Address]:
    """Accepts at the same port, and answers every request with nothing."""
    listener = socket.create_server(("127.0.0.1", silent_port))

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=converse, args=(listener.accept()[0],), daemon=True).start()

    def converse(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield _address("127.0.0.1", silent_port)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(timeout=5)


@pytest.fixture
def resolve_to(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that NAME has."""
    hosts: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, **wanted: int) -> object:
        if host != NAME:
            return real(host, port, **wanted)
        return [entry for known in hosts for entry in real(known, port, **wanted)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return hosts


def test_one_that_says_nothing_holds_nobody_up(accepting: Address) -> None:
    silent = [_address(host, accepting.port) for host in SILENT]
    started = time.monotonic()
    sock, found = connect((*silent, accepting), Deadline.after(10))
    sock.close()
    assert found == accepting
    assert time.monotonic() - started < 5


def test_one_that_refuses_is_passed_over_at_once(accepting: Address) -> None:
    refusing = _address("127.0.0.1", free_port())
    seconds: list[float] = []
    for _ in range(10):
        started = time.monotonic()
        sock, found = connect((refusing, accepting), Deadline.after(10))
        seconds.append(time.monotonic() - started)
        sock.close()
        assert found == accepting
    # Who says nothing holds the next one up for a quarter of a second; the machine may be busy, too.
    assert min(seconds) < 0.2


def test_the_first_is_taken_where_both_accept(accepting: Address) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        second = _address("127.0.0.1", other.getsockname()[1])
        for _ in range(20):
            sock, found = connect((accepting, second), Deadline.after(10))
            sock.close()
            assert found == accepting


def test_every_address_and_its_reason_is_told(silent_port: int) -> None:
    silent, refusing = _address(SILENT[0], silent_port), _address("127.0.0.1", silent_port)
    with pytest.raises(ConnectFailed) as failed:
        connect((silent, refusing), Deadline.after(2))
    assert f"{silent}: no answer" in failed.value.message
    assert f"{refusing}: connection refused" in failed.value.message
    with pytest.raises(ConnectFailed, match="no answer"):
        connect((silent,), Deadline.after(0.5))
    with pytest.raises(DeadlineExceeded):
        connect((silent, refusing), Deadline.after(-1))


def test_no_socket_is_left_open(accepting: Address) -> None:
    silent = [_address(host, accepting.port) for host in SILENT]
    refusing = _address("127.0.0.1", free_port())
    before = _open_files()
    for _ in range(3):
        connect((*silent, refusing, accepting), Deadline.after(10))[0].close()
        with pytest.raises(ConnectFailed):
            connect((silent[0], refusing), Deadline.after(1))
    # What the other side closes is not waited for.
    assert _open_files() <= before + 2


def test_the_one_that_accepted_comes_first_from_then_on(accepting: Address, resolve_to: list[str]) -> None:
    resolve_to += [*SILENT, accepting.host]
    transport = Transport(client_context(Trust(verify=False)))
    url = parse_url(f"http://{NAME}:{accepting.port}/")
    assert transport.addresses(url.origin, Deadline.after(5))[0].host == SILENT[0]
    assert transport.send(Request("GET", url), Deadline.after(10)).status == 200
    assert [found.host for found in transport.addresses(url.origin, Deadline.after(5))] == [
        accepting.host,
        *SILENT,
    ]
    started = time.monotonic()
    for _ in range(10):
        assert transport.send(Request("GET", url), Deadline.after(10)).status == 200
    assert time.monotonic() - started < 5
    transport.close()


def test_a_registry_is_healthy_behind_the_other_address(
    check: Check, silent_port: int, resolve_to: list[str]
) -> None:
    resolve_to += [SILENT[0], "127.0.0.1"]
    with lying_registry(port=silent_port) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "tag")
        started = time.monotonic()
        result = check(
            url=f"http://{NAME}:{silent_port}", timeout=10, expect=[expected(REPOSITORY, tags=("tag",))]
        )
    assert time.monotonic() - started < 5
    assert result["healthy"], result
    assert statuses(result)["connection"] == "ok"
    assert message(result, "connection") == (
        f"127.0.0.1 accepts connections on port {silent_port}, the first of 2 addresses that did"
    )


def test_an_address_that_says_nothing_leaves_time_for_the_others(
    check: Check, silent_port: int, resolve_to: list[str]
) -> None:
    resolve_to += [SILENT[0], "127.0.0.1"]
    with lying_registry(port=silent_port) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "tag")
        started = time.monotonic()
        result = check(
            url=f"http://{NAME}:{silent_port}",
            timeout=6,
            every_address=True,
            expect=[expected(REPOSITORY, tags=("tag",))],
        )
    assert time.monotonic() - started < 6
    found = statuses(result)
    assert {name: found[name] for name in found if name.endswith("[127.0.0.1]")} == {
        "connection[127.0.0.1]": "ok",
        "tls[127.0.0.1]": "skipped",
        "api[127.0.0.1]": "ok",
    }
    assert found[f"connection[{SILENT[0]}]"] == "fail"
    assert "no answer" in message(result, f"connection[{SILENT[0]}]")
    assert " s of it)" in message(result, f"connection[{SILENT[0]}]")
    assert found["api"] == found["expected_references"] == "ok"
