# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import Verdict
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action, read_action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    NO_CODE,
    Record,
    Selection,
    annotation_key,
    write_record,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import (
    CORDON_MARK,
    SeenNode,
    make_plan,
    see,
)

ACTION = Action("install", "true", ("install", ""))
DONE = Record(ACTION.content_hash, 0, "", "m1", "job")


def seen(name: str, record: Record | None = None, refusal: str = "", *, wanted: bool = True) -> SeenNode:
    verdict = Verdict.EXCLUDED if refusal else Verdict.WANTED if wanted else Verdict.NOT_WANTED
    return SeenNode(name, f"uid-{name}", "m1", verdict, refusal, False, record, False)


def node(**annotations: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "a", "uid": "u", "annotations": annotations},
        "spec": {
            "unschedulable": True,
            "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}],
        },
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"operatingSystem": "linux", "machineID": "m1"},
        },
    }


def test_only_ones_own_cordon_is_looked_through() -> None:
    own = see(node(**{CORDON_MARK: "install"}), "install", Selection())
    assert (own.verdict, own.marked) == (Verdict.WANTED, True)
    for others in ({}, {CORDON_MARK: "another"}):
        found = see(node(**others), "install", Selection())
        assert (found.verdict, found.refusal, found.marked) == (Verdict.EXCLUDED, "it is cordoned", False)


def test_the_mark_is_documented() -> None:
    documentation = (Path(__file__).parents[5] / "docs" / "package_server.md").read_text()
    assert f"kubectl annotate node NODE {CORDON_MARK}-" in documentation


def test_no_action_keeps_its_record_where_the_mark_is() -> None:
    name = CORDON_MARK.removeprefix(annotation_key(""))
    found, faults = read_action({"name": name, "script": "true"})
    assert found is None
    assert [fault.where for fault in faults] == ["name"]


def test_a_node_is_read_with_its_record() -> None:
    found = see(node(**{annotation_key("install"): write_record(DONE)}), "install", Selection())
    assert (found.name, found.uid, found.machine, found.record) == ("a", "u", "m1", DONE)


def test_each_reason_to_run_is_told() -> None:
    plan = make_plan(
        [
            seen("h", wanted=False),
            seen("g", refusal="it is cordoned"),
            seen("f", DONE),
            seen("e", Record(ACTION.content_hash, 3, "", "m1")),
            seen("d", Record("other", 0, "", "m1")),
            seen("c", Record(ACTION.content_hash, 0, "", "m2")),
            seen("b"),
            seen("a", refusal="it is not ready"),
        ],
        ACTION,
        under_way={"a"},
        reached={},
    )
    assert list(plan.run) == list("abcde")
    assert plan.run["a"] == "an earlier run of it is under way"
    assert plan.run["b"] == "it was not run here"
    assert "machine" in plan.run["c"]
    assert plan.run["d"] == "what was run here was something else"
    assert plan.run["e"] == "it failed here"
    assert dict(plan.settled) == {"f": "done before"}
    assert dict(plan.refused) == {"g": "it is cordoned"}


def test_force_runs_it_again() -> None:
    forced = Action("install", "true", ("install", ""), force=True)
    assert dict(make_plan([seen("a", DONE)], forced, (), {}).run) == {"a": "it is forced"}


def test_it_is_taken_back_where_it_was_run() -> None:
    removal = Action("install", "", ("install", ""), removes=True)
    nodes = [
        seen("a", Record("whatever", 7, "")),
        seen("b"),
        seen("c", DONE, refusal="it is cordoned"),
        seen("d", refusal="x"),
    ]
    plan = make_plan(nodes, removal, (), {})
    assert (list(plan.run), list(plan.settled), list(plan.refused)) == (["a"], ["b", "d"], ["c"])
    forced = Action("install", "", ("install", ""), removes=True, force=True)
    assert list(make_plan(nodes, forced, (), {}).run) == ["a", "b"]


def test_what_was_begun_is_not_done() -> None:
    begun = Record(ACTION.content_hash, NO_CODE, "", "m1", "job")
    plan = make_plan([seen("a", begun)], ACTION, (), {})
    assert dict(plan.run) == {"a": "it was begun here, and did not come to an end of its own"}


def test_pods_of_a_daemonset_count_as_runs() -> None:
    reached = {"a": ACTION.content_hash, "b": "other", "d": "other", "e": "other"}
    nodes = [
        seen("a", DONE),
        seen("b", DONE),
        seen("c", DONE),
        seen("d"),
        seen("e", refusal="it is not ready"),
    ]
    plan = make_plan(nodes, ACTION, (), reached)
    assert dict(plan.run) == {
        "b": "what was run here was something else",
        "d": "it was not run here",
    }
    removal = Action("install", "", ("install", ""), removes=True)
    back = make_plan([*nodes, seen("f")], removal, (), reached)
    assert list(back.run) == ["a", "b", "c", "d"]
    assert back.run["d"] == "a Job or a pod of it is here"
    assert (list(back.refused), list(back.settled)) == (["e"], ["f"])
