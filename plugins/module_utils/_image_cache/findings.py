# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from a finished matrix: what is outdated, what is slow, which nodes lack something."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    count_cells,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import (
    DIGEST_DIFFERS,
    State,
)


class Pull(NamedTuple):
    """A pull that goes on; ``since`` is the RFC 3339 time when its pod started, or empty."""

    node: str
    reference: str
    since: str


def outdated(matrix: Matrix) -> dict[str, tuple[str, ...]]:
    """Give by DaemonSet the references that a ready node holds with another digest than the registry's.

    Nodes that fail to refresh do not count here: a new pod would take from them what they still hold.
    """
    found: dict[str, tuple[str, ...]] = {}
    for column in matrix.columns():
        if any(cell.reason == DIGEST_DIFFERS for cell, _count in count_cells(column.cells)):
            found[column.shard] = (*found.get(column.shard, ()), column.pin.reference)
    return found


def differing(matrix: Matrix) -> dict[str, dict[str, frozenset[str]]]:
    """Give by reference the imageIDs with other digests than the registry's, each with its nodes.

    An imageID is ``repository@digest``, and its repository may be that of another reference.
    """
    found: dict[str, dict[str, set[str]]] = {}
    told: dict[str, str] = {}
    for column in matrix.columns():
        for node, cell in zip(column.nodes, column.cells, strict=True):
            if cell.reason == DIGEST_DIFFERS:
                image = told.setdefault(cell.digest, "") or matrix.image_of(cell.digest)
                told[cell.digest] = image
                found.setdefault(column.pin.reference, {}).setdefault(image, set()).add(node)
    return {
        reference: {image: frozenset(nodes) for image, nodes in images.items()}
        for reference, images in found.items()
    }


def cold_nodes(matrix: Matrix, allowed: Collection[str] = ()) -> frozenset[str]:
    """Give the nodes that lack an image; one that is held, but not the newest, is not lacking.

    :param allowed: references that may fail; they are not looked at
    """
    held = (State.CACHED, State.STALE)
    return frozenset(
        node
        for column in matrix.columns()
        if column.pin.reference not in allowed
        for node, cell in zip(column.nodes, column.cells, strict=True)
        if cell.state not in held
    )


def longest_pull(matrix: Matrix) -> Pull | None:
    """Give the pull whose pod started first; None where nothing is being pulled.

    A kubelet pulls the images of a pod one after another, so it is the first that the pod waits for.
    """
    first: Pull | None = None
    for column in matrix.columns():
        for position, cell in enumerate(column.cells):
            if cell.state is not State.PULLING:
                continue
            seen = column.pods[position]
            pull = Pull(column.nodes[position], column.pin.reference, seen.started if seen else "")
            if first is None or (not pull.since, pull.since) < (not first.since, first.since):
                first = pull
    return first
