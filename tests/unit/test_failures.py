# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed is told again at the end, where a log of hours is looked at first."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import parts, run
from tests.failures import LINES, WIDTH, Excerpt

SUITE = """
import pytest

def test_good(): pass

def test_bad(): assert "what it was" == "what it should be"

@pytest.fixture
def broken(): raise ValueError("not to be had")

def test_error(broken): pass
"""
PLAY = r"""
print("\033[32mok: [embedded]\033[0m")
print("\033[31mfatal: [embedded]: FAILED! => no such claim\033[0m")
print("x" * 10000)
for number in range(200):
    print("cleanup", number)
raise SystemExit(2)
"""


def told(code_and_output: str) -> list[str]:
    """The lines between what the lanes print and the table."""
    lines = code_and_output.splitlines()
    return lines[: next(at for at, line in enumerate(lines) if line.startswith("part "))]


@pytest.mark.parametrize("folder", [False, True])
def test_failed_tests_are_named_with_their_reasons_before_the_table(
    folder: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    reports = tmp_path / "reports"
    report = reports / "one.xml"
    arguments = ("-p", "no:cacheprovider", f"--rootdir={tmp_path}", f"--junitxml={report}", str(tmp_path))
    step = parts.Step("pytest", parts.python("-m", "pytest", *arguments), reports if folder else report)
    monkeypatch.setattr(parts, "PARTS", {"units": lambda _: (step,)})
    assert run.main(["units"]) == 1
    lines = told(capfd.readouterr().out)
    # What pytest itself has printed comes before.
    at, second = (lines.index(f"FAILED units: test_suite::test_{name}") for name in ("bad", "error"))
    assert any("'what it was' == 'what it should be'" in line for line in lines[at:second])
    assert any("ValueError: not to be had" in line for line in lines[second:])
    assert not any("test_good" in line for line in lines[at:])


def test_a_command_without_a_failed_test_is_told_from_its_first_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    good = parts.Step("good", (sys.executable, "-c", ""))
    play = parts.Step("trow", (sys.executable, "-c", PLAY))
    monkeypatch.setattr(parts, "PARTS", {"units": lambda _: (good,), "molecule": lambda _: (play,)})
    assert run.main(["units", "molecule"]) == 1
    lines = told(capfd.readouterr().out)
    again = lines[lines.index("FAILED molecule: trow") + 1 :]
    assert again[:2] == ["  fatal: [embedded]: FAILED! => no such claim", f"  {'x' * WIDTH}"]
    assert len([line for line in again if line]) == LINES


def test_output_without_an_error_is_told_by_its_end() -> None:
    said = Excerpt()
    for number in range(LINES * 2):
        said.add(f"line {number}")
    assert said.lines() == tuple(f"line {number}" for number in range(LINES, LINES * 2))
