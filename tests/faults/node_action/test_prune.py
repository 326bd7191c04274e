# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run deletes at its end is needed by no pod that a node may start again."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import ActionCluster
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    Configuration,
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.daemonset import (
    action_daemonset,
    attempt_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    HASH_ANNOTATION,
    PodSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import read_pod_files
from tests.faults.node_action.nodes import HANGS, Nodes
from tests.faults.node_action.test_interrupted import wait_for

NAME = "install"


def begin(client: KubeClient, namespace: str, script: str) -> tuple[Action, Configuration]:
    """Has a DaemonSet make pods of that script, where the ones that are there were deleted."""
    action = Action(NAME, script, (NAME, ""), variables=(("TOKEN", script),))
    settings = PodSettings(namespace, 20000, "rclone", "haproxy", "busybox")
    configuration = action_configuration(action, None, settings, read_pod_files())
    daemonset = action_daemonset(action, None, settings, configuration)
    # As a rollout that was stopped.
    daemonset["spec"]["updateStrategy"] = {"type": "OnDelete"}
    for made in (*configuration.objects, attempt_object(action, settings, script), daemonset):
        client.apply(made, field_manager="tests")
    return action, configuration


def pods(client: KubeClient, namespace: str) -> list[dict[str, Any]]:
    """The pods that are to stay."""
    found = client.list("v1", "Pod", namespace)
    return [dict(pod) for pod in found if not pod["metadata"].get("deletionTimestamp")]


def contents(client: KubeClient, namespace: str) -> list[str]:
    """The hashes of what the pods run."""
    return [pod["metadata"]["annotations"][HASH_ANNOTATION] for pod in pods(client, namespace)]


def given(client: KubeClient, namespace: str) -> set[tuple[str, str]]:
    """Kind and name of all that pods of actions are given."""
    label = f"app.kubernetes.io/instance={NAME}"
    return {
        (kind, str(one["metadata"]["name"]))
        for kind in ("ConfigMap", "Secret")
        for one in client.list("v1", kind, namespace, label_selector=label)
    }


def test_what_pods_of_an_older_content_are_given_stays_for_as_long_as_they(
    client: KubeClient, nodes: Nodes, namespace: str
) -> None:
    nodes.add("a")
    cluster = ActionCluster(client, namespace, NAME, lambda: None)
    with nodes.running(lambda _node: HANGS):
        first, older = begin(client, namespace, "old")
        wait_for(lambda: contents(client, namespace) == [first.content_hash])
        second, newer = begin(client, namespace, "new")
        every = older.names | newer.names | {("ConfigMap", f"{NAME}-attempt")}
        assert given(client, namespace) == every
        assert cluster.prune() == []
        assert given(client, namespace) == every
        (pod,) = pods(client, namespace)
        client.delete("v1", "Pod", namespace, pod["metadata"]["name"])
        wait_for(lambda: contents(client, namespace) == [second.content_hash])
        wait_for(lambda: len(list(client.list("v1", "Pod", namespace))) == 1)
        left = older.names - newer.names
        assert set(cluster.prune()) == {f"{kind.lower()}/{name}" for kind, name in left}
        assert given(client, namespace) == every - left
        client.delete("apps/v1", "DaemonSet", namespace, NAME)
        cluster.prune()
        assert given(client, namespace) == set()
