# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix as a terminal shows it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import longest_pull
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    count_states,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.report import (
    WORST_FIRST,
    by_reference,
    count_nodes,
    groups,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.sizes import shown_nodes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import Cell, State
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

_COLUMNS = (State.FAILED, State.STALE, State.UNSCHEDULED, State.PULLING)
_HEADINGS = ("IMAGE", "CACHED", *(state.name for state in _COLUMNS), "FIRST REASON")
_LONGEST_REASON = 120
_NO_NODE = "no node fits"
_NO_IMAGES = "no images"
_MOST_LINES = 5


def table_lines(matrix: Matrix) -> list[str]:
    """Aligned lines, a heading first: image, nodes that hold it of all, nodes by other state, a reason.

    Below them, where taints keep nodes out: how many, and the reason of the first. Without any image, a line
    says so in place of the others.
    """
    rows = [_HEADINGS]
    for reference, columns in by_reference(matrix).items():
        counts: Counter[State] = Counter()
        for column in columns:
            counts.update(count_states(column.cells))
        of_states = (str(counts[state] or "-") for state in _COLUMNS)
        worst = next(iter(groups(columns)), None)
        reason = _reason(*worst) if worst is not None else _NO_NODE
        rows.append((reference, f"{counts[State.CACHED]}/{counts.total()}", *of_states, reason))
    last = len(_HEADINGS) - 1
    widths = [max(len(row[column]) for row in rows) for column in range(last)]
    lines = [
        "  ".join(
            [
                f"{row[0]:<{widths[0]}}",
                *(f"{row[column]:>{widths[column]}}" for column in range(1, last)),
                row[last],
            ]
        ).rstrip()
        for row in rows
    ]
    if len(rows) == 1:
        lines = [_NO_IMAGES]
    left_out = _excluded(matrix)
    return [*lines, left_out] if left_out else lines


def freed_lines(nodes: Sequence[str], taint: str, *, foretold: bool) -> list[str]:
    """Say from which nodes the start-up taint was removed, or in check mode would be; none, no line.

    :param nodes: names
    """
    if not nodes:
        return []
    return [f"the taint {taint} {'would be' if foretold else 'was'} removed from {shown_nodes(nodes)}"]


def _excluded(matrix: Matrix) -> str:
    names = sorted(matrix.excluded)
    if not names:
        return ""
    several = f"{len(names)} nodes are excluded, such as" if len(names) > 1 else "1 node is excluded:"
    return f"{several} {names[0]}: {printable(matrix.excluded[names[0]], _LONGEST_REASON)}"


def empty_images(matrix: Matrix, references: Iterable[str]) -> list[str]:
    """Warn of each image that no node gets, and of which so nothing can be missing.

    :param matrix: of the DaemonSets as they are to be
    :param references: that are wanted, as written in the pins
    """
    held = {column.pin.reference for column in matrix.columns() if column.cells}
    left_out = _excluded(matrix)
    of_taints = f"; {left_out}" if left_out else ""
    return [
        f"{reference} goes to no node: none has the labels and the architecture that are wanted for it, and "
        f"no taint against it{of_taints}"
        for reference in dict.fromkeys(references)
        if reference not in held
    ]


def _reason(cell: Cell, nodes: list[str]) -> str:
    if cell.state is State.CACHED:
        return ""
    more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
    return f"{nodes[0]}{more}: {printable(_words(cell), _LONGEST_REASON)}"


def _words(cell: Cell) -> str:
    # The message of a failed refresh has the reason in it.
    parts = (cell.message,) if cell.reason in cell.message else (cell.reason, cell.message)
    return ": ".join(part for part in parts if part) or cell.state.value


def failure_lines(matrix: Matrix, allowed: Collection[str] = ()) -> list[str]:
    """Say what is not cached: an entry for each image with its worst reason, the first few images only.

    :param allowed: references that may fail, and are not told
    """
    found = []
    for reference, columns in by_reference(matrix).items():
        worst = next(iter(groups(columns)), None)
        if worst is not None and worst[0].state is not State.CACHED and reference not in allowed:
            found.append((WORST_FIRST.index(worst[0].state), reference, worst))
    found.sort(key=lambda entry: entry[0])
    lines = [
        f"{worst[0].state.value} {name} on {_reason(*worst)}" for _rank, name, worst in found[:_MOST_LINES]
    ]
    left = len(found) - len(lines)
    return [*lines, f"{left} more image{'s' if left > 1 else ''}"] if left else lines


def progress_line(matrix: Matrix, now: datetime.datetime) -> str:
    """One line: how many images are on all their nodes, how many nodes have all theirs, what is left.

    Named is the pull that began first; where nothing is pulled any more, the worst of what is left.

    :param now: with a time zone
    """
    counted = count_nodes(matrix)
    done_nodes = sum(counts[State.CACHED] == counts.total() for counts in counted.values())
    of_images = by_reference(matrix)
    done_images = sum(
        all(cell.state is State.CACHED for column in columns for cell in column.cells)
        for columns in of_images.values()
    )
    line = f"images {done_images}/{len(of_images)}, nodes {done_nodes}/{len(counted)}"
    held_up = _pulling(matrix, now) or next(iter(failure_lines(matrix)), "")
    return f"{line}; {held_up}" if held_up else line


def _pulling(matrix: Matrix, now: datetime.datetime) -> str:
    pull = longest_pull(matrix)
    if pull is None:
        return ""
    age = _seconds(pull.since, now)
    return f"slowest {pull.node}: pulling {pull.reference}{'' if age is None else f' for {age} s'}"


def _seconds(since: str, now: datetime.datetime) -> int | None:
    try:
        started = datetime.datetime.fromisoformat(since)
    except ValueError:
        return None
    if started.tzinfo is None:
        return None
    return max(0, int((now - started).total_seconds()))
