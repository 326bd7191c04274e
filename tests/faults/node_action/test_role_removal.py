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
    Configuration,
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.daemonset import action_daemonset
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    NODE_ACTION,
    PACKAGE_SERVER,
    RUN,
    PodSettings,
    labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import read_pod_files
from devcluster.control_plane import ControlPlane
from tests.faults.kube_apply.plays import run_play

SECRET = "correct-horse"
KINDS = (("v1", "ConfigMap"), ("v1", "Secret"), ("coordination.k8s.io/v1", "Lease"))
ROLE = "clusterdepot.artifacts.package_server"
THEIRS = ("DaemonSet", "")
# What the role makes by name.
NAMED = (("apps/v1", "DaemonSet", ""), ("v1", "Secret", "-storage"), ("v1", "ServiceAccount", ""))


def read(namespace: str, name: str) -> tuple[Action, PodSettings, Configuration]:
    """An action with a secret, its settings, and what its pods are given."""
    action = Action(name, "true", (name, ""), variables=(("TOKEN", SECRET),))
    settings = PodSettings(namespace, 20000, "rclone", "haproxy", "busybox")
    return action, settings, action_configuration(action, None, settings, read_pod_files())


def begin(client: KubeClient, namespace: str, name: str) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Makes what the pods of an action are given; gives its Job, which is not made, and the Secret."""
    action, settings, configuration = read(namespace, name)
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


def play(
    plane: ControlPlane,
    namespace: str,
    folder: Path,
    *options: str,
    tasks: str = "absent",
    clean_nodes: bool = True,
) -> str:
    """Runs the role's removal, or other tasks of it, with no action in its list; gives what was printed."""
    variables = {
        "plane_kubeconfig": str(plane.kubeconfig),
        "package_server_namespace": namespace,
        "package_server_clean_nodes": clean_nodes,
    }
    role = {"name": ROLE, "tasks_from": tasks, "rolespec_validate": False}
    task = {"name": "Call the role", "ansible.builtin.include_role": role}
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
    play(control_plane, namespace, tmp_path, "--check")
    assert names(client, namespace) == before
    printed = play(control_plane, namespace, tmp_path)
    assert names(client, namespace) == [{"begun", "running"}, {"begun", "running"}, {"begun"}]
    assert client.get("v1", "Secret", namespace, "theirs") is not None
    assert SECRET not in printed
    assert str(secret["data"]["TOKEN"]) not in printed


@pytest.mark.usefixtures("nodes")
def test_where_nodes_are_left_alone_nothing_goes_on_to_run_there(
    control_plane: ControlPlane, client: KubeClient, namespace: str, tmp_path: Path
) -> None:
    job, _secret = begin(client, namespace, "running")
    client.create(job)
    begin(client, namespace, "everywhere")
    client.create(action_daemonset(*with_no_storage(read(namespace, "everywhere"))))
    theirs = staying(namespace, "theirs", {"app.kubernetes.io/name": "theirs"})
    client.create(theirs)
    play(control_plane, namespace, tmp_path, "--check", clean_nodes=False)
    assert workloads(client, namespace) == {("Job", "running"), ("DaemonSet", "everywhere"), THEIRS}
    play(control_plane, namespace, tmp_path)
    assert workloads(client, namespace) == {("Job", "running"), ("DaemonSet", "everywhere"), THEIRS}
    play(control_plane, namespace, tmp_path, clean_nodes=False)
    assert workloads(client, namespace) == {THEIRS}
    assert names(client, namespace) == [set(), set(), set()]


@pytest.mark.usefixtures("nodes")
@pytest.mark.parametrize("tasks", ["main", "absent"])
def test_what_others_have_made_by_the_names_of_the_role_stays(
    control_plane: ControlPlane, client: KubeClient, namespace: str, tmp_path: Path, tasks: str
) -> None:
    make_named(client, namespace, {"app.kubernetes.io/name": PACKAGE_SERVER})
    play(control_plane, namespace, tmp_path, tasks=tasks)
    assert named(client, namespace) == {"DaemonSet", "Secret", "ServiceAccount"}
    for version, kind, ending in NAMED:
        client.delete(version, kind, namespace, f"{PACKAGE_SERVER}{ending}")
    make_named(client, namespace, labels(PACKAGE_SERVER, PACKAGE_SERVER, RUN))
    play(control_plane, namespace, tmp_path, "--check", tasks=tasks)
    assert named(client, namespace) == {"DaemonSet", "Secret", "ServiceAccount"}
    play(control_plane, namespace, tmp_path, tasks=tasks)
    assert named(client, namespace) == set()


def make_named(client: KubeClient, namespace: str, own: Mapping[str, str]) -> None:
    """Makes what has the names that the role gives, with these labels."""
    client.create(staying(namespace, PACKAGE_SERVER, own))
    for version, kind, ending in NAMED[1:]:
        metadata = {"name": f"{PACKAGE_SERVER}{ending}", "namespace": namespace, "labels": dict(own)}
        client.create({"apiVersion": version, "kind": kind, "metadata": metadata})


def named(client: KubeClient, namespace: str) -> set[str]:
    """The kinds of which there is an object that has the name that the role gives."""
    return {
        kind
        for version, kind, ending in NAMED
        if client.get(version, kind, namespace, f"{PACKAGE_SERVER}{ending}") is not None
    }


def staying(namespace: str, name: str, own: Mapping[str, str]) -> dict[str, Any]:
    """A DaemonSet with these labels."""
    made = action_daemonset(*with_no_storage(read(namespace, name)))
    made["metadata"]["labels"] = dict(own)
    return made


def with_no_storage(
    made: tuple[Action, PodSettings, Configuration],
) -> tuple[Action, None, PodSettings, Configuration]:
    """What a DaemonSet is made of."""
    action, settings, configuration = made
    return action, None, settings, configuration


def workloads(client: KubeClient, namespace: str) -> set[tuple[str, str]]:
    """Kind and action of each Job and DaemonSet."""
    return {
        (kind, str(one["metadata"]["labels"].get("app.kubernetes.io/instance", "")))
        for version, kind in (("batch/v1", "Job"), ("apps/v1", "DaemonSet"))
        for one in client.list(version, kind, namespace)
    }
