# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many tests of a command passed and failed, read from the JUnit reports it left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests import junit
from tests.junit import State


@dataclass(frozen=True)
class Counts:
    """Numbers of executed tests; ``skipped`` ones count as neither passed nor failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add number by number."""
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


def of_exit_code(code: int) -> Counts:
    """Count a command without a report as one test."""
    return Counts(passed=1) if code == 0 else Counts(failed=1)


def of_reports(reports: Path, code: int) -> Counts:
    """Count the test cases of a JUnit file, or of all ``*.xml`` files of a folder.

    A command that failed without a failing case (nothing collected, killed, an internal error), or that left
    no report at all, counts as one failed test: what did not run is no success.
    """
    states = Counter(case.state for case in junit.read(reports))
    total = Counts(states[State.PASSED], states[State.FAILED], states[State.SKIPPED])
    unexplained = code != 0 and total.failed == 0
    silent = total.passed + total.failed == 0
    return total + Counts(failed=1) if unexplained or silent else total
