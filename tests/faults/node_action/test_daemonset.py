# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode daemonset: the pods stay, and nodes that come later have theirs."""

from __future__ import annotations

import time

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.node_action.nodes import DONE, HANGS, Nodes, Script
from tests.faults.node_action.task import ACTION, Task, left, reasons, states, stored
from tests.faults.node_action.test_interrupted import interrupt, wait_for


def test_a_daemonset_runs_it_and_a_second_run_changes_nothing(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a", "b")
    nodes.add("talos", image="Talos (v1.9.1)")
    with nodes.running():
        result = task(mode="daemonset")
        assert result["changed"] is True
        assert states(result) == {"a": "done", "b": "done", "talos": "refused"}
        assert sorted(nodes.started) == ["a", "b"]
        record = nodes.record("a", ACTION)
        assert record is not None
        assert record["code"] == 0
        before = without_pods(stored(client, task.namespace))
        again = task(mode="daemonset")
        assert again["changed"] is False
        assert states(again) == {"a": "unchanged", "b": "unchanged", "talos": "refused"}
        assert without_pods(stored(client, task.namespace)) == before
        nodes.add("c")
        assert states(task(mode="daemonset"))["c"] == "done"
        assert client.get("apps/v1", "DaemonSet", task.namespace, ACTION) is not None
        assert task(state="absent")["changed"] is True
    assert left(client, task.namespace) == []
    assert nodes.record("a", ACTION) is None


def without_pods(versions: dict[str, str]) -> dict[str, str]:
    """Without what the controller writes by itself."""
    return {name: version for name, version in versions.items() if name.startswith(("ConfigMap", "Node"))}


def test_a_daemonset_is_foretold(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    before = stored(client, task.namespace)
    result = task(mode="daemonset", check_mode=True, variables={"TOKEN": "correct-horse"})
    assert result["changed"] is True
    assert states(result) == {"a": "would run"}
    assert "kind: DaemonSet" in result["diff"]["after"]
    assert "correct-horse" not in str(result)
    assert stored(client, task.namespace) == before


def test_a_rollout_ends_after_too_many_failures(nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b", "c")
    with nodes.running():
        task(mode="daemonset")
    with nodes.running(lambda _node: Script(code=9)):
        result = task.fail(mode="daemonset", script="echo other", max_parallel=1)
    assert len(nodes.started) <= 2
    assert result["counts"] == {"failed": 1, "not started": 2}
    assert sum("max_fail is 0" in reason for reason in reasons(result).values()) == 2


def test_a_rollout_that_ends_begins_nothing_more(client: KubeClient, nodes: Nodes, task: Task) -> None:
    names = ["h0", "h1", "h2", "h3", "h4"]
    nodes.add(*names)
    with nodes.running():
        task(mode="daemonset")

    def behave(node: str) -> Script:
        return Script(code=9) if node == nodes.started[0] else Script(seconds=3)

    with nodes.running(behave):
        result = task.fail(mode="daemonset", script="echo other", max_parallel=2)
        # One place was free all the time, and all of them are now.
        time.sleep(2)
        assert len(nodes.started) == 2
        assert result["counts"] == {"done": 1, "failed": 1, "not started": 3}
        nodes.behaviour = lambda _node: DONE
        again = task(mode="daemonset", script="echo other", max_parallel=2)
    assert again["counts"] == {"done": 4, "unchanged": 1}
    found = client.get("apps/v1", "DaemonSet", task.namespace, ACTION)
    assert found is not None
    assert found["spec"]["updateStrategy"]["type"] == "RollingUpdate"


def test_a_rollout_that_cannot_go_on_is_told_at_once(nodes: Nodes, task: Task) -> None:
    names = ["k0", "k1", "k2", "k3"]
    nodes.add(*names)
    with nodes.running():
        task(mode="daemonset")
    with nodes.running(lambda _node: Script(code=9)):
        result = task.fail(mode="daemonset", script="echo other", max_parallel=2, max_fail=3)
    assert result["counts"] == {"failed": 2, "not started": 2}
    assert "2 pods that failed stay unready" in result["msg"]
    assert len(nodes.started) == 2


def test_jobs_take_the_place_of_a_daemonset(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running(lambda _node: DONE):
        task(mode="daemonset")
        assert task(check_mode=True)["changed"] is True
        assert task()["changed"] is True
    assert left(client, task.namespace) == []


def test_its_removal_is_foretold_and_writes_nothing(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task(mode="daemonset")
    before = stored(client, task.namespace)
    result = task(state="absent", mode="daemonset", absent_script="rm -rf /opt/x", check_mode=True)
    assert result["changed"] is True
    assert states(result) == {"a": "would run"}
    assert stored(client, task.namespace) == before


def test_a_script_that_failed_is_run_again_by_the_next_run(nodes: Nodes, task: Task) -> None:
    # Names of their own, since pods of other tests may still be in the cluster.
    names = ["r0", "r1", "r2", "r3"]
    nodes.add(*names)
    with nodes.running(lambda node: DONE if node == "r0" else Script(code=3)):
        result = task.fail(mode="daemonset", max_fail="100%")
    assert states(result) == {"r0": "done", **dict.fromkeys(names[1:], "failed")}
    with nodes.running(lambda node: Script(code=4) if node == "r1" else DONE):
        stopped = task.fail(mode="daemonset", max_parallel=1)
        # As many of the pods are made anew as may run at once, until too many fail.
        assert states(stopped) == {
            "r0": "unchanged",
            "r1": "failed",
            "r2": "not started",
            "r3": "not started",
        }
        assert nodes.started == ["r1"]
        nodes.behaviour = lambda _node: DONE
        again = task(mode="daemonset")
        assert states(again) == {"r0": "unchanged", **dict.fromkeys(names[1:], "done")}
        assert again["changed"] is True
        assert task(mode="daemonset")["changed"] is False
    for name in names:
        record = nodes.record(name, ACTION)
        assert record is not None
        assert record["code"] == 0


def test_what_a_daemonset_did_by_itself_is_taken_back(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task(mode="daemonset")
        nodes.add("b", "c")
        wait_for(lambda: sorted(nodes.started) == ["a", "b", "c"])
        assert nodes.record("b", ACTION) is None
        told = task(state="absent", check_mode=True)
        assert reasons(told)["b"] == "a Job or a pod of it is here"
        nodes.behaviour = lambda _node: HANGS
        interrupt(task, nodes, 4, state="absent", absent_script="rm -rf /opt/x")
        # The DaemonSet is gone, and what is to be done is known all the same.
        assert client.get("apps/v1", "DaemonSet", task.namespace, ACTION) is None
        assert nodes.record("c", ACTION) is not None
        nodes.behaviour = lambda _node: DONE
        result = task(state="absent", absent_script="rm -rf /opt/x")
    assert states(result) == dict.fromkeys("abc", "done")
    assert [nodes.record(name, ACTION) for name in "abc"] == [None, None, None]
    assert left(client, task.namespace) == []


def test_it_is_taken_back_only_once_its_pods_are_gone(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("g0")
    with nodes.running():
        task(mode="daemonset")
        (pod,) = client.list("v1", "Pod", task.namespace)
        name = pod["metadata"]["name"]
        # As a pod that is slow to end.
        held = {"metadata": {"finalizers": ["example.com/held"]}}
        client.merge("v1", "Pod", task.namespace, name, held)
        jobs: list[int] = []

        def let_go(line: str) -> None:
            if f"pod {name} of an earlier run" in line and not jobs:
                jobs.append(len(client.list("batch/v1", "Job", task.namespace)))
                client.merge("v1", "Pod", task.namespace, name, {"metadata": {"finalizers": None}})

        task.progress.on_update = let_go
        result = task(state="absent", absent_script="rm -rf /opt/x")
    assert states(result) == {"g0": "done"}
    assert jobs == [0]
    assert left(client, task.namespace) == []


def test_a_rollout_that_was_interrupted_counts_as_begun(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task(mode="daemonset")
        nodes.behaviour = lambda _node: HANGS
        interrupt(task, nodes, 2, mode="daemonset", script="echo other")
        nodes.behaviour = lambda _node: DONE
        told = task(check_mode=True)
        assert reasons(told)["a"] == "what was run here was something else"
        assert states(task(mode="daemonset")) == {"a": "done"}
    assert nodes.started == ["a", "a", "a"]


def test_its_pods_run_on_cordoned_nodes_and_are_waited_for(nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b", "c")
    nodes.client.merge("v1", "Node", None, "b", {"spec": {"unschedulable": True}})
    nodes.silence("c")
    with nodes.running():
        result = task(mode="daemonset")
    assert states(result) == {"a": "done", "b": "done", "c": "refused"}
    record = nodes.record("b", ACTION)
    assert record is not None
    assert record["code"] == 0
    assert any("the DaemonSet runs it by itself" in warning for warning in result["warnings"])
