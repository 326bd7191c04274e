# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of results: as a table for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DECIMALS = 3


@dataclass(frozen=True)
class Row:
    """One figure of ours beside that of the peer; `peer` is None where there is none to compare with."""

    name: str
    ours: float
    peer: float | None
    unit: str
    better: Literal["lower", "higher"]

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's; None without a peer, or where the peer's figure is 0."""
        return self.ours / self.peer if self.peer else None

    def record(self) -> dict[str, str | float | None]:
        """The row as results.json has it; figures and ratio have three decimals."""
        return {
            "name": self.name,
            "ours": round(self.ours, DECIMALS),
            "peer": _rounded(self.peer),
            "ratio": _rounded(self.ratio),
            "unit": self.unit,
            "better": self.better,
        }


def table(rows: Sequence[Row]) -> list[str]:
    """Lay the rows out as aligned lines below a heading; a dash stands for what a row does not have."""
    heading = ("name", "ours", "peer", "ratio", "unit")
    cells = [heading, *((row.name, *map(_shown, (row.ours, row.peer, row.ratio)), row.unit) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_line(line, widths) for line in cells]


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list, in place of what the file held; a reader never sees half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps([row.record() for row in rows], indent=1) + "\n")
    partial.replace(path)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *numbers, last = (
        cell.ljust(width) if place in (0, len(cells) - 1) else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *numbers, last]).rstrip()
