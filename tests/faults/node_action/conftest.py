# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One control plane for all tests of this folder; each test has nodes and a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from devcluster.control_plane import API_SERVER, ControlPlane, Setup, User
from tests.faults.kube_apply.control_plane import make_namespace, running
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
    with running(tmp_path_factory.mktemp("control-plane"), _SETUP) as plane:
        yield plane


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
    return make_namespace(client, f"test-{next(_NUMBERS)}", _ACCOUNT_SECONDS)


@pytest.fixture
def task(control_plane: ControlPlane, namespace: str) -> Task:
    """The task, in that namespace."""
    return Task(control_plane, namespace)
