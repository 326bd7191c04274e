# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor, run as the first process of nothing: in a process of its own, with real children."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.certificates import authority
from devcluster.plan import Component, Plan, Probe
from devcluster.status import State, Status

ROOT = Path(__file__).parents[3]
WAIT_SECONDS = 20.0
# The pauses before a restart are shortened: how long they are is not what is tested.
SUPERVISE = """
import sys
from pathlib import Path
from devcluster import readiness, supervisor
from devcluster.plan import Plan
supervisor.RESTART_SECONDS = (0.01,)
readiness.SETTLED_SECONDS = 0.05
supervisor.Supervisor(Plan.read(Path(sys.argv[1]))).run()
"""
Supervise = Callable[..., Path]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    started: list[subprocess.Popen[bytes]] = []
    authority(tmp_path, "authority")

    def start(*components: Component) -> Path:
        certificate = str(tmp_path / "authority.crt")
        plan = Plan("", "", "", "", "", "", "", certificate, str(tmp_path), str(tmp_path), (), {}, components)
        (tmp_path / "plan.json").write_text(plan.text())
        command = [sys.executable, "-c", SUPERVISE, str(tmp_path / "plan.json")]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        started.append(subprocess.Popen(command, env=environment, start_new_session=True))
        return tmp_path

    yield start
    for process in started:
        # Its children have sessions of their own, and are known by their parent.
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        process.wait()
        for child in children:
            os.kill(int(child), 9)


def wait_for(folder: Path, holds: Callable[[Status], bool]) -> Status:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        status = Status.read(folder / "status.json")
        if status is not None and holds(status):
            return status
        time.sleep(0.02)
    raise AssertionError(Status.read(folder / "status.json"))


def shell(name: str, script: str, kind: str = "running", needs: tuple[str, ...] = ()) -> Component:
    return Component(name, ("/bin/sh", "-c", script), Probe(kind), needs)


def test_a_component_starts_once_what_it_needs_is_ready(supervise: Supervise, tmp_path: Path) -> None:
    order = tmp_path / "order"
    supervise(
        shell("step", f"sleep 0.2; echo step >> {order}", "exit"),
        shell("server", f"echo server >> {order}; exec sleep 60", needs=("step",)),
    )
    status = wait_for(tmp_path, lambda now: now.ready)
    assert order.read_text() == "step\nserver\n"
    assert status.unfinished() == []


def test_a_component_that_keeps_ending_is_given_up_with_its_last_words(supervise: Supervise) -> None:
    folder = supervise(shell("broken", "echo this is why >&2; exit 3"), shell("next", ":", needs=("broken",)))
    status = wait_for(folder, lambda now: bool(now.failed))
    assert status.failed == "broken"
    assert "this is why\ndevcluster: broken ended, exit code 3" in status.log
    assert status.components == {"broken": State.FAILED, "next": State.WAITING}


def test_a_binary_that_is_gone_is_a_failure_of_its_component_only(supervise: Supervise) -> None:
    folder = supervise(Component("gone", ("/no/such/binary",), Probe("running")), shell("well", "sleep 60"))
    status = wait_for(folder, lambda now: bool(now.failed) and now.components["well"] is State.READY)
    assert status.failed == "gone"
    assert "/no/such/binary: No such file or directory" in status.log


def test_a_component_that_was_ready_is_restarted_for_ever(supervise: Supervise, tmp_path: Path) -> None:
    count = tmp_path / "count"
    supervise(shell("server", f"echo x >> {count}; sleep 0.15"))
    deadline = time.monotonic() + WAIT_SECONDS
    while not count.exists() or len(count.read_text().split()) <= 7:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    status = Status.read(tmp_path / "status.json")
    assert status is not None
    assert status.failed == ""


def test_a_step_that_failed_is_tried_again(supervise: Supervise, tmp_path: Path) -> None:
    marker = tmp_path / "second"
    folder = supervise(shell("step", f"test -e {marker} || {{ touch {marker}; exit 1; }}", "exit"))
    assert wait_for(folder, lambda now: now.ready).failed == ""
