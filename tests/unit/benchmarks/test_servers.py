# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers are small programs here; what they take of the machine is read from the kernel."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.servers import family, processor_seconds, resident_octets, running
from devcluster.ports import free_port

MANY_OCTETS = 50_000_000


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def listening(port: int, before: str = "pass") -> list[str]:
    code = f"import socket, time; {before}; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    return python(code)


def test_a_server_runs_from_when_it_listens_until_the_block_ends(tmp_path: Path) -> None:
    port = free_port()
    with running(listening(port), tmp_path, port) as process:
        assert family(process) == [process]
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_server_has_the_variables_that_it_is_given_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_A_USER", "1")
    port = free_port()
    show = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}), flush=True)"
    with running(listening(port, show), tmp_path, port, {"GOMAXPROCS": "1"}):
        assert (tmp_path / "log").read_text() == "['GOMAXPROCS', 'PATH']\n"


def test_a_server_that_ends_by_itself_is_told_with_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(BenchmarkError, match="did not start: no such disk"),
        running(python("raise SystemExit('no such disk')"), tmp_path, free_port()),
    ):
        raise AssertionError("the block is not reached")


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="there-is-none"), running(["/there-is-none"], tmp_path, 1):
        raise AssertionError("the block is not reached")


def test_memory_and_time_of_children_count(tmp_path: Path) -> None:
    port = free_port()
    child = f"many = bytearray({MANY_OCTETS}); [n for n in range(10**7)]; print('done', flush=True)"
    start = f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {child + '; input()'!r}],"
    start += " stdin=subprocess.PIPE, stdout=subprocess.PIPE); c.stdout.readline()"
    with running(listening(port, start), tmp_path, port) as process:
        first, second = family(process)
        assert first == process
        assert resident_octets(process) > MANY_OCTETS
        assert resident_octets(process) > resident_octets(second)
        assert processor_seconds(process) >= processor_seconds(second) > 0.05


def test_a_process_that_is_gone_gives_no_figure() -> None:
    ended = subprocess.Popen(python(""))
    ended.wait()
    with pytest.raises(BenchmarkError, match=f"process {ended.pid} is gone"):
        processor_seconds(ended.pid)


def test_a_process_whose_name_has_blanks_is_read(tmp_path: Path) -> None:
    program = tmp_path / "a (b) c"
    program.symlink_to(os.path.realpath(sys.executable))
    port = free_port()
    with running([str(program), *listening(port)[1:]], tmp_path, port) as process:
        assert 0 < processor_seconds(process) < 60
