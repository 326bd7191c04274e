# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Once an action has ended, the containers that go on have neither credentials nor an open port.

What ends at once does so within the half minute after which a kubelet kills it; a busy machine is slow.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.ports import free_port
from tests.faults.package_server.packages import (
    CATALOGUE,
    DIGEST,
    SECRET_KEY,
    SHELLS,
    Packages,
    wait_until,
)

_SERVERS = ("storage", "server")


def children(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        threads = list(Path("/proc", str(pid), "task").iterdir())
        found = [child for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return
    for child in found:
        yield from children(int(child))


def read(pid: int, name: str) -> bytes:
    """A file of the process; empty where it has ended."""
    try:
        return Path("/proc", str(pid), name).read_bytes()
    except OSError:
        return b""


def variables(pid: int) -> set[str]:
    """Names in the environment that a process was started with."""
    return {pair.partition(b"=")[0].decode() for pair in read(pid, "environ").split(b"\0") if pair}


def has_secret(pid: int) -> bool:
    """Whether a process or one below it was started with the credentials."""
    return any(SECRET_KEY.encode() in read(one, "environ") for one in children(pid))


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def is_asleep(pid: int) -> bool:
    """Whether nothing is left of what ran there: a shell without environment, and what it waits for."""
    return b"sleep 3600" in read(pid, "cmdline") and all(
        variables(one) <= {"PATH", "PWD", "OLDPWD", "SHLVL", "_"} for one in children(pid)
    )


@pytest.fixture(name="served", params=SHELLS)
def _served(request: pytest.FixtureRequest, packages: Packages) -> Packages:
    """Packages of a storage with credentials."""
    packages.shell = request.param
    packages.ends = True
    packages.serve_s3()
    assert packages.fetch().code == 0
    packages.start()
    return packages


def test_the_servers_fall_asleep_once_the_action_has_ended(served: Packages) -> None:
    pids = {name: served.processes.pid(name) for name in _SERVERS}
    former = [pid for top in pids.values() for pid in children(top) if pid != top]
    assert has_secret(pids["storage"])
    assert not has_secret(pids["server"])
    # Long enough for whatever looks whether it is there, and for a reading of the catalogue.
    time.sleep(2.5)
    assert served.ask("/pkg/mypackage/latest").code == 200
    served.finished.write_text("0")
    wait_until(lambda: all(map(is_asleep, pids.values())))
    assert not has_secret(pids["storage"])
    assert not listens(served.port)
    with socket.socket(socket.AF_UNIX) as connection, pytest.raises(ConnectionRefusedError):
        connection.connect(str(served.shared / "storage.sock"))
    assert not [
        pid for pid in former if b"rclone" in read(pid, "cmdline") or b"haproxy" in read(pid, "cmdline")
    ]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_what_sleeps_ends_at_once_and_leaves_nothing(served: Packages, ending: signal.Signals) -> None:
    pids = [served.processes.pid(name) for name in _SERVERS]
    served.finished.write_text("3")
    wait_until(lambda: all(is_asleep(pid) and len(list(children(pid))) > 1 for pid in pids))
    sleeping = [pid for top in pids for pid in children(top)]
    for pid in pids:
        os.kill(pid, ending)
    wait_until(lambda: not any(read(pid, "cmdline") for pid in sleeping))


def test_a_container_that_is_started_again_afterwards_serves_nothing(served: Packages) -> None:
    served.finished.write_text("0")
    for name in _SERVERS:
        served.processes.stop(name)
    served.port = free_port()
    served.start_servers()
    pids = [served.processes.pid(name) for name in _SERVERS]
    wait_until(lambda: all(map(is_asleep, pids)))
    assert not listens(served.port)
    for name in _SERVERS:
        assert served.log(name) == ""


def test_credentials_go_also_where_the_storage_hangs_just_then(served: Packages) -> None:
    served.processes.stop("server")
    served.processes.stop("storage")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        served.use_s3(f"http://127.0.0.1:{silent.getsockname()[1]}")
        served.environment["CATALOGUE_LIMIT"] = "4"
        served.start_servers()
        pid = served.processes.pid("storage")
        wait_until(lambda: any(b"copyto" in read(one, "cmdline") for one in children(pid)))
        served.finished.write_text("0")
        wait_until(lambda: is_asleep(pid))
    assert not has_secret(pid)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_signal_that_its_image_asks_for_ends_the_proxy(packages: Packages, shell: str) -> None:
    packages.shell = shell
    packages.write_catalogue(f"{CATALOGUE}sha256 = '{DIGEST}'\n")
    assert packages.fetch().code == 0
    packages.start()
    pid = packages.processes.pid("server")
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: not read(pid, "cmdline"))
    assert not listens(packages.port)
