# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy with our files for 1,000 routes beside nginx with the same; `make bench` tells the rest on its way.

The row is without access logs on both sides: with them, writing lines is most of the work. Both with them are
told as well.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import redirectors
from benchmarks.many_routes import prefix_routes
from benchmarks.redirect_rounds import FEWER_ROUNDS, ROUNDS, UNIT, machine
from benchmarks.results import Row

NAME = "router_1000_vs_nginx"
NUMBER = 1000
OTHER_NUMBERS = (3, 100, 10_000)


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median of requests in a second of the core. Raises BenchmarkError, also where an answer is wrong."""
    with machine(progress) as place:
        for number in OTHER_NUMBERS:
            place.contest(redirectors.nginx, number, FEWER_ROUNDS)
        place.tell_last(redirectors.nginx, NUMBER, FEWER_ROUNDS)
        routes = prefix_routes(NUMBER)
        with (
            place.side(redirectors.logging_haproxy, routes, routes) as ours,
            place.side(redirectors.logging_nginx, routes, routes) as peer,
        ):
            place.compare(f"{NUMBER} routes with access logs", ours, peer, FEWER_ROUNDS)
        mine, other = place.contest(redirectors.nginx, NUMBER, count or ROUNDS).medians
    return Row(NAME, mine, other, UNIT, "higher")
