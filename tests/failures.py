# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed, in the few lines that are told again at the end of a long run."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests import junit

LINES = 25
WIDTH = 400
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# How Ansible and Python begin what went wrong.
BEGINS = re.compile(r"fatal: \[|failed: \[|\bERROR\b|\bCRITICAL\b|^Traceback ")


@dataclass(frozen=True)
class Failure:
    """A test, or a command that ran none; ``lines`` are the last ones of what it said."""

    name: str
    lines: tuple[str, ...]


@dataclass
class Excerpt:
    """Of a command's output, the first lines that tell of an error, or the last ones where none does."""

    first: list[str] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))

    def add(self, line: str) -> None:
        """Take one line of the output."""
        line = COLOUR.sub("", line)
        self.last.append(line)
        if len(self.first) < LINES and (self.first or BEGINS.search(line)):
            self.first.append(line)

    def lines(self) -> tuple[str, ...]:
        """Return what is worth telling again."""
        return tuple(self.first or self.last)


def of_reports(reports: Path | None) -> list[Failure]:
    """Return what the failed cases of a JUnit file, or of a folder of such, tell."""
    cases = [] if reports is None else junit.read(reports)
    return [Failure(case.name, tuple(text.splitlines()[-LINES:])) for case in cases for text in case.told]


def told(failures: Sequence[tuple[str, Failure]]) -> list[str]:
    """Lay pairs of a part and a failure out as lines, cut after WIDTH characters, each under its name."""
    lines: list[str] = []
    for part, failure in failures:
        lines += [f"FAILED {part}: {failure.name}", *(f"  {line[:WIDTH]}" for line in failure.lines), ""]
    return lines
