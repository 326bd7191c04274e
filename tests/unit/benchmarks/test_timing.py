# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that take turns, and their medians."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from benchmarks.timing import Pairs, paired, repeated, seconds


def test_the_two_sides_take_turns() -> None:
    order: list[str] = []

    def side(name: str) -> Callable[[], float]:
        def measure() -> float:
            order.append(name)
            return float(len(order))

        return measure

    pairs = paired(side("ours"), side("peer"), 3, lambda _: None)
    assert order == ["ours", "peer"] * 3
    assert pairs == Pairs((1.0, 3.0, 5.0), (2.0, 4.0, 6.0))


def test_each_pair_is_told_as_it_is_done() -> None:
    lines: list[str] = []
    paired(lambda: 1.0, lambda: 2.0, 2, lines.append)
    assert lines == ["pair 1 of 2: ours 1.00 s, peer 2.00 s", "pair 2 of 2: ours 1.00 s, peer 2.00 s"]


def test_figures_are_told_with_their_unit() -> None:
    lines: list[str] = []
    paired(lambda: 1.0, lambda: 2.0, 1, lines.append, "requests/s")
    assert lines == ["pair 1 of 1: ours 1.00 requests/s, peer 2.00 requests/s"]


def test_one_slow_run_does_not_move_the_median() -> None:
    assert Pairs((1.0, 90.0, 1.2), (2.0, 2.1, 2.2)).medians == (1.2, 2.1)


def test_an_even_number_of_runs_has_the_mean_of_the_middle_two() -> None:
    assert Pairs((4.0, 1.0, 2.0, 3.0), (1.0, 1.0, 1.0, 1.0)).medians == (2.5, 1.0)


def test_runs_without_a_peer_are_all_given() -> None:
    lines: list[str] = []
    figures = iter((3.0, 1.0))
    assert list(repeated(lambda: next(figures), 2, lines.append)) == [3.0, 1.0]
    assert lines == ["run 1 of 2: 3.00 s", "run 2 of 2: 1.00 s"]


@pytest.mark.parametrize("count", [0, -1])
def test_no_runs_are_refused_before_anything_runs(count: int) -> None:
    def never() -> float:
        raise AssertionError("measured")

    with pytest.raises(ValueError, match="at least 1"):
        paired(never, never, count, lambda _: None)
    with pytest.raises(ValueError, match="at least 1"):
        repeated(never, count, lambda _: None)


def test_seconds_are_those_of_the_action() -> None:
    assert 0.05 <= seconds(lambda: time.sleep(0.05)) < 5


def test_what_an_action_raises_is_passed_on() -> None:
    with pytest.raises(ZeroDivisionError):
        seconds(lambda: 1 // 0)
