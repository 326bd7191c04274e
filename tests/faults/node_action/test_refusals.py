# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before anything is written, what is never told, and what a run costs."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import (
    Answer,
    Connection,
    open_connection,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action import run_action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_faults import (
    read_options,
)
from devcluster.control_plane import ControlPlane
from tests.faults.node_action.nodes import DONE, Nodes, Script, named
from tests.faults.node_action.task import Task, Watching, left, reasons, states, stored, validated

S3 = {"type": "s3", "bucket": "packages", "secret": "credentials"}


def test_all_faults_are_told_at_once_and_nothing_is_changed(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    before = stored(client, task.namespace)
    result = task.fail(
        name="No_Name",
        script="#!/usr/bin/python3\n",
        variables={"1": "secret-value"},
        storage={"type": "s3", "path": "/x"},
        selector={"a b": "c"},
        tolerations=[{"operator": "Sometimes"}],
        canary=-1,
        max_parallel=0,
        max_fail="half",
        drain={"timeout": 0},
        port=80,
        rclone_image="Not An Image",
        priority_class="A b",
        node_namespaces=["net"],
        catalogue="nonsense",
    )
    told = [fault.partition(":")[0].partition("[")[0] for fault in result["faults"]]
    expected = (
        "name script variables storage storage.bucket selector tolerations canary max_parallel max_fail "
        "drain drain.timeout port rclone_image priority_class node_namespaces catalogue"
    )
    assert set(expected.split()) == set(told)
    assert all(fault in result["msg"] for fault in result["faults"])
    assert result["changed"] is False
    assert "secret-value" not in json.dumps(result)
    assert stored(client, task.namespace) == before


def test_a_daemonset_has_neither_canary_nor_cordon(task: Task) -> None:
    result = task.fail(mode="daemonset", canary=2, cordon="drain")
    assert [fault.partition(":")[0] for fault in result["faults"]] == ["canary", "cordon"]


def test_a_daemonset_is_not_forced(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    before = stored(client, task.namespace)
    (fault,) = task.fail(mode="daemonset", force=True)["faults"]
    assert fault.startswith("force: a DaemonSet's pods would be forced whenever they are started")
    assert stored(client, task.namespace) == before


def test_a_missing_namespace_is_one_sentence(control_plane: ControlPlane, nodes: Nodes) -> None:
    nodes.add("a")
    task = Task(control_plane, "nowhere")
    result = task.fail(storage=S3)
    assert result["msg"] == (
        'namespace "nowhere" does not exist; create it, or use the role package_server, which makes it'
    )
    assert result["changed"] is False
    told = task(check_mode=True, storage=S3)
    assert states(told) == {"a": "would run"}
    assert any("nowhere" in warning for warning in told["warnings"])
    assert task(state="absent")["changed"] is False


def test_a_namespace_that_is_being_deleted_is_one_sentence(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    metadata = {"name": "kept", "namespace": task.namespace, "finalizers": ["example.com/kept"]}
    client.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    client.delete("v1", "Namespace", None, task.namespace)
    assert task.fail()["msg"] == (
        f'namespace "{task.namespace}" is being deleted; wait until it is gone, and create it anew'
    )
    assert task(state="absent")["changed"] is False
    client.merge("v1", "ConfigMap", task.namespace, "kept", {"metadata": {"finalizers": None}})


def test_a_missing_secret_is_one_sentence(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    before = stored(client, task.namespace)
    result = task.fail(storage=S3)
    assert result["msg"] == (
        f'the storage\'s secret credentials is missing, in the namespace "{task.namespace}"'
    )
    assert stored(client, task.namespace) == before
    metadata = {"name": "credentials", "namespace": task.namespace}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "stringData": {"access_key_id": "x"},
    }
    client.apply(secret, field_manager="tests")
    result = task.fail(storage=S3)
    assert "has no key secret_access_key" in result["msg"]
    secret["stringData"] = {"access_key_id": "x", "secret_access_key": "y"}
    client.apply(secret, field_manager="tests")
    with nodes.running():
        task(storage=S3)
    # It is nobody's but the user's.
    assert client.get("v1", "Secret", task.namespace, "credentials") is not None


def test_a_missing_service_account_is_one_sentence(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    result = task.fail(service_account="nobody")
    assert result["msg"] == f'the service account nobody is missing, in the namespace "{task.namespace}"'


def test_a_namespace_without_privilege_is_one_sentence(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    client.merge("v1", "Namespace", None, task.namespace, {"metadata": {"labels": label}})
    assert "allows no privileged pods" in task.fail()["msg"]


def test_a_pod_that_is_refused_is_told_by_its_reason(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    metadata = {"name": "none", "namespace": task.namespace}
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata,
        "spec": {"hard": {"pods": "0"}},
    }
    client.apply(quota, field_manager="tests")
    with nodes.running():
        result = task.fail(start_timeout=3)
    assert "its pod is refused: exceeded quota: none" in reasons(result)["a"]


def test_values_of_variables_are_told_nowhere(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    secret, lines = "correct-horse", "first-line\nsecond-line"
    output = f"token is {secret}!\nand first-line\nand second-line"
    with nodes.running(lambda node: Script(code=3 if node == "b" else 0, output=output)):
        result = task.fail(variables={"TOKEN": secret, "LINES": lines}, canary=0)
        assert states(result) == {"a": "done", "b": "failed"}
    told = json.dumps([result, task.progress.lines])
    events = client.list("v1", "Event", "default") + client.list("v1", "Event", task.namespace)
    kept = json.dumps([events, client.list("v1", "Node"), client.list("v1", "ConfigMap", task.namespace)])
    for value in (secret, "first-line", "second-line"):
        assert value not in told
        assert value not in kept
    assert {row["output"] for row in result["nodes"]} == {"token is (hidden)!\nand (hidden)\nand (hidden)"}
    assert left(client, task.namespace) == []


KINDS = ["nodes", "events", "jobs", "pods", "configmaps", "secrets", "daemonsets", "namespaces", "leases"]


class Counting(Connection):
    """A connection that counts what is asked; it is the one that it is made from."""

    def __init__(self, connection: Connection) -> None:
        self.__dict__.update(connection.__dict__)
        self.asked: Counter[str] = Counter()

    def exchange(self, method: str, path: str, **more: Any) -> Answer:
        """Count by verb and kind."""
        parts = path.split("/")
        kind = next((part for part in reversed(parts) if part in KINDS), path)
        self.asked[f"{method} {kind}"] += 1
        return super().exchange(method, path, **more)


def cost(control_plane: ControlPlane, namespace: str, count: int) -> Counter[str]:
    """What a run on so many nodes asks."""
    connection = Counting(open_connection(str(control_plane.kubeconfig), None))
    wish, faults = read_options(
        validated({"name": f"cost-{count}", "namespace": namespace, "script": "true", "canary": 0})
    )
    assert wish is not None, faults
    result = run_action(KubeClient(connection), wish, check_mode=False, progress=Watching())
    assert result["counts"] == {"done": count}
    return connection.asked


def test_each_node_costs_four_requests(control_plane: ControlPlane, nodes: Nodes, task: Task) -> None:
    nodes.add(*named(30))
    with nodes.running(lambda _node: DONE):
        asked = cost(control_plane, task.namespace, 30)
        assert {asked[f"{verb} {kind}"] for verb, kind in EACH} == {30}
        polls = asked["GET pods"]
        assert polls < 30
        # Before and after there are a few more, whatever the number of nodes.
        assert sum(asked.values()) - 4 * 30 - 2 * polls < 25


EACH = (("POST", "jobs"), ("PATCH", "nodes"), ("POST", "events"), ("DELETE", "jobs"))
