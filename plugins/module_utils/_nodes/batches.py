# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are started when: canaries first, then never more than so many at once, until too many fail."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    place,
    shown,
    unique,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome, State

_KEYS = ("canary", "max_parallel", "max_fail")
_NUMBER = re.compile(r"(?P<value>[0-9]{1,6})(?P<percent>%)?\Z")
_LARGEST = 999_999
_WHOLE = 100


@dataclass(frozen=True)
class Share:
    """A number of nodes, or a percentage of all of them; part of a node counts as none."""

    value: int
    percent: bool = False

    def of(self, total: int) -> int:
        """The number of nodes, out of ``total``."""
        return total * self.value // _WHOLE if self.percent else self.value

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


@dataclass(frozen=True)
class Rollout:
    """How an action goes from node to node.

    :ivar canary: how many nodes, or which ones, have to be done before any other one is started
    :ivar max_parallel: how many run at once, 1 at least
    :ivar max_fail: how many may fail before no other one is started; a canary may not
    """

    canary: int | tuple[str, ...] = 1
    max_parallel: Share = Share(10)
    max_fail: Share = Share(0)


@dataclass(frozen=True)
class Step:
    """What is to be done next.

    :ivar start: nodes to start now, in order; none where there is only to wait
    :ivar over: nothing runs, and nothing will be started
    :ivar stopped: why no other node is started; empty while that goes on, or has come to its end
    """

    start: tuple[str, ...]
    over: bool
    stopped: str


class Dispatch:
    """Sends an action to nodes, one step at a time; the work of all steps together grows with the nodes."""

    def __init__(self, nodes: Iterable[str], rollout: Rollout, running: Collection[str] = ()) -> None:
        """Take the nodes in their order.

        Canaries that are not among them have nothing to do any more; see canary_faults for the others.
        Percentages are of these nodes.

        :param running: those of the nodes that were started before, as by a run that was ended half-way
        :raises ValueError: something runs on a node that is not among them
        """
        self._nodes = unique(nodes)
        self._running = set(running)
        if not self._running.issubset(self._nodes):
            raise ValueError("something runs on a node that is not among those to run on")
        if isinstance(rollout.canary, int):
            self._canaries = frozenset(self._nodes[: rollout.canary])
        else:
            self._canaries = frozenset(rollout.canary).intersection(self._nodes)
        waiting = [node for node in self._nodes if node not in self._running]
        self._first = deque(node for node in waiting if node in self._canaries)
        self._rest = deque(node for node in waiting if node not in self._canaries)
        self._canaries_open = len(self._canaries)
        self._most_running = max(1, rollout.max_parallel.of(len(self._nodes)))
        self._max_fail = rollout.max_fail
        self._failed = 0
        self._outcomes: dict[str, Outcome] = {}
        self._stopped = ""

    def next(self, outcomes: Iterable[Outcome] = ()) -> Step:
        """Take in what became known since the last step, and say what to do.

        An outcome of RUNNING changes nothing, and neither does a second one of the same node. One of
        NOT_STARTED is of a node whose turn will not come.

        :raises ValueError: an outcome of a node that was not started
        """
        for outcome in outcomes:
            if outcome.state is not State.RUNNING and outcome.node not in self._outcomes:
                self._take(outcome)
        start = () if self._stopped else self._start()
        left = bool(self._first or self._rest) and not self._stopped
        return Step(start, over=not self._running and not left, stopped=self._stopped)

    def stop(self, reason: str) -> None:
        """Start no other node; what runs is still waited for. The first reason stays."""
        self._stopped = self._stopped or reason

    def report(self) -> tuple[Outcome, ...]:
        """One outcome for each node, in their order: RUNNING and NOT_STARTED for those that have none."""
        return tuple(self._outcome(node) for node in self._nodes)

    def _take(self, outcome: Outcome) -> None:
        if outcome.node not in self._running:
            raise ValueError(f"an outcome of a node that was not started: {outcome.node}")
        self._running.remove(outcome.node)
        self._outcomes[outcome.node] = outcome
        canary = outcome.node in self._canaries
        self._canaries_open -= canary
        if not outcome.failed:
            return
        self._failed += 1
        if canary:
            why = f": {outcome.reason}" if outcome.reason else ""
            self.stop(f"the action failed on the canary {outcome.node}{why}")
        elif self._failed > self._max_fail.of(len(self._nodes)):
            self.stop(
                f"it failed on {self._failed} of {len(self._nodes)} nodes; max_fail is {self._max_fail}"
            )

    def _start(self) -> tuple[str, ...]:
        waiting = self._first if self._canaries_open else self._rest
        room = max(0, self._most_running - len(self._running))
        started = tuple(waiting.popleft() for _place in range(min(room, len(waiting))))
        self._running.update(started)
        return started

    def _outcome(self, node: str) -> Outcome:
        known = self._outcomes.get(node)
        if known is not None:
            return known
        if node in self._running:
            return Outcome(node, State.RUNNING)
        return Outcome(node, State.NOT_STARTED, reason=self._stopped)


