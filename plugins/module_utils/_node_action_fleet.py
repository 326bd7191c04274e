# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends an action to nodes, never to more than so many at once, and waits for what comes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import Look
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_errand import Errand
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.batches import Dispatch
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress

_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0
# Looking must not cost the API server more than a part of the time.
_PAUSE_PER_LOOK = 2.0
_SLOWER = 1.25
_FORBIDDEN = 403


@dataclass(frozen=True)
class Sources:
    """Where a fleet gets what it needs.

    :ivar make: begins the part of a node, by its name
    :ivar look: reads Jobs and pods
    :ivar keep: keeps other runs of the action away; raises ArtifactsError where it cannot any more
    :ivar halt: keeps a DaemonSet's controller from making pods of an older content anew
    :ivar most_unready: so many pods of a DaemonSet may be unready before its controller makes no other one
      anew; None where nodes are started by this run alone
    :ivar refusals: reads why pods of these Jobs or DaemonSets may not be made, by their names
    """

    client: KubeClient
    make: Callable[[str], Errand]
    look: Callable[[], Look]
    keep: Callable[[], None]
    refusals: Callable[[Iterable[str]], dict[str, str]]
    halt: Callable[[], None] = lambda: None
    most_unready: int | None = None


class Fleet:
    """All nodes of one run.

    :ivar errands: those that were begun, by node
    """

    def __init__(
        self,
        sources: Sources,
        dispatch: Dispatch,
        begun: Mapping[str, Errand],
        *,
        silence: float,
        progress: Progress,
    ) -> None:
        """Prepare; ``silence`` is how many seconds the API server may be away before that is an error."""
        self._sources, self._dispatch, self._silence, self._progress = sources, dispatch, silence, progress
        self.errands: dict[str, Errand] = dict(begun)
        self._open: dict[str, Errand] = dict(begun)
        self._look = Look(0, {}, {})
        self._silent_since: float | None = None
        self._began = time.monotonic()
        self._quiet = _SHORTEST_PAUSE
        self._looked = 0.0
        self._failed = 0
        self._stopped = ""
        self._refusals: dict[int, dict[str, str]] = {}
        self._lock = threading.Lock()

    def run(self) -> str:
        """Go on until nothing runs and nothing will be started; gives why it was stopped, or nothing.

        :raises KubeUnavailableError: the API server was away for too long
        :raises ArtifactsError: another run of the action has taken over
        """
        news: list[Outcome] = []
        while True:
            step = self._dispatch.next(news)
            for node in step.start:
                self.errands[node] = self._open[node] = self._sources.make(node)
            reason = step.stopped or self._blocked()
            if reason and self._open:
                self._stop(reason)
            if step.over or (step.stopped and not self._open):
                return step.stopped
            # They are begun before the next look, which will then show them.
            news = self._advance(step.start)
            if not news:
                time.sleep(self._pause())
                news = self._advance(self._open) if self._look_again() else []
            self._tell(news)

    def report(self) -> tuple[Outcome, ...]:
        """One outcome for each node; of those that have none yet, how far they are."""
        found = self._dispatch.report()
        return tuple(
            outcome
            if outcome.over or outcome.node not in self.errands
            else self.errands[outcome.node].outcome
            for outcome in found
        )

    def _stop(self, reason: str) -> None:
        """Have nothing begun any more where it was not begun yet."""
        if not self._stopped:
            try:
                self._sources.halt()
            except KubeUnavailableError:
                # It is asked again with the next look.
                return
            self._stopped = reason
        for errand in self._open.values():
            errand.stop(self._stopped)

    def _blocked(self) -> str:
        """Why a DaemonSet's controller does not go on by itself; empty where it does."""
        most = self._sources.most_unready
        if most is None or self._failed < most:
            return ""
        return (
            f"{self._failed} pods that failed stay unready; no more than {most} may be (max_parallel), so no "
            "other one is made anew"
        )

    def _look_again(self) -> bool:
        """Whether there is a newer look, or none is needed; false while the API server is away."""
        began = time.monotonic()
        try:
            self._sources.keep()
            if not any(errand.watches for errand in self._open.values()):
                return True
            self._look = self._sources.look()
        except KubeUnavailableError as error:
            self._silent_since = self._silent_since or began
            if time.monotonic() - self._silent_since >= self._silence:
                raise
            self._progress.update(f"{self._seconds():.0f} s: {error.message}")
            return False
        self._silent_since = None
        self._looked = time.monotonic() - began
        return True

    def _advance(self, nodes: Iterable[str]) -> list[Outcome]:
        found = self._sources.client.in_parallel(self._advance_one, nodes)
        news = [outcome for outcome in found.values() if outcome is not None]
        for outcome in news:
            del self._open[outcome.node]
        if news:
            self._quiet = _SHORTEST_PAUSE
            for errand in self._open.values():
                errand.touch()
        return news

    def _advance_one(self, node: str) -> Outcome | None:
        return self._open[node].advance(self._look, self._refusal)

    def _refusal(self, name: str) -> str:
        """Why the pod of a Job or a DaemonSet is refused; events are read once for each look at most."""
        with self._lock:
            number = self._look.number
            if number not in self._refusals:
                try:
                    names = [*self._look.jobs, name]
                    self._refusals = {number: self._sources.refusals(names)}
                except KubeError as error:
                    if error.status != _FORBIDDEN:
                        raise
                    self._refusals = {number: {}}
            return self._refusals[number].get(name, "")

    def _tell(self, news: Iterable[Outcome]) -> None:
        for outcome in news:
            if outcome.failed:
                self._failed += 1
                self._progress(f"{outcome.node} {outcome.state.value}: {outcome.reason or outcome.code}")
        ended = len(self.errands) - len(self._open)
        waits = next((f"; {one.node}: {one.reason}" for one in self._outcomes() if one.reason), "")
        self._progress.update(
            f"{self._seconds():.0f} s: {ended} nodes ended, {self._failed} of them failed, "
            f"{len(self._open)} running{waits}"
        )

    def _outcomes(self) -> Iterable[Outcome]:
        return (errand.outcome for errand in self._open.values())

    def _pause(self) -> float:
        pause = min(max(self._quiet, self._looked * _PAUSE_PER_LOOK), _LONGEST_PAUSE)
        self._quiet = min(self._quiet * _SLOWER, _LONGEST_PAUSE)
        return pause

    def _seconds(self) -> float:
        return time.monotonic() - self._began
