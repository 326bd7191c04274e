# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test cases of JUnit reports, as the tools leave them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree


class State(Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One case; ``told`` are the texts of its failures and errors, none where the report cannot be read."""

    name: str
    state: State
    told: tuple[str, ...] = ()


def read(reports: Path) -> list[Case]:
    """Return the cases of a JUnit file, or of all ``*.xml`` files of a folder.

    A missing file has none; one that cannot be read is a failed case.
    """
    files = sorted(reports.glob("*.xml")) if reports.is_dir() else [reports]
    return [case for file in files if file.is_file() for case in _of_file(file)]


def _of_file(file: Path) -> Iterator[Case]:
    try:
        root = ElementTree.parse(file).getroot()
    except ElementTree.ParseError:
        yield Case(file.name, State.FAILED)
        return
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found = (*case.findall("failure"), *case.findall("error"))
        if found:
            yield Case(name, State.FAILED, tuple(one.text or one.get("message") or "" for one in found))
        else:
            yield Case(name, State.PASSED if case.find("skipped") is None else State.SKIPPED)
