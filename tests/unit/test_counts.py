# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test runner counts what really ran: reports are made by the tools themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import parts, run
from tests.counts import Counts, of_reports

SUITE = """
import pytest

def test_good(): pass

def test_bad(): assert False

@pytest.fixture
def broken(): raise ValueError

def test_error(broken): pass
"""


def pytest_report(folder: Path, suite: str) -> tuple[Path, int]:
    """Run the suite in a process of its own; return its report and exit code."""
    (folder / "test_suite.py").write_text(suite)
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [*command, f"--junitxml={report}", str(folder)], cwd=folder, capture_output=True, check=False
    )
    return report, done.returncode


def test_failures_and_errors_of_a_real_report_count_as_failed(tmp_path: Path) -> None:
    assert of_reports(*pytest_report(tmp_path, SUITE)) == Counts(passed=1, failed=2)


def test_nothing_collected_is_a_failure(tmp_path: Path) -> None:
    assert of_reports(*pytest_report(tmp_path, "")) == Counts(failed=1)


def test_a_command_killed_after_its_last_good_test_is_a_failure(tmp_path: Path) -> None:
    report, code = pytest_report(tmp_path, "def test_good(): pass\n")
    assert code == 0
    assert of_reports(report, -9) == Counts(passed=1, failed=1)


def test_a_truncated_report_is_a_failure(tmp_path: Path) -> None:
    report, code = pytest_report(tmp_path, "def test_good(): pass\n")
    report.write_text(report.read_text()[:80])
    assert of_reports(report, code) == Counts(failed=1)


def test_a_missing_report_is_a_failure(tmp_path: Path) -> None:
    assert of_reports(tmp_path / "absent.xml", 0) == Counts(failed=1)


def test_a_folder_of_reports_is_summed(tmp_path: Path) -> None:
    report, code = pytest_report(tmp_path, SUITE)
    (tmp_path / "second.xml").write_text(report.read_text())
    assert of_reports(tmp_path, code) == Counts(passed=2, failed=4)


def test_an_earlier_report_does_not_count_again(tmp_path: Path) -> None:
    report, _ = pytest_report(tmp_path, "def test_good(): pass\n")
    step = parts.Step("silent", (sys.executable, "-c", ""), report)
    assert run.run_step(step).counts == Counts(failed=1)


def test_a_missing_command_is_a_failure() -> None:
    assert run.run_step(parts.Step("absent", ("clusterdepot-no-such-command",))).counts == Counts(failed=1)


def test_a_failed_preparation_ends_its_part_and_the_closing_line_comes_last(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    never = parts.Step("never", (sys.executable, "-c", "print('ran anyway')"))
    broken = parts.Step("broken", (sys.executable, "-c", "raise SystemExit(3)"), prepares=True)
    good = parts.Step("good", (sys.executable, "-c", ""))
    monkeypatch.setattr(parts, "PARTS", {"first": lambda _: (broken, never), "second": lambda _: (good,)})
    code = run.main(["first", "second"])
    printed = capfd.readouterr().out
    assert code == 1
    assert "ran anyway" not in printed
    assert printed.splitlines()[-1] == "1 passed, 1 failed"


def test_an_unknown_scenario_is_named_with_those_there_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert run.main(["molecule", "--scenario", "no-such-scenario"]) == 1
    assert "no scenario 'no-such-scenario' in molecule/" in capfd.readouterr().out


def test_the_users_own_cluster_is_not_given_to_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/user/.kube/precious")
    assert "KUBECONFIG" not in parts.environment()
