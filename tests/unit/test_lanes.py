# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the test suite that run side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import parts, run

# Leaves a file of its own, and ends when the other's is there.
MEETS = """
import os, sys, time
from pathlib import Path
own, other = map(Path, sys.argv[1:])
own.touch()
print(f"{own.name} is as nice as {os.nice(0)}")
for _ in range(600):
    if other.exists():
        print(f"{own.name} met {other.name}")
        break
    time.sleep(0.1)
else:
    sys.exit(1)
"""
# Each part says that it waits, until it is interrupted; its second step must not begin.
INTERRUPTED = """
import signal, sys
from tests import parts, run
# What a shell began in the background ignores SIGINT, and so would this and its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
waits = "import signal, sys; print('waits', flush=True); signal.sigwait([signal.SIGINT])"
first = parts.Step("waits", (sys.executable, "-c", waits))
second = parts.Step("second", (sys.executable, "-c", "print('began', 'after')"))
parts.PARTS = {"units": lambda _: (first, second), "molecule": lambda _: (first, second)}
run.main(["units", "molecule"])
"""


def test_what_needs_the_cluster_runs_beside_the_others_and_all_in_their_order() -> None:
    assert parts.lanes(["lint", "molecule", "units"]) == [["lint", "units"], ["molecule"]]
    assert parts.lanes(["units", "lint"]) == [["units", "lint"]]
    assert parts.lanes(["molecule"]) == [["molecule"]]


def test_lanes_run_at_the_same_time_and_each_line_tells_its_part(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def meets(own: str, other: str) -> parts.Step:
        return parts.Step("meets", (sys.executable, "-c", MEETS, str(tmp_path / own), str(tmp_path / other)))

    monkeypatch.setattr(
        parts, "PARTS", {"units": lambda _: (meets("a", "b"),), "molecule": lambda _: (meets("b", "a"),)}
    )
    assert run.main(["units", "molecule"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert "units| a met b" in lines
    assert "molecule| b met a" in lines
    # The scenarios take longest, and have the processor first.
    own = os.nice(0)
    assert f"units| a is as nice as {min(own + 5, 19)}" in lines
    assert f"molecule| b is as nice as {own}" in lines
    assert lines[-1] == "2 passed, 0 failed"


def test_an_interrupt_begins_no_further_step() -> None:
    environment = os.environ | {"PYTHONPATH": str(parts.ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # The group of processes that a terminal would interrupt.
        process_group=0,
    ) as process:
        assert process.stdout is not None
        waiting = 0
        while waiting < 2:
            line = process.stdout.readline()
            assert line, "ended before both lanes had begun"
            waiting += line.endswith("| waits\n")
        os.killpg(process.pid, signal.SIGINT)
        try:
            printed, errors = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert "began after" not in printed
    assert "KeyboardInterrupt" in errors
