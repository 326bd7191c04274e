# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy with our files for 1,000 routes beside a program in Go that looks the first segment up in a map."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import redirectors
from benchmarks.redirect_rounds import FEWER_ROUNDS, ROUNDS, UNIT, machine
from benchmarks.results import Row

NAME = "router_1000_vs_go"
NUMBER = 1000
OTHER_NUMBERS = (3, 100, 10_000)


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median of requests in a second of the core. Raises BenchmarkError, also where an answer is wrong."""
    with machine(progress) as place:
        for number in OTHER_NUMBERS:
            place.contest(redirectors.go_redirector, number, FEWER_ROUNDS)
        mine, other = place.contest(redirectors.go_redirector, NUMBER, count or ROUNDS).medians
    return Row(NAME, mine, other, UNIT, "higher")
