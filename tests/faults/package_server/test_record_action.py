# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of a DaemonSet's pod: it ends with 0, and others see what it ended with."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.package_server.node import OTHER_HASH, Node, Run
from tests.faults.package_server.packages import SHELLS, wait_until


@pytest.fixture(name="node", params=SHELLS)
def _node(request: pytest.FixtureRequest, node: Node) -> Node:
    """The shell of container and node is each of these."""
    node.use_shell(request.param)
    node.program = "record_action.sh"
    return node


@pytest.mark.parametrize("code", [0, 1, 3, 127, 255])
def test_every_code_is_recorded_and_none_is_given(node: Node, code: int) -> None:
    node.write_script(f"echo said; exit {code}")
    run = node.run()
    assert run.code == 0
    assert run.result["code"] == code
    assert run.result["output"] == "said\n"
    assert node.code_file.read_text() == str(code)


def fail(node: Node, count: Path, **settings: str) -> Run:
    """Runs a script that fails, and counts how often it did."""
    node.write_script(f"echo ran >> {count}; echo because of this; exit 6")
    return node.run(stays="true", **settings)


def test_what_failed_is_told_again_and_not_run_again(node: Node) -> None:
    count = node.folder / "count"
    first = fail(node, count)
    node.code_file.unlink()
    again = fail(node, count, instance="two")
    assert count.read_text() == "ran\n"
    assert (first.result["changed"], again.result["changed"]) == (True, False)
    assert again.result["code"] == 6
    assert again.result["reason"] == (
        "the script ended with code 6; it is not run again before the next run of the action"
    )
    assert again.result["output"] == "because of this\n"
    assert again.result["seconds"] == first.result["seconds"]
    assert node.code_file.read_text() == "6"


def test_a_run_that_was_cut_off_is_not_run_again(node: Node) -> None:
    started, count = node.folder / "started", node.folder / "count"
    node.write_script(f"echo ran >> {count}; echo x > {started}; sleep 60")
    process = node.start(stays="true")
    wait_until(started.exists)
    os.killpg(process.pid, signal.SIGKILL)
    node.end_all()
    again = node.run(stays="true")
    assert (again.result["code"], again.result["output"]) == (73, "")
    assert again.result["reason"].startswith("the run was cut off; ")
    assert count.read_text() == "ran\n"


@pytest.mark.parametrize(
    "settings",
    [{"attempt": "another"}, {"content_hash": OTHER_HASH}, {"force": "true"}, {"stays": "false"}],
    ids=lambda settings: next(iter(settings)),
)
def test_what_failed_runs_again_where_that_is_asked_for(node: Node, settings: dict[str, str]) -> None:
    count = node.folder / "count"
    fail(node, count, attempt="one")
    node.run(**{"stays": "true", "attempt": "one", **settings})
    assert count.read_text() == "ran\nran\n"
    # Of that attempt there is no other one.
    if "attempt" in settings:
        fail(node, count, **settings)
        assert count.read_text() == "ran\nran\n"


def test_what_was_done_before_is_recorded_as_0(node: Node) -> None:
    node.run()
    node.code_file.unlink()
    assert node.run().result["changed"] is False
    assert node.code_file.read_text() == "0"


def test_while_it_runs_there_is_no_code(node: Node) -> None:
    node.code_file.write_text("0")
    started, go_on = node.folder / "started", node.folder / "go-on"
    node.write_script(f"echo x > {started}; while [ ! -e {go_on} ]; do sleep 0.1; done")
    process = node.start()
    wait_until(started.exists)
    assert not node.code_file.exists()
    go_on.touch()
    node.wait(process)
    assert node.code_file.read_text() == "0"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_pod_that_is_told_to_end_gives_the_script_its_time(node: Node, ending: signal.Signals) -> None:
    started, cleaned = node.folder / "started", node.folder / "cleaned"
    node.write_script(f"trap 'sleep 1; echo x > {cleaned}; exit 1' TERM\necho x > {started}\nsleep 60 & wait")
    process = node.start(grace="5")
    wait_until(started.exists)
    process.send_signal(ending)
    run = node.wait(process)
    assert run.code == 0
    assert run.result["code"] == 143
    assert run.result["reason"] == "the pod was told to end while the script ran"
    assert cleaned.exists()
    assert node.code_file.read_text() == "143"


def test_a_code_that_cannot_be_written_is_written_once_it_can_be(node: Node) -> None:
    part = full(node)
    process = node.start()
    wait_until(lambda: b"cannot be written" in node.log())
    time.sleep(1.5)
    assert process.poll() is None
    assert not node.code_file.exists()
    part.unlink()
    run = node.wait(process)
    assert (run.code, run.result["code"]) == (0, 0)
    assert node.code_file.read_text() == "0"
    assert run.log.count(b"cannot be written") == 1


def test_a_pod_that_is_told_to_end_waits_for_no_room(node: Node) -> None:
    full(node)
    process = node.start()
    wait_until(lambda: b"cannot be written" in node.log())
    process.send_signal(signal.SIGTERM)
    assert node.wait(process).code == 0
    assert not node.code_file.exists()


def full(node: Node) -> Path:
    """Has every write to the code's file fail as on a full disk, until this is gone."""
    part = node.code_file.with_name(f"{node.code_file.name}.new")
    part.symlink_to("/dev/full")
    return part


def test_a_run_that_was_called_wrongly_is_recorded_as_well(node: Node) -> None:
    assert node.run(state="nowhere").code == 0
    assert node.code_file.read_text() == "64"
