# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node action tells in the end: a row for each node, counts, a table, a difference. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import Record
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome, State
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import Plan
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

REFUSED, WOULD_RUN = "refused", "would run"
# In the order of a table: what needs to be read most comes last, where the eye is.
_ORDER = (State.UNCHANGED, State.DONE, WOULD_RUN, State.RUNNING, REFUSED, State.NOT_STARTED, State.LOST)
_MOST_NODES = 3
_LONGEST_REASON = 200
_MOST_OUTPUT_LINES = 8
_HASH_DIGITS = 12

Row = dict[str, Any]


def rows(plan: Plan, outcomes: Iterable[Outcome], *, foretold: bool) -> list[Row]:
    """One row for each node that is selected, by name.

    :param outcomes: of the nodes to run on; those without one would run, in check mode, or were not started
    """
    known = {outcome.node: outcome for outcome in outcomes}
    found = [
        _row(known.get(name) or Outcome(name, State.NOT_STARTED), "") for name in plan.run if not foretold
    ]
    found += [{**_empty(name, reason), "state": WOULD_RUN} for name, reason in plan.run.items() if foretold]
    found += [_row(Outcome(name, State.UNCHANGED), reason) for name, reason in plan.settled.items()]
    found += [{**_empty(name, reason), "state": REFUSED} for name, reason in plan.refused.items()]
    return sorted(found, key=lambda row: str(row["node"]))


def counts(told: Iterable[Row]) -> dict[str, int]:
    """How many nodes are in each state; states without any are left out."""
    return dict(sorted(Counter(row["state"] for row in told).items()))


def table_lines(told: Sequence[Row]) -> list[str]:
    """A line for the nodes of each state and reason, and the end of what the first failing script wrote."""
    if not told:
        return ["no node is selected"]
    groups: dict[tuple[int, str, str], list[str]] = {}
    for row in told:
        reason = _reason(row)
        groups.setdefault((_rank(row["state"]), row["state"], reason), []).append(row["node"])
    cells = [
        (state.upper(), str(len(nodes)), shown_nodes(nodes), printable(reason, _LONGEST_REASON))
        for (_number, state, reason), nodes in sorted(groups.items())
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    lines = [
        f"{state:<{widths[0]}}  {count:>{widths[1]}}  {nodes:<{widths[2]}}  {reason}".rstrip()
        for state, count, nodes, reason in cells
    ]
    failed = next((row for row in told if row["state"] == State.FAILED.value and row["output"]), None)
    if failed is not None:
        written = failed["output"].splitlines()[-_MOST_OUTPUT_LINES:]
        lines += [f"the script wrote on {failed['node']}:", *(f"  {line}" for line in written)]
    return lines


def difference(before: Mapping[str, Record | None], after: Mapping[str, Record | None]) -> dict[str, str]:
    """What the annotations told and tell, of those nodes on which that differs."""
    names = [name for name in sorted(after) if _told(before.get(name)) != _told(after[name])]
    return {
        side: "".join(f"{name}: {_told(records.get(name))}\n" for name in names)
        for side, records in (("before", before), ("after", after))
    }


def shown_nodes(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _MOST_NODES
    return ", ".join(names[:_MOST_NODES]) + (f" and {more} more" if more > 0 else "")


def _row(outcome: Outcome, reason: str) -> Row:
    return {
        "node": outcome.node,
        "state": outcome.state.value,
        "code": outcome.code,
        "seconds": None if outcome.seconds is None else round(outcome.seconds, 1),
        "reason": outcome.reason or reason,
        "output": outcome.output,
    }


def _empty(name: str, reason: str) -> Row:
    return _row(Outcome(name, State.NOT_STARTED), reason)


def _reason(row: Row) -> str:
    code = row["code"]
    return f"code {code}: {row['reason']}" if code else str(row["reason"])


def _rank(state: str) -> int:
    names = [entry if isinstance(entry, str) else entry.value for entry in _ORDER]
    return names.index(state) if state in names else len(names)


def _told(record: Record | None) -> str:
    if record is None:
        return "not run"
    return f"{record.content_hash[:_HASH_DIGITS]}, code {record.code}"
