# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an action goes from node to node, on a real API server; kubelets are stood in for."""

from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import _node_action_errand
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.node_action.nodes import DONE, HANGS, Nodes, Script, named
from tests.faults.node_action.task import ACTION, Task, left, reasons, states, stored


def test_all_nodes_are_done_and_a_second_run_costs_nothing(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    names = named(7)
    nodes.add(*names)
    with nodes.running(lambda _node: Script(output="hello", seconds=0.3)):
        result = task(max_parallel=3)
        assert result["changed"] is True
        assert states(result) == dict.fromkeys(names, "done")
        assert result["counts"] == {"done": 7}
        assert {row["output"] for row in result["nodes"]} == {"hello"}
        assert {row["code"] for row in result["nodes"]} == {0}
        # The canary alone, and never more than three.
        assert nodes.most_jobs == 3
        assert nodes.started[0] == names[0]
        assert sorted(nodes.started) == names
        for name in names:
            record = nodes.record(name, ACTION)
            assert record is not None
            assert (record["hash"], record["code"]) == (result["content_hash"], 0)
        assert left(client, task.namespace) == []
        before = stored(client, task.namespace)
        again = task(max_parallel=3)
    assert again["changed"] is False
    assert again["counts"] == {"unchanged": 7}
    assert len(nodes.started) == 7
    assert stored(client, task.namespace) == before


def test_each_node_has_one_event(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    with nodes.running(lambda node: Script(code=3) if node == "b" else DONE):
        task.fail(canary=0)
    uids = {nodes.read(name)["metadata"]["uid"]: name for name in ("a", "b")}
    events = [
        event
        for event in client.list("v1", "Event", "default")
        if event["involvedObject"].get("uid") in uids and event["reason"].startswith("NodeAction")
    ]
    told = {uids[event["involvedObject"]["uid"]]: (event["type"], event["reason"]) for event in events}
    assert told == {"a": ("Normal", "NodeActionDone"), "b": ("Warning", "NodeActionFailed")}
    assert len(events) == 2
    assert next(event["message"] for event in events if event["type"] == "Warning").startswith(
        "action install: failed, code 3"
    )


@pytest.mark.parametrize("mode", ["jobs", "daemonset"])
def test_annotation_and_event_have_duration_and_last_lines(
    client: KubeClient, nodes: Nodes, task: Task, mode: str
) -> None:
    nodes.add("a")
    output = "first\n" + "x" * 400 + "\nthe end is secret-word"
    with nodes.running(lambda _node: Script(code=3, seconds=0.3, output=output)):
        task.fail(mode=mode, variables={"WORD": "secret-word"})
    record = nodes.record("a", ACTION)
    assert record is not None
    assert (record["code"], record["seconds"]) == (3, 0.3)
    assert record["output"].endswith("x\nthe end is (hidden)")
    assert len(record["output"]) == 300
    uid = nodes.read("a")["metadata"]["uid"]
    (message,) = (
        event["message"]
        for event in client.list("v1", "Event", "default")
        if event["involvedObject"].get("uid") == uid and event["reason"] == "NodeActionFailed"
    )
    assert message.startswith("action install: failed, code 3, 0.3 s, ")
    assert message.endswith("x\nthe end is (hidden)")


def test_a_node_that_goes_silent_is_told_while_it_is_waited_for(
    nodes: Nodes, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_node_action_errand, "_QUIET_SECONDS", 2)
    nodes.add("a")
    told = "a: it is not ready: NodeStatusUnknown: Kubelet stopped posting node status."

    def attend(line: str) -> None:
        if told in line:
            nodes.behaviour = lambda _node: DONE
        elif nodes.started:
            nodes.silence("a")

    task.progress.on_update = attend
    with nodes.running(lambda _node: HANGS):
        assert states(task()) == {"a": "done"}
    assert any(told in line for line in task.progress.lines)


def test_no_node_is_begun_after_too_many_failures(nodes: Nodes, task: Task) -> None:
    names = named(8)
    nodes.add(*names)
    with nodes.running(lambda node: Script(code=5) if node in ("n01", "n02") else DONE):
        result = task.fail(max_parallel=1, max_fail=1)
    assert nodes.started == ["n00", "n01", "n02"]
    expected = {"n00": "done", "n01": "failed", "n02": "failed", **dict.fromkeys(names[3:], "not started")}
    assert states(result) == expected
    assert "max_fail is 1" in reasons(result)["n05"]
    assert "failed on 2 of 8 nodes" in result["msg"]
    assert "not started on 5 nodes" in result["msg"]
    record = nodes.record("n01", ACTION)
    assert record is not None
    assert record["code"] == 5
    # The next run takes up what failed and what was not begun, and nothing else.
    with nodes.running():
        again = task(max_parallel=8)
    assert sorted(nodes.started) == names[1:]
    assert states(again)["n00"] == "unchanged"


def test_a_canary_that_fails_is_the_only_one(nodes: Nodes, task: Task) -> None:
    nodes.add(*named(4))
    with nodes.running(lambda _node: Script(code=1)):
        result = task.fail(canary=["n02"], max_fail="100%")
    assert nodes.started == ["n02"]
    assert result["counts"] == {"failed": 1, "not started": 3}
    assert "canary n02" in reasons(result)["n00"]


def test_a_canary_that_is_no_node_is_a_fault(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    before = stored(client, task.namespace)
    result = task.fail(canary=["b"])
    assert result["faults"] == ["canary: 'b' is not among the nodes that are selected"]
    assert stored(client, task.namespace) == before


def test_other_content_runs_again_and_force_does(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task()
        task(script="echo other")
        assert nodes.started == ["a", "a"]
        forced = task(script="echo other", force=True)
        assert nodes.started == ["a", "a", "a"]
    assert forced["changed"] is True


def test_a_machine_that_was_made_anew_is_run_on_again(nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    with nodes.running():
        task()
        nodes.add("b", machine="machine-2")
        told = task(check_mode=True)
        assert states(told) == {"a": "unchanged", "b": "would run"}
        assert "machine" in reasons(told)["b"]
        task()
    assert sorted(nodes.started) == ["a", "b", "b"]


def test_what_the_node_had_done_already_is_no_change_but_in_the_annotation(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    with nodes.running(lambda _node: Script(changed=False)):
        first = task()
        assert (first["changed"], states(first)) == (True, {"a": "unchanged"})
        again = task(force=True)
    assert (again["changed"], states(again)) == (False, {"a": "unchanged"})
    assert left(client, task.namespace) == []


def test_nodes_that_cannot_are_told_and_with_none_that_can_it_fails(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    nodes.add("b", image="Talos (v1.9.1)")
    with nodes.running():
        result = task()
    assert states(result) == {"a": "done", "b": "refused"}
    assert any("b: it runs Talos" in warning for warning in result["warnings"])
    none = task.fail(selector={"kubernetes.io/hostname": "b"})
    assert "cannot run on any" in none["msg"]
    assert "no node is selected" in task.fail(selector={"kubernetes.io/hostname": "c"})["msg"]


def test_check_mode_writes_nothing_and_tells_why(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b", "c")
    with nodes.running():
        task(selector={"kubernetes.io/hostname": "a"})
        task(selector={"kubernetes.io/hostname": "b"}, script="echo old")
    before = stored(client, task.namespace)
    result = task(check_mode=True, cordon="drain", variables={"token": "abcdef"})
    assert result["changed"] is True
    assert states(result) == dict.fromkeys("abc", "would run")
    result = task(check_mode=True, cordon="drain")
    assert states(result) == {"a": "unchanged", "b": "would run", "c": "would run"}
    assert reasons(result)["b"] == "what was run here was something else"
    assert reasons(result)["c"] == "it was not run here"
    assert "c: not run" in result["diff"]["before"]
    assert f"c: {result['content_hash'][:12]}, code 0" in result["diff"]["after"]
    assert "a:" not in result["diff"]["before"]
    assert stored(client, task.namespace) == before


def test_absent_takes_back_where_it_was_run(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b", "c")
    with nodes.running(lambda node: Script(code=4) if node == "b" else DONE):
        task.fail(selector={"kubernetes.io/hostname": "b"})
        task(selector={"kubernetes.io/hostname": "a"})
    with nodes.running(lambda node: Script(code=6) if node == "b" else DONE):
        result = task.fail(state="absent", absent_script="rm -f /x", max_fail=1)
        assert nodes.record("a", ACTION) is None
        assert nodes.record("b", ACTION) is not None
    assert states(result) == {"a": "done", "b": "failed", "c": "unchanged"}
    assert sorted(nodes.started) == ["a", "b"]
    with nodes.running():
        assert task(state="absent")["changed"] is True
        assert nodes.record("b", ACTION) is None
        before = stored(client, task.namespace)
        assert task(state="absent")["changed"] is False
    assert nodes.started == ["b"]
    assert stored(client, task.namespace) == before
    assert left(client, task.namespace) == []


def test_what_cannot_be_taken_back_fails_the_removal(nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    with nodes.running():
        task()
        nodes.silence("b")
        told = task(state="absent", check_mode=True)
        assert states(told) == {"a": "would run", "b": "refused"}
        assert any("cannot run on b" in warning for warning in told["warnings"])
        result = task.fail(state="absent")
        assert "cannot be taken back on 1 nodes; b: it is not ready" in result["msg"]
        assert states(result) == {"a": "done", "b": "refused"}
        # Nothing is left to do but that one.
        assert "cannot be taken back on 1 nodes" in task.fail(state="absent")["msg"]
        assert nodes.started == ["a", "b", "a"]
        nodes.add("b")
        assert states(task(state="absent")) == {"a": "unchanged", "b": "done"}
    assert nodes.record("b", ACTION) is None
