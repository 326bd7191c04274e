# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One control plane for all tests of this folder; each test has nodes and a namespace of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from devcluster.control_plane import API_SERVER, ControlPlane, Setup, User
from devcluster.errors import ComponentFailed
from tests.faults.kube_apply.control_plane import binaries
from tests.faults.node_action.nodes import Nodes
from tests.faults.node_action.task import Task

_CONTROLLERS = (
    "daemonset-controller",
    "disruption-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "serviceaccount-controller",
)
_USERS = (User("tester", "node-action-tests", "system:masters"), User("operator", "node-action-operator"))
# As kubeadm and all that are alike start it.
_FLAGS = {API_SERVER: ("--allow-privileged=true",)}
_SETUP = Setup(_USERS, _CONTROLLERS, scheduler=True, flags=_FLAGS)
_NUMBERS = count(1)
# Controllers are slow to come back to an API server that was away.
_ACCOUNT_SECONDS = 90


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane without nodes."""
    try:
        plane = ControlPlane(tmp_path_factory.mktemp("control-plane"), binaries(), _SETUP)
    except ComponentFailed as error:
        pytest.fail(str(error), pytrace=False)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


@pytest.fixture
def client(control_plane: ControlPlane) -> KubeClient:
    """A client of its own."""
    return connect(str(control_plane.kubeconfig), None)


@pytest.fixture
def nodes(control_plane: ControlPlane) -> Iterator[Nodes]:
    """No nodes yet; those that a test adds go with it."""
    made = Nodes(control_plane)
    yield made
    made.remove_all()


@pytest.fixture
def namespace(client: KubeClient) -> str:
    """A fresh namespace, in which pods can be made."""
    name = f"test-{next(_NUMBERS)}"
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    client.apply(made, field_manager="tests")
    end = time.monotonic() + _ACCOUNT_SECONDS
    while client.get("v1", "ServiceAccount", name, "default") is None:
        assert time.monotonic() < end, "there is no service account"
        time.sleep(0.1)
    return name


@pytest.fixture
def task(control_plane: ControlPlane, namespace: str) -> Task:
    """The task, in that namespace."""
    return Task(control_plane, namespace)
