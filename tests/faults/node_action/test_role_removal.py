# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's removal: it leaves nothing of actions that left the list, but what is still needed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_lease import VALID_SECONDS
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    NODE_ACTION,
    RUN,
    PodSettings,
    labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import read_pod_files
from devcluster.control_plane import ControlPlane
from tests.faults.kube_apply.plays import run_play

SECRET = "correct-horse"
KINDS = (("v1", "ConfigMap"), ("v1", "Secret"), ("coordination.k8s.io/v1", "Lease"))
ROLE = {"name": "clusterdepot.artifacts.package_server", "tasks_from": "absent", "rolespec_validate": False}


def begin(client: KubeClient, namespace: str, name: str) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Makes what the pods of an action are given; gives its Job, which is not made, and the Secret."""
    action = Action(name, "true", (name, ""), variables=(("TOKEN", SECRET),))
    settings = PodSettings(namespace, 20000, "rclone", "haproxy", "busybox")
    configuration = action_configuration(action, None, settings, read_pod_files())
    for made in configuration.objects:
        client.apply(made, field_manager="tests")
    (secret,) = [one for one in configuration.objects if one["kind"] == "Secret"]
    return make_job(action, None, settings, configuration, "a", "uid"), secret


def lease(client: KubeClient, namespace: str, name: str, age: float) -> None:
    """Makes the Lease that a run of the action renewed so many seconds ago."""
    renewed = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    spec = {
        "holderIdentity": "run",
        "leaseDurationSeconds": VALID_SECONDS,
        "renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    made = labels(NODE_ACTION, name, RUN)
    metadata = {"name": f"node-action-{name}", "namespace": namespace, "labels": made}
    version, kind = KINDS[-1]
    client.create({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})


def names(client: KubeClient, namespace: str) -> list[set[str]]:
    """Of each kind, the actions that have such an object."""
    selector = "app.kubernetes.io/name=node-action"
    return [
        {
            str(one["metadata"]["labels"]["app.kubernetes.io/instance"])
            for one in client.list(version, kind, namespace, label_selector=selector)
        }
        for version, kind in KINDS
    ]


def remove(plane: ControlPlane, namespace: str, folder: Path, *options: str) -> str:
    """Runs the role's removal, with no action in its list; gives what was printed."""
    variables = {"plane_kubeconfig": str(plane.kubeconfig), "package_server_namespace": namespace}
    task = {"name": "Remove", "ansible.builtin.include_role": ROLE}
    code, printed = run_play(folder, [task], "-vvv", "--diff", *options, variables=variables)
    assert code == 0, printed
    return printed


@pytest.mark.usefixtures("nodes")
def test_what_an_interrupted_run_left_goes_where_nothing_of_it_runs(
    control_plane: ControlPlane, client: KubeClient, namespace: str, tmp_path: Path
) -> None:
    _job, secret = begin(client, namespace, "interrupted")
    job, _secret = begin(client, namespace, "running")
    client.create(job)
    theirs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs", "namespace": namespace}}
    client.apply(theirs, field_manager="tests")
    begin(client, namespace, "begun")
    # In the future, since it may take a while to come to where that is looked at.
    lease(client, namespace, "begun", -600)
    lease(client, namespace, "interrupted", VALID_SECONDS + 1)
    every = {"begun", "interrupted", "running"}
    before = [every, every, {"begun", "interrupted"}]
    assert names(client, namespace) == before
    remove(control_plane, namespace, tmp_path, "--check")
    assert names(client, namespace) == before
    printed = remove(control_plane, namespace, tmp_path)
    assert names(client, namespace) == [{"begun", "running"}, {"begun", "running"}, {"begun"}]
    assert client.get("v1", "Secret", namespace, "theirs") is not None
    assert SECRET not in printed
    assert str(secret["data"]["TOKEN"]) not in printed
