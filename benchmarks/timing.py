# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are compared take turns, so that a slow minute of the machine is shared by both sides."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Measure = Callable[[], float]


@dataclass(frozen=True)
class Pairs:
    """The figures of both sides, in the order of the runs; both have the same length, at least 1."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def medians(self) -> tuple[float, float]:
        """Median of ours and of the peer."""
        return statistics.median(self.ours), statistics.median(self.peer)


def seconds(action: Callable[[], object]) -> float:
    """Wall clock seconds that the action takes; what it raises is passed on."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def paired(
    ours: Measure, peer: Measure, count: int, progress: Callable[[str], None], unit: str = "s"
) -> Pairs:
    """Measure ours, peer, ours, peer and so on, `count` times each.

    A measure does what has to be done before, and gives the figure, in `unit`, of what is timed only. Raises
    ValueError where `count` is below 1.
    """
    _check(count)
    left: list[float] = []
    right: list[float] = []
    for number in range(1, count + 1):
        left.append(ours())
        right.append(peer())
        progress(f"pair {number} of {count}: ours {left[-1]:.2f} {unit}, peer {right[-1]:.2f} {unit}")
    return Pairs(tuple(left), tuple(right))


def repeated(measure: Measure, count: int, progress: Callable[[str], None]) -> Sequence[float]:
    """Measure `count` times, where there is no peer. Raises ValueError where `count` is below 1."""
    _check(count)
    taken: list[float] = []
    for number in range(1, count + 1):
        taken.append(measure())
        progress(f"run {number} of {count}: {taken[-1]:.2f} s")
    return taken


def _check(count: int) -> None:
    if count < 1:
        raise ValueError(f"{count} runs give no figure; at least 1 is needed")
