# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix as a result for other programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import longest_pull
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Column,
    Matrix,
    count_states,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import Cell, State

# Groups and reasons are shown in this order: what most needs to be read comes first.
WORST_FIRST = (State.FAILED, State.STALE, State.UNSCHEDULED, State.PULLING, State.CACHED)
_SEVERITY = {state: rank for rank, state in enumerate(WORST_FIRST)}


def by_reference(matrix: Matrix) -> dict[str, list[Column]]:
    """Give the columns of each reference, in the matrix's order; several DaemonSets may hold the same one."""
    found: dict[str, list[Column]] = {}
    for column in matrix.columns():
        found.setdefault(column.pin.reference, []).append(column)
    return found


def totals(matrix: Matrix) -> dict[str, int]:
    """Give the number of cells by state, as in a result: ``{"cached": 3, "pulling": 0, ...}``."""
    return _named(matrix.totals())


def _named(counts: Mapping[State, int]) -> dict[str, int]:
    return {state.value: counts.get(state, 0) for state in State}


def images(matrix: Matrix) -> list[dict[str, Any]]:
    """Give the whole matrix, image by image.

    Each is ``{"reference", "expected_digest", "nodes", "totals", "groups"}``: ``expected_digest`` is the
    registry's and empty where not known, ``nodes`` the number of nodes that are to hold the image. A group is
    ``{"state", "digest", "reason", "message", "nodes": [names]}`` with the nodes that tell exactly this,
    sorted; worst state first, then the group of most nodes.
    """
    return [
        {
            "reference": reference,
            "expected_digest": matrix.expected_digest(reference),
            "nodes": sum(len(column.cells) for column in columns),
            "totals": _named(_states(columns)),
            "groups": [_group(cell, nodes) for cell, nodes in groups(columns)],
        }
        for reference, columns in by_reference(matrix).items()
    ]


def _states(columns: Iterable[Column]) -> Counter[State]:
    return sum((count_states(column.cells) for column in columns), Counter[State]())


def groups(columns: Iterable[Column]) -> list[tuple[Cell, list[str]]]:
    """Give each different cell of some columns with its nodes, worst first."""
    cells: dict[int, Cell] = {}
    nodes: dict[int, list[str]] = {}
    for column in columns:
        for node, cell in zip(column.nodes, column.cells, strict=True):
            key = id(cell)
            if key not in cells:
                cells[key] = cell
                nodes[key] = []
            nodes[key].append(node)
    found = [(cell, sorted(nodes[key])) for key, cell in cells.items()]
    return sorted(found, key=lambda pair: (_SEVERITY[pair[0].state], -len(pair[1]), pair[1]))


def _group(cell: Cell, nodes: Sequence[str]) -> dict[str, Any]:
    return {
        "state": cell.state.value,
        "digest": cell.digest,
        "reason": cell.reason,
        "message": cell.message,
        "nodes": list(nodes),
    }


def count_nodes(matrix: Matrix) -> dict[str, Counter[State]]:
    """Give the number of cells in each state for each node that has any, in the order of their names."""
    found: dict[str, Counter[State]] = {}
    for column in matrix.columns():
        for node, cell in zip(column.nodes, column.cells, strict=True):
            counts = found.get(node)
            if counts is None:
                counts = found[node] = Counter()
            counts[cell.state] += 1
    return {node: found[node] for node in sorted(found)}


def nodes(matrix: Matrix) -> dict[str, dict[str, int]]:
    """Give for each node its number of images in each state, without zeros: ``{"n1": {"cached": 50}}``."""
    return {
        node: {state.value: counts[state] for state in State if counts[state]}
        for node, counts in count_nodes(matrix).items()
    }


def result(matrix: Matrix) -> dict[str, Any]:
    """Give all parts of a task's result.

    They are ``images``, ``nodes`` and ``totals``; ``excluded``, the reason for each node that has no pods
    because of a taint; and ``slowest``, the pull that began first as ``{"node", "reference", "since"}``, or
    None.
    """
    pull = longest_pull(matrix)
    slowest = {"node": pull.node, "reference": pull.reference, "since": pull.since} if pull else None
    return {
        "images": images(matrix),
        "nodes": nodes(matrix),
        "totals": totals(matrix),
        "excluded": dict(sorted(matrix.excluded.items())),
        "slowest": slowest,
    }