def canary_faults(
    rollout: Rollout, known: Collection[str], refused: Mapping[str, str], where: str = "canary"
) -> list[Fault]:
    """What is wrong with canaries that are named: each must be a node that the action can run on.

    :param known: the names of all nodes that are selected
    :param refused: those of them that it cannot run on, each with the reason
    """
    if isinstance(rollout.canary, int):
        return []
    unknown = [
        Fault(where, f"{shown(name)} is not among the nodes that are selected")
        for name in rollout.canary
        if name not in known
    ]
    return unknown + [
        Fault(where, f"the action cannot run on {shown(name)}: {refused[name]}")
        for name in rollout.canary
        if name in refused
    ]


def read_rollout(raw: object, where: str = "") -> tuple[Rollout, list[Fault]]:
    """Read ``canary``, ``max_parallel`` and ``max_fail`` out of a mapping; what is null is not given.

    Gives what can be used, the rest as it is by default, and every fault. Never raises.
    """
    default = Rollout()
    if raw is None:
        return default, []
    if not isinstance(raw, Mapping):
        message = f"{shown(raw)} is not a mapping with the keys {', '.join(_KEYS)}"
        return default, [Fault(where or "rollout", message)]
    faults = unknown_keys(raw, _KEYS, where or "rollout")
    canary = _read_canary(raw.get("canary"), place(where, "canary"), faults)
    parallel = _read_share(raw.get("max_parallel"), place(where, "max_parallel"), 1, faults)
    fail = _read_share(raw.get("max_fail"), place(where, "max_fail"), 0, faults)
    return (
        Rollout(
            canary=default.canary if canary is None else canary,
            max_parallel=parallel or default.max_parallel,
            max_fail=fail or default.max_fail,
        ),
        faults,
    )


def _read_canary(value: object, where: str, faults: list[Fault]) -> int | tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        names = unique(name for name in value if isinstance(name, str) and name)
        for index, name in enumerate(value):
            if not isinstance(name, str) or not name:
                faults.append(Fault(f"{where}[{index}]", f"{shown(name)} is not the name of a node"))
        return names
    share = _share(value)
    if share is None or share.percent:
        rule = f"a number of nodes from 0 to {_LARGEST}, or a list of their names"
        faults.append(Fault(where, f"{shown(value)} is not what canaries can be: {rule}"))
        return None
    return share.value


def _read_share(value: object, where: str, least: int, faults: list[Fault]) -> Share | None:
    if value is None:
        return None
    share = _share(value)
    if share is None or share.value < least or (share.percent and share.value > _WHOLE):
        rule = f"a number from {least} to {_LARGEST}, or a percentage such as '10%'"
        faults.append(Fault(where, f"{shown(value)} is not a number of nodes: {rule}"))
        return None
    return share


def _share(value: object) -> Share | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return Share(value) if 0 <= value <= _LARGEST else None
    found = _NUMBER.match(value) if isinstance(value, str) else None
    return None if found is None else Share(int(found["value"]), percent=found["percent"] is not None)
