# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script that failed in a DaemonSet's pod runs again by the next run, whatever has become of the pod."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.node_action.nodes import DONE, Nodes, Script
from tests.faults.node_action.task import ACTION, Task, states
from tests.faults.node_action.test_interrupted import wait_for


def attempt(client: KubeClient, namespace: str) -> str:
    """What the pods are told that the newest run calls itself."""
    found = client.get("v1", "ConfigMap", namespace, f"{ACTION}-attempt")
    assert found is not None
    return str(found["data"]["attempt"])


def ended(client: KubeClient, namespace: str) -> set[str]:
    """The UIDs of the pods whose script has ended."""
    return {
        str(pod["metadata"]["uid"])
        for pod in client.list("v1", "Pod", namespace)
        for status in pod["status"].get("initContainerStatuses", [])
        if status["name"] == "action" and "terminated" in status["state"]
    }


def test_a_failure_that_a_newer_pod_has_told_again_is_no_result_of_the_next_run(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    with nodes.running(lambda _node: Script(code=3)):
        task.fail(mode="daemonset")
        first = attempt(client, task.namespace)
        (failed,) = client.list("v1", "Pod", task.namespace)
        # As an eviction does. The runner tells the same failure again, and so does this one.
        client.delete("v1", "Pod", task.namespace, failed["metadata"]["name"])
        wait_for(lambda: len(ended(client, task.namespace) - {failed["metadata"]["uid"]}) == 1)
        nodes.behaviour = lambda _node: DONE
        assert states(task(mode="daemonset")) == {"a": "done"}
        second = attempt(client, task.namespace)
        assert states(task(mode="daemonset")) == {"a": "unchanged"}
    assert first != second == attempt(client, task.namespace)
    assert len(nodes.started) == 3
