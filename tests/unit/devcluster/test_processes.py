# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's processes are found by their mark, and nothing else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster import processes

SLEEP = ("sleep", "60")


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    children: list[subprocess.Popen[bytes]] = []
    yield children
    for child in children:
        child.kill()
        child.wait()


def start(started: list[subprocess.Popen[bytes]], state: Path) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(SLEEP, env={"PATH": os.environ["PATH"], processes.MARK: str(state)})
    started.append(child)
    deadline = time.monotonic() + 5
    while b"sleep" not in Path(f"/proc/{child.pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline
    return child


def test_only_the_processes_of_this_state_folder_are_found(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    ours = start(started, tmp_path / "a")
    start(started, tmp_path / "ab")
    assert processes.marked(tmp_path / "a") == [ours.pid]


def test_only_they_are_ended(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    ours, other = start(started, tmp_path / "a"), start(started, tmp_path / "b")
    processes.end_all(tmp_path / "a")
    assert ours.wait(timeout=5) == -signal.SIGKILL
    assert other.poll() is None


def test_ending_nothing_is_fine(tmp_path: Path) -> None:
    processes.end_all(tmp_path)


def test_a_process_of_the_machine_is_no_first_process(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    child = start(started, tmp_path)
    assert processes.first_of_namespace([child.pid, 2**22 + 1]) is None
