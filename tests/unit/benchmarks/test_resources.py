# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from benchmarks import resources
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Used, measure

BUSY = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
LARGE = "x = b'x' * 300_000_000"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def in_a_child(code: str) -> list[str]:
    return python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)")


def test_output_is_given_in_the_order_it_was_written(tmp_path: Path) -> None:
    code = "import sys; print(1, flush=True); print(2, file=sys.stderr, flush=True); print(3)"
    assert measure(python(code), tmp_path, {})[1] == "1\n2\n3\n"


def test_waiting_takes_time_and_no_processor(tmp_path: Path) -> None:
    used, _ = measure(python("import time; time.sleep(0.5)"), tmp_path, {})
    assert used.wall >= 0.5
    assert used.cpu < 0.4


@pytest.mark.parametrize("command", [python(BUSY), in_a_child(BUSY)], ids=["itself", "child"])
def test_processor_time_is_counted(tmp_path: Path, command: list[str]) -> None:
    assert 0.3 <= measure(command, tmp_path, {})[0].cpu < 5


@pytest.mark.parametrize("command", [python(LARGE), in_a_child(LARGE)], ids=["itself", "child"])
def test_memory_is_counted_in_octets(tmp_path: Path, command: list[str]) -> None:
    assert 300e6 < measure(command, tmp_path, {})[0].peak < 600e6


def test_folder_and_environment_are_those_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_USERS", "x")
    code = "import os; print(os.getcwd(), os.environ['OURS'], 'OF_THE_USERS' in os.environ)"
    assert measure(python(code), tmp_path, {"OURS": "y"})[1] == f"{tmp_path} y False\n"


def test_a_failure_tells_the_code_and_the_end_of_what_was_said(tmp_path: Path) -> None:
    code = "print('begin' + 'x' * 5000, flush=True); raise SystemExit('why')"
    with pytest.raises(BenchmarkError, match=r"ended with 1:\nx+\s+why") as failed:
        measure(python(code), tmp_path, {})
    assert "begin" not in str(failed.value)


def is_running(pid: str) -> bool:
    """Whether a process is neither gone nor a zombie, until whoever inherited it looks (proc(5))."""
    try:
        return ") Z " not in Path("/proc", pid, "stat").read_text()
    except FileNotFoundError:
        return False


def test_a_command_that_never_ends_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "TIMEOUT", 1.0)
    script = "sleep 60 & echo $! > child; wait"
    started = time.monotonic()
    with pytest.raises(BenchmarkError, match="ended with -9"):
        measure(["bash", "-c", script], tmp_path, {"PATH": os.environ["PATH"]})
    assert time.monotonic() - started < 10
    child = (tmp_path / "child").read_text().strip()
    # A signal takes a moment to arrive.
    while is_running(child):
        assert time.monotonic() - started < 20
        time.sleep(0.05)


def test_figures_are_shown_with_their_units() -> None:
    assert str(Used(1.234, 0.5, 29_600_000)) == "1.23 s, 0.50 s of processor, 30 MB at most"
