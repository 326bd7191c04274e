# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the wanted images means for the nodes: what comes, what goes, how much is pulled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import Resolved
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.sizes import (
    bytes_to_pull,
    shown_octets,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import (
    DIGEST_DIFFERS,
    State,
)


@dataclass(frozen=True)
class Forecast:
    """What is going to change.

    :ivar additions: for each reference the number of nodes that get it
    :ivar removals: references that no node is to keep any more, sorted
    :ivar bytes_to_pull: compressed octets by node, as far as sizes are known; only nodes that pull anything
    :ivar bytes_to_hold: the same for all images that a node is to have
    """

    additions: Mapping[str, int]
    removals: tuple[str, ...]
    bytes_to_pull: Mapping[str, int]
    bytes_to_hold: Mapping[str, int]


def forecast_lines(coming: Forecast) -> list[str]:
    """What check mode shows: what would come, what would go, and how much nodes would pull at most."""
    lines = [f"would come: {name}, on {count} nodes" for name, count in coming.additions.items()]
    lines += [f"would go: {name}" for name in coming.removals]
    octets = coming.bytes_to_pull.values()
    if octets:
        lines.append(
            f"would be pulled: up to {shown_octets(max(octets))} by a node, "
            f"{shown_octets(sum(octets))} by {len(octets)} nodes"
        )
    return lines or ["no image would come or go"]


def forecast(
    nodes: Sequence[Node],
    before: Matrix | None,
    after: Matrix,
    resolved: Mapping[str, Resolved],
    older: Mapping[str, Resolved] | None = None,
) -> Forecast:
    """Compare what nodes have with what they are to have.

    :param before: of the live DaemonSets, read; None where there are none
    :param after: of the DaemonSets that are wanted; their pods need not have been read
    :param resolved: by reference; images that are not in it count nothing
    :param older: by digest, what nodes hold in place of what the registries have; its layers are not pulled
    """
    had, current = _images_by_node(before) if before is not None else ({}, {})
    wanted, _current = _images_by_node(after)
    images = {**resolved, **(older or {})}
    additions: dict[str, int] = {}
    for node, references in wanted.items():
        for reference in references - had.get(node, frozenset()):
            additions[reference] = additions.get(reference, 0) + 1
    kept = frozenset().union(*wanted.values()) if wanted else frozenset()
    gone = frozenset().union(*had.values()) - kept if had else frozenset()
    return Forecast(
        {name: additions[name] for name in sorted(additions)},
        tuple(sorted(gone)),
        _octets(nodes, wanted, current, images),
        _octets(nodes, wanted, {}, images),
    )


def _images_by_node(matrix: Matrix) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """The references of each node, and what it holds: references in their present form, and other digests."""
    wanted: dict[str, set[str]] = defaultdict(set)
    current: dict[str, set[str]] = defaultdict(set)
    for column in matrix.columns():
        for node, cell in zip(column.nodes, column.cells, strict=True):
            wanted[node].add(column.pin.reference)
            if cell.reason == DIGEST_DIFFERS:
                current[node].add(cell.digest)
            elif cell.state in (State.CACHED, State.STALE):
                current[node].add(column.pin.reference)
    return _frozen(wanted), _frozen(current)


def _frozen(sets: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    # Nodes of one kind have the same images: one set for all of them.
    shared: dict[frozenset[str], frozenset[str]] = {}
    return {node: shared.setdefault(found := frozenset(names), found) for node, names in sets.items()}


def _octets(
    nodes: Iterable[Node],
    wanted: Mapping[str, frozenset[str]],
    current: Mapping[str, frozenset[str]],
    images: Mapping[str, Resolved],
) -> dict[str, int]:
    counted: dict[tuple[str, frozenset[str], frozenset[str]], int] = {}
    octets: dict[str, int] = {}
    for node in nodes:
        here, held = wanted.get(node.name, frozenset()), current.get(node.name, frozenset())
        key = (node.architecture, here, held)
        if key not in counted:
            coming = [images[name] for name in sorted(here - held) if name in images]
            present = [images[name] for name in sorted(held) if name in images]
            counted[key] = bytes_to_pull(coming, node.architecture, present)
        if counted[key]:
            octets[node.name] = counted[key]
    return octets
