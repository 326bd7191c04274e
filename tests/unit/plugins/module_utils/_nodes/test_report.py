# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import Record
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome, State
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import Plan
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.report import (
    counts,
    difference,
    rows,
    table_lines,
)

PLAN = Plan(
    {"a": "it was not run here", "d": "it failed here"}, {"b": "done before"}, {"c": "it is cordoned"}
)


def test_each_node_has_a_row() -> None:
    done = Outcome("a", State.DONE, 0, 1.26, output="hello")
    failed = Outcome("d", State.FAILED, 3, reason="the script ended with exit code 3", output="one\ntwo")
    told = rows(PLAN, [failed, done], foretold=False)
    assert [(row["node"], row["state"], row["code"]) for row in told] == [
        ("a", "done", 0),
        ("b", "unchanged", None),
        ("c", "refused", None),
        ("d", "failed", 3),
    ]
    assert (told[0]["seconds"], told[0]["output"]) == (1.3, "hello")
    assert counts(told) == {"done": 1, "failed": 1, "refused": 1, "unchanged": 1}
    assert table_lines(told) == [
        "UNCHANGED  1  b  done before",
        "DONE       1  a",
        "REFUSED    1  c  it is cordoned",
        "FAILED     1  d  code 3: the script ended with exit code 3",
        "the script wrote on d:",
        "  one",
        "  two",
    ]


def test_what_would_run_is_told_with_its_reason() -> None:
    told = rows(PLAN, [], foretold=True)
    assert {row["node"]: (row["state"], row["reason"]) for row in told} == {
        "a": ("would run", "it was not run here"),
        "b": ("unchanged", "done before"),
        "c": ("refused", "it is cordoned"),
        "d": ("would run", "it failed here"),
    }


def test_many_nodes_of_one_kind_take_one_line() -> None:
    plan = Plan({}, {f"n{number:03d}": "done before" for number in range(500)}, {})
    assert table_lines(rows(plan, [], foretold=False)) == [
        "UNCHANGED  500  n000, n001, n002 and 497 more  done before"
    ]
    assert table_lines([]) == ["no node is selected"]


def test_only_what_differs_is_shown() -> None:
    old, new = Record("a" * 64, 0, "then", "m", "1"), Record("b" * 64, 3, "now", "m", "2")
    again = Record("a" * 64, 0, "now", "m", "2")
    told = difference({"a": None, "b": old, "c": old, "d": old}, {"a": new, "b": new, "c": again, "d": None})
    assert told == {
        "before": "a: not run\nb: aaaaaaaaaaaa, code 0\nd: aaaaaaaaaaaa, code 0\n",
        "after": "a: bbbbbbbbbbbb, code 3\nb: bbbbbbbbbbbb, code 3\nd: not run\n",
    }
