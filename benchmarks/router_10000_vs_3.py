# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy with our files for 10,000 routes by path, beside itself with 3; routes by a header are told too."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import redirectors
from benchmarks.many_routes import prefix_routes
from benchmarks.redirect_rounds import FEWER_ROUNDS, ROUNDS, UNIT, machine
from benchmarks.results import Row

NAME = "router_10000_vs_3"
MANY = 10_000
FEW = 3
HEADER_NUMBERS = (3, 100, 1000)


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median of requests in a second of the core. Raises BenchmarkError, also where an answer is wrong."""
    with machine(progress) as place:
        for number in HEADER_NUMBERS:
            place.tell_headers(number, FEWER_ROUNDS)
        many, few = prefix_routes(MANY), prefix_routes(FEW)
        with (
            place.side(redirectors.haproxy, many, many) as ours,
            place.side(redirectors.haproxy, few, few) as peer,
        ):
            mine, other = place.compare(f"{MANY} routes, and {FEW}", ours, peer, count or ROUNDS).medians
    return Row(NAME, mine, other, UNIT, "higher")
