# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cordoning and draining: only what the action did itself is taken back, and PodDisruptionBudgets hold."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.node_action.nodes import DONE, HANGS, Nodes
from tests.faults.node_action.task import Task, left, reasons, states
from tests.faults.node_action.test_interrupted import interrupt, jobs, wait_for

MARK = "actions.clusterdepot.io/cordoned.by"
TOLERATION = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}


def is_cordoned(nodes: Nodes, name: str) -> bool:
    return bool(nodes.read(name)["spec"].get("unschedulable"))


def mark(nodes: Nodes, name: str) -> str | None:
    found = nodes.read(name)["metadata"].get("annotations", {}).get(MARK)
    return None if found is None else str(found)


def cordon(nodes: Nodes, name: str) -> None:
    """As an administrator does it."""
    nodes.client.merge("v1", "Node", None, name, {"spec": {"unschedulable": True}})


def test_a_node_is_cordoned_for_the_run_only(nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    with nodes.running():
        task(cordon="cordon")
    assert nodes.cordoned_at_start == {"a": True, "b": True}
    for name in "ab":
        assert not is_cordoned(nodes, name)
        assert mark(nodes, name) is None


def test_what_somebody_else_cordoned_stays_so(nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    cordon(nodes, "b")
    with nodes.running():
        assert states(task(cordon="cordon")) == {"a": "done", "b": "refused"}
        result = task(cordon="cordon", tolerations=[TOLERATION])
    assert states(result) == {"a": "unchanged", "b": "done"}
    assert is_cordoned(nodes, "b")
    assert mark(nodes, "b") is None


def test_what_somebody_else_cordons_meanwhile_stays_so(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    begun: list[str] = []

    def take_over(_line: str) -> None:
        if nodes.started and not begun:
            begun.append("a")
            nodes.client.merge("v1", "Node", None, "a", {"metadata": {"annotations": {MARK: None}}})
            nodes.behaviour = lambda _node: DONE

    task.progress.on_update = take_over
    with nodes.running(lambda _node: HANGS):
        assert states(task(cordon="cordon")) == {"a": "done"}
    assert begun
    assert is_cordoned(nodes, "a")


def test_an_interrupted_run_leaves_a_cordon_that_the_next_one_takes_back(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a", "b")
    with nodes.running(lambda _node: HANGS):
        interrupt(task, nodes, 2, cordon="cordon", canary=0)
        assert [is_cordoned(nodes, name) for name in "ab"] == [True, True]
        assert mark(nodes, "a") == "install"
        # Of b not even the Job is left; and the next run does not cordon.
        for name, uid in jobs(client, task.namespace).items():
            job = client.get("batch/v1", "Job", task.namespace, name)
            assert job is not None
            assert job["metadata"]["uid"] == uid
            if job["metadata"]["annotations"]["actions.clusterdepot.io/node"] == "b":
                client.delete("batch/v1", "Job", task.namespace, name)
        wait_for(lambda: len(client.list("v1", "Pod", task.namespace)) == 1)
        told = task(check_mode=True, selector={"kubernetes.io/hostname": "a"})
        assert told["uncordoned"] == ["b"]
        assert is_cordoned(nodes, "b")
        nodes.behaviour = lambda _node: DONE
        result = task(selector={"kubernetes.io/hostname": "a"})
    assert result["uncordoned"] == ["b"]
    assert states(result) == {"a": "done"}
    for name in "ab":
        assert not is_cordoned(nodes, name)
        assert mark(nodes, name) is None


def add_pod(nodes: Nodes, namespace: str, name: str, *, managed: bool = True, volumes: bool = False) -> None:
    """A pod that runs on the node a; what makes it anew, here a ConfigMap, does not."""
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "labels": {"app": "shop"}}
    if managed:
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop", "namespace": namespace}}
        uid = nodes.client.apply(made, field_manager="tests")["metadata"]["uid"]
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop", "uid": uid}
        metadata["ownerReferences"] = [{**owner, "controller": True}]
    spec: dict[str, Any] = {"nodeName": "a", "containers": [{"name": "main", "image": "x"}]}
    if volumes:
        spec["volumes"] = [{"name": "cache", "emptyDir": {}}]
    nodes.client.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    nodes.set_status(f"/api/v1/namespaces/{namespace}/pods/{name}", status)


def budget(client: KubeClient, namespace: str) -> None:
    """A budget that allows no disruption."""
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "shop"}}}
    metadata = {"name": "shop", "namespace": namespace}
    made = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}
    client.apply(made, field_manager="tests")
    end = time.monotonic() + 20
    while True:
        found = client.get("policy/v1", "PodDisruptionBudget", namespace, "shop")
        if found is not None and found.get("status", {}).get("observedGeneration") == 1:
            return
        assert time.monotonic() < end, "the budget was not looked at"
        time.sleep(0.1)


def pods(client: KubeClient, namespace: str) -> set[str]:
    found = client.list("v1", "Pod", namespace, label_selector="app=shop")
    return {pod["metadata"]["name"] for pod in found if not pod["metadata"].get("deletionTimestamp")}


def test_a_node_is_drained_before_it_is_run_on(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    add_pod(nodes, task.namespace, "one")
    add_pod(nodes, task.namespace, "two")
    with nodes.running():
        result = task(cordon="drain")
    assert states(result) == {"a": "done"}
    assert pods(client, task.namespace) == set()
    assert not is_cordoned(nodes, "a")


def test_a_budget_that_says_no_is_respected(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    add_pod(nodes, task.namespace, "one")
    budget(client, task.namespace)
    with nodes.running():
        result = task.fail(cordon="drain", drain={"timeout": 3})
        assert states(result) == {"a": "failed"}
        reason = reasons(result)["a"]
        assert "could not be evicted within 3 seconds" in reason
        assert f"{task.namespace}/one is kept by its PodDisruptionBudget" in reason
        assert pods(client, task.namespace) == {"one"}
        assert not is_cordoned(nodes, "a")
        assert result["changed"] is False
        assert nodes.started == []
        client.delete("policy/v1", "PodDisruptionBudget", task.namespace, "shop")
        task(cordon="drain")
    assert pods(client, task.namespace) == set()
    assert left(client, task.namespace) == []


@pytest.mark.parametrize(
    ("made", "allowed", "told"),
    [
        ({"managed": False}, "unmanaged", "no controller would make anew"),
        ({"volumes": True}, "delete_emptydir_data", "files in an emptyDir would be lost"),
    ],
)
def test_what_would_be_lost_stays_unless_it_is_allowed(
    client: KubeClient, nodes: Nodes, task: Task, made: dict[str, bool], allowed: str, told: str
) -> None:
    nodes.add("a")
    add_pod(nodes, task.namespace, "one", **made)
    add_pod(nodes, task.namespace, "two")
    with nodes.running():
        result = task.fail(cordon="drain")
        assert f"the node was not drained: {told}" in reasons(result)["a"]
        # Nothing at all was evicted.
        assert pods(client, task.namespace) == {"one", "two"}
        assert not is_cordoned(nodes, "a")
        assert states(task(cordon="drain", drain={allowed: True})) == {"a": "done"}
    assert pods(client, task.namespace) == set()
