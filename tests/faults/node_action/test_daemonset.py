# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode daemonset: the pods stay, and nodes that come later have theirs."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.node_action.nodes import DONE, Nodes, Script
from tests.faults.node_action.task import ACTION, Task, left, reasons, states, stored


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


def test_jobs_take_the_place_of_a_daemonset(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running(lambda _node: DONE):
        task(mode="daemonset")
        assert task(check_mode=True)["changed"] is True
        assert task()["changed"] is True
    assert left(client, task.namespace) == []
