# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of every image on every node, read from pages of raw pods.

Meant for some hundred thousand cells: equal cells are one object, strings are interned, and nothing of a page
is kept but a pod's name and times.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    SHARD_LABEL,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    Pin,
    pins_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import Strategy
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.kubelet_message import (
    LONGEST_MESSAGE,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    Placement,
    Verdict,
    judge,
    read_placement,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.raw_pod import (
    SeenPod,
    node_of,
    seen_pod,
    statuses_by_name,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import (
    DIGEST_DIFFERS,
    NO_POD,
    NODE_NOT_READY,
    Cell,
    Outcome,
    State,
    digest_of,
    outcome,
    pod_outcome,
    see,
    sleeper_failure,
    with_sleeper_failure,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import text
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

_NO_POD_YET = Cell(State.UNSCHEDULED, "", NO_POD, "no pod yet")
_BEING_REPLACED = Cell(
    State.UNSCHEDULED, "", NO_POD, "the pod before is being deleted, no other is there yet"
)
_NOT_READY = Cell(State.UNSCHEDULED, "", NODE_NOT_READY, "the node is not ready")
# The DaemonSet controller does not count nodes with these taints of the effect NoSchedule, unless the
# DaemonSet itself tolerates them: it adds that toleration for NoExecute only.
_DOWN = frozenset({"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})
_TOLD_BEFORE = "the node is not ready; this is what it told last"


class ExpectedImage(Protocol):
    """What the registry has for a reference."""

    @property
    def digest(self) -> str:
        """The digest that the reference stands for."""

    def accepts(self, digest: str) -> bool:
        """Whether a node that holds this digest holds that image."""


@dataclass(frozen=True)
class WatchedShard:
    """A DaemonSet as far as the matrix needs it."""

    name: str
    placement: Placement
    pins: tuple[Pin, ...]


def watched_shard(daemonset: Mapping[str, Any]) -> WatchedShard:
    """Read it from a DaemonSet, live or rendered."""
    name = text(daemonset, "metadata", "name") or ""
    return WatchedShard(name, read_placement(daemonset), tuple(pins_of(daemonset)))


@dataclass(slots=True)
class Column:
    """The cells of one pin; ``cells[i]`` is that of node ``nodes[i]``, as is ``pods[i]``."""

    shard: str
    pin: Pin
    nodes: Sequence[str]
    cells: list[Cell]
    pods: list[SeenPod | None]


@dataclass(slots=True)
class _Shard:
    positions: Mapping[str, int]
    uncounted: frozenset[int]
    pods: list[SeenPod | None]
    columns: tuple[Column, ...]


class Matrix:
    """The cells of all nodes and pins.

    A node has a cell for each pin of each DaemonSet whose pods belong there, and no other. Read all pages
    with ``add_pods``, then call ``finish`` once; every other method is for afterwards.

    :ivar nodes: all that were read, by name, whether they have cells or not
    :ivar excluded: the reason for each node that lacks pods of some DaemonSet only because of a taint
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        shards: Iterable[WatchedShard],
        expected: Mapping[str, ExpectedImage],
    ) -> None:
        """Begin with no pod seen.

        :param expected: by reference, as written in the pins; references that are not known are left out
        """
        self.nodes: Mapping[str, Node] = {node.name: node for node in nodes if node.name}
        self.excluded: dict[str, str] = {}
        self._expected = expected
        self._digests: dict[str, str] = {}
        self._cells: dict[tuple[State, str, str, str], Cell] = {}
        self._fresh: dict[tuple[str, str], Cell] = {}
        self._shards: dict[str, _Shard] = {}
        positions: dict[Placement, tuple[dict[str, int], frozenset[int]]] = {}
        for shard in shards:
            if shard.placement not in positions:
                positions[shard.placement] = self._positions(shard.placement)
            self._shards[shard.name] = _new_shard(shard, *positions[shard.placement])

    def _positions(self, placement: Placement) -> tuple[dict[str, int], frozenset[int]]:
        """The nodes that are to have pods, and which of them the controller does not count at present."""
        found: dict[str, int] = {}
        uncounted = set()
        for node in self.nodes.values():
            eligibility = judge(node, placement)
            if eligibility.verdict is Verdict.WANTED:
                if not _is_counted(node, placement):
                    uncounted.add(len(found))
                found[node.name] = len(found)
            elif eligibility.verdict is Verdict.EXCLUDED:
                self.excluded[node.name] = sys.intern(eligibility.reason)
        return found, frozenset(uncounted)

    def add_pods(self, pods: Iterable[Mapping[str, Any]]) -> None:
        """Take in one page of raw pods; whatever they hold, this does not raise.

        Pods of other owners and on nodes without a cell are passed over. Of several pods of one DaemonSet on
        a node the newest counts that is not being deleted.
        """
        for pod in pods:
            metadata = pod.get("metadata") if isinstance(pod, dict) else None
            labels = metadata.get("labels") if isinstance(metadata, dict) else None
            if not isinstance(metadata, dict) or not isinstance(labels, dict):
                continue
            name = labels.get(SHARD_LABEL)
            shard = self._shards.get(name) if isinstance(name, str) else None
            position = shard.positions.get(node_of(pod)) if shard is not None else None
            if shard is not None and position is not None:
                self._add(shard, position, pod, metadata)

    def _add(self, shard: _Shard, position: int, pod: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        before = shard.pods[position]
        if metadata.get("deletionTimestamp"):
            if before is None:
                for column in shard.columns:
                    column.cells[position] = _BEING_REPLACED
            return
        status = pod.get("status")
        seen = seen_pod(metadata, status)
        if before is not None and seen < before:
            return
        shard.pods[position] = seen
        of_pod = pod_outcome(pod)
        if of_pod is not None:
            cell = self._cell(of_pod, "")
            for column in shard.columns:
                column.cells[position] = cell
            return
        statuses = statuses_by_name(status)
        failure = sleeper_failure(pod)
        for column in shard.columns:
            pin = column.pin
            found = outcome(
                see(statuses.get(pin.container)),
                [see(statuses.get(container)) for container in pin.refresh_containers],
            )
            if failure is not None:
                found = with_sleeper_failure(found, failure)
            # The status of a container with an image volume names the sleeper's image, not the pinned one.
            image = found.image if pin.strategy is Strategy.SLEEPER else ""
            if found.state is State.CACHED:
                column.cells[position] = self._held(pin.reference, self._digest(image))
            else:
                column.cells[position] = self._cell(found, self._digest(image))

    def _digest(self, image: str) -> str:
        digest = self._digests.get(image)
        if digest is None:
            digest = self._digests[image] = digest_of(image)
        return digest

    def _held(self, reference: str, digest: str) -> Cell:
        cell = self._fresh.get((reference, digest))
        if cell is None:
            cell = self._fresh[reference, digest] = self._compared(reference, digest)
        return cell

    def _compared(self, reference: str, digest: str) -> Cell:
        expected = self._expected.get(reference)
        if not digest or expected is None or expected.accepts(digest):
            return self._cell(Outcome(State.CACHED, "", "", ""), digest)
        message = f"the registry has {expected.digest}"
        return self._cell(Outcome(State.STALE, "", DIGEST_DIFFERS, message), digest)

    def _cell(self, found: Outcome, digest: str) -> Cell:
        key = (found.state, digest, found.reason, found.message)
        cell = self._cells.get(key)
        if cell is None:
            message = sys.intern(printable(found.message, LONGEST_MESSAGE))
            cell = self._cells[key] = Cell(found.state, digest, sys.intern(found.reason), message)
        return cell

    def pods_seen(self, shard: str) -> int:
        """Give the number of counted nodes for which a pod was taken in that has not failed."""
        found = self._shards[shard]
        return sum(
            seen is not None and seen.alive and position not in found.uncounted
            for position, seen in enumerate(found.pods)
        )

    def nodes_counted(self, shard: str) -> int:
        """Give the number of nodes that the DaemonSet's status counts as desired once it is up to date.

        Nodes that are down are not among them, unless the DaemonSet tolerates even that.
        """
        found = self._shards[shard]
        return len(found.positions) - len(found.uncounted)

    def presume_held(self, shard: str) -> None:
        """Count the images of a DaemonSet as cached, with no digest seen, where no pod of it was taken in.

        For callers that know from the DaemonSet's own counts that each node counted has a pod, and all but
        those taken in are ready. Such a pod is also the one that came after a failed one. Nothing is said of
        nodes that are not counted: whether these have a pod is not known.
        """
        held = self._cell(Outcome(State.CACHED, "", "", ""), "")
        found = self._shards[shard]
        for position, seen in enumerate(found.pods):
            if position not in found.uncounted and (seen is None or not seen.alive):
                for column in found.columns:
                    column.cells[position] = held

    def finish(self) -> None:
        """Mark what nodes that are not ready told: what they hold is not sure, and nothing goes on there."""
        for column in self.columns():
            for position, node in enumerate(column.nodes):
                if self.nodes[node].ready:
                    continue
                cell = column.cells[position]
                if cell.state is State.CACHED or cell.reason == DIGEST_DIFFERS:
                    found = Outcome(State.STALE, "", NODE_NOT_READY, _TOLD_BEFORE)
                    column.cells[position] = self._cell(found, cell.digest)
                elif not cell.settled:
                    column.cells[position] = _NOT_READY

    @property
    def has_daemonsets(self) -> bool:
        """Whether there is any DaemonSet, be it one without images."""
        return bool(self._shards)

    def columns(self) -> Iterator[Column]:
        """Give the cells pin by pin, in the order of the DaemonSets and their pins."""
        for shard in self._shards.values():
            yield from shard.columns

    def expected_digest(self, reference: str) -> str:
        """Give the digest that the registry has for a reference; empty where it is not known."""
        expected = self._expected.get(reference)
        return expected.digest if expected is not None else ""

    def image_of(self, digest: str) -> str:
        """Give an imageID with this digest that a pod told: ``repository@digest``; empty where none did.

        Its repository may be that of another reference: a runtime knows an image by all its names.
        """
        return next((image for image, own in self._digests.items() if own == digest), "")

    def totals(self) -> dict[State, int]:
        """Give the number of cells in each state, zeros included."""
        found = Counter[State]()
        for column in self.columns():
            found.update(count_states(column.cells))
        return {state: found[state] for state in State}

    def percent_cached(self, allowed: Collection[str] = ()) -> float:
        """Give the share of CACHED cells, 0.0 to 100.0, and 100.0 exactly where all are.

        :param allowed: references that may fail; their cells do not count at all
        """
        total = cached = 0
        for column in self.columns():
            if column.pin.reference not in allowed:
                total += len(column.cells)
                cached += count_states(column.cells)[State.CACHED]
        return 100.0 * cached / total if total else 100.0

    def unsettled(self, allowed: Collection[str] = ()) -> int:
        """Give the number of cells that are about to change by themselves: see ``Cell.settled``.

        :param allowed: references that may fail; their cells do not count at all
        """
        return sum(
            count
            for column in self.columns()
            if column.pin.reference not in allowed
            for cell, count in count_cells(column.cells)
            if not cell.settled
        )

    def accept(self, reference: str, digests: Collection[str]) -> None:
        """Count cells of a reference with one of these digests as cached: they hold the registry's image."""
        for column in self.columns():
            if column.pin.reference != reference:
                continue
            for position, cell in enumerate(column.cells):
                if cell.reason == DIGEST_DIFFERS and cell.digest in digests:
                    column.cells[position] = self._cell(Outcome(State.CACHED, "", "", ""), cell.digest)


def count_cells(cells: Iterable[Cell]) -> list[tuple[Cell, int]]:
    """Count equal cells, which in a matrix are the same objects; hashing their texts would take longer."""
    kept = {id(cell): cell for cell in cells}
    counted = Counter(map(id, cells))
    return [(kept[key], count) for key, count in counted.items()]


def count_states(cells: Iterable[Cell]) -> Counter[State]:
    """Count cells by their state."""
    found = Counter[State]()
    for cell, count in count_cells(cells):
        found[cell.state] += count
    return found


def _is_counted(node: Node, placement: Placement) -> bool:
    return not any(
        taint.key in _DOWN
        and taint.effect == "NoSchedule"
        and not any(toleration.covers(taint) for toleration in placement.tolerations)
        for taint in node.taints
    )


def _new_shard(shard: WatchedShard, positions: Mapping[str, int], uncounted: frozenset[int]) -> _Shard:
    names = tuple(positions)
    pods: list[SeenPod | None] = [None] * len(names)
    columns = tuple(Column(shard.name, pin, names, [_NO_POD_YET] * len(names), pods) for pin in shard.pins)
    return _Shard(positions, uncounted, pods, columns)
