# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One control plane with two nodes for all tests of this folder; each test has a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from devcluster.control_plane import ControlPlane, Setup, User
from tests.faults.image_cache.kubelet import Kubelets
from tests.faults.kube_apply.control_plane import make_namespace, running

_CONTROLLERS = (
    "daemonset-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "resourcequota-controller",
    "serviceaccount-controller",
)
_SETUP = Setup((User("tester", "image-cache-tests", "system:masters"),), _CONTROLLERS, scheduler=True)
_NUMBERS = count(1)
_ACCOUNT_SECONDS = 20


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane without nodes."""
    with running(tmp_path_factory.mktemp("control-plane"), _SETUP) as plane:
        yield plane


@pytest.fixture(scope="session")
def kubelets(control_plane: ControlPlane) -> Kubelets:
    """Two nodes that an image may be wanted on, and two that it is not."""
    made = Kubelets(control_plane)
    made.add_node("a")
    made.add_node("b")
    made.add_node("control", taint="node-role.kubernetes.io/control-plane")
    made.add_node("windows", operating_system="windows")
    return made


@pytest.fixture
def client(control_plane: ControlPlane) -> KubeClient:
    """A client of its own."""
    return connect(str(control_plane.kubeconfig), None)


@pytest.fixture
def namespace(client: KubeClient) -> str:
    """A fresh namespace, in which pods can be made."""
    return make_namespace(client, f"test-{next(_NUMBERS)}", _ACCOUNT_SECONDS)
