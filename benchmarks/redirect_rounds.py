# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Short rounds of load, in turn on each side, on a machine with a core for the servers and one for the load.

What is compared is requests in a second of the servers' core, by the processor time that a server has had.
By the clock a fast server waits for the load, which needs about as long for a request as the server does, and
two fast servers would look alike. What else runs on the machine moves the clock, too.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Route
from benchmarks import redirectors, servers, timing
from benchmarks.errors import BenchmarkError
from benchmarks.load_generator import WARM_SECONDS, Load, LoadGenerator
from benchmarks.many_routes import header_routes, prefix_routes, requests
from benchmarks.redirectors import Place, Redirector

UNIT = "requests/s of a core"
ROUND_SECONDS = 2.0
ROUNDS = 9
# Of what is told beside the row.
FEWER_ROUNDS = 3

Start = Callable[[Place, Sequence[Route]], AbstractContextManager[Redirector]]


@dataclass(frozen=True)
class Round:
    """``processor_seconds`` are those that the server had its core, warming up included."""

    load: Load
    processor_seconds: float

    @property
    def figure(self) -> float:
        """Requests in a second of the core."""
        return self.load.count / self.processor_seconds


@dataclass
class Side:
    """A running redirector, what is asked of it, and the rounds so far."""

    server: Redirector
    requests: Path
    generator: LoadGenerator
    rounds: list[Round] = field(default_factory=list)

    def ask(self) -> float:
        """Play a round, and give its figure. Raises BenchmarkError, also for a wrong answer."""
        before = servers.processor_seconds(self.server.process)
        load = self.generator.ask(self.server.port, self.requests, ROUND_SECONDS)
        used = servers.processor_seconds(self.server.process) - before
        if not used:
            raise BenchmarkError(f"{self.server.name} answered {load.count} requests in no time")
        self.rounds.append(Round(load, used))
        return self.rounds[-1].figure

    def __str__(self) -> str:
        memory = servers.resident_octets(self.server.process)
        return f"{self.server.name} {summary(self.rounds)}, {memory / 1e6:.0f} MB"


def summary(rounds: Sequence[Round]) -> str:
    """Medians of the rounds, of which there is at least one: what a core can do, and what clients saw."""
    loads = [one.load for one in rounds]
    share = statistics.median(one.processor_seconds for one in rounds) / (ROUND_SECONDS + WARM_SECONDS)
    return (
        f"{statistics.median(one.figure for one in rounds):.0f} {UNIT}"
        f" (by the clock {statistics.median(one.rate for one in loads):.0f}/s with {share:.0%} of it;"
        f" p50 {statistics.median(one.half for one in loads):.2f} ms,"
        f" p99 {statistics.median(one.most for one in loads):.2f} ms)"
    )


@dataclass(frozen=True)
class Machine:
    """Where redirectors and the load generator run."""

    place: Place
    generator: LoadGenerator
    progress: Callable[[str], None]

    @contextmanager
    def side(self, start: Start, routes: Sequence[Route], asked: Sequence[Route]) -> Iterator[Side]:
        """A redirector with these routes, for as long as the block; `asked` are those that are asked for."""
        with start(self.place, routes) as server:
            yield Side(server, self.generator.written(requests(asked)), self.generator)

    def compare(self, title: str, ours: Side, peer: Side, count: int) -> timing.Pairs:
        """Both in turn; tells what is known of them, and their ratio. Raises BenchmarkError."""
        pairs = timing.paired(ours.ask, peer.ask, count, lambda _: None, UNIT)
        mine, other = pairs.medians
        for side in (ours, peer):
            self.progress(f"{title}: {side}")
        self.progress(f"{title}: ratio {mine / other:.2f}")
        return pairs

    def contest(self, peer: Start, number: int, count: int) -> timing.Pairs:
        """Ours beside a peer, all of so many routes by path asked for. Raises BenchmarkError."""
        routes = prefix_routes(number)
        with (
            self.side(redirectors.haproxy, routes, routes) as ours,
            self.side(peer, routes, routes) as other,
        ):
            return self.compare(f"{number} routes", ours, other, count)

    def tell_last(self, peer: Start, number: int, count: int) -> None:
        """As contest, but only the last route is asked for."""
        routes = prefix_routes(number)
        with (
            self.side(redirectors.haproxy, routes, routes[-1:]) as ours,
            self.side(peer, routes, routes[-1:]) as other,
        ):
            self.compare(f"the last of {number} routes", ours, other, count)

    def tell_headers(self, number: int, count: int) -> None:
        """Ours alone with so many routes by a header: all, and only the last. Raises BenchmarkError."""
        routes = header_routes(number)
        for title, asked in (("", routes), ("the last of ", routes[-1:])):
            with self.side(redirectors.haproxy, routes, asked) as ours:
                timing.repeated(ours.ask, count, lambda _: None)
                self.progress(f"{title}{number} routes by a header: {ours}")


@contextmanager
def machine(progress: Callable[[str], None]) -> Iterator[Machine]:
    """For as long as the block. Raises BenchmarkError where there are fewer than two cores."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchmarkError("a server and its load need a core each, and there is only one")
    with tempfile.TemporaryDirectory(prefix="clusterdepot-benchmark-") as name:
        generator = LoadGenerator.built(Path(name), cores[0])
        yield Machine(Place(Path(name), cores[-1]), generator, progress)
