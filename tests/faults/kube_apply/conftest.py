# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One control plane for all tests of this folder; each test has a namespace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from tests.faults.kube_apply.control_plane import ControlPlane, running
from tests.faults.kube_apply.controllers import Controllers
from tests.faults.kube_apply.objects import CUSTOM_RESOURCES, STORAGE_CLASS
from tests.faults.kube_apply.task import Task

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane with minimal forms of cert-manager's and MetalLB's kinds, and one StorageClass."""
    with running(tmp_path_factory.mktemp("control-plane")) as plane:
        Task(plane)([*CUSTOM_RESOURCES, STORAGE_CLASS])
        yield plane


@pytest.fixture
def kube_apply(control_plane: ControlPlane) -> Task:
    """The task, run as the action plugin does."""
    return Task(control_plane)


@pytest.fixture
def client(control_plane: ControlPlane) -> KubeClient:
    """A client of its own, to look at the cluster with."""
    return connect(str(control_plane.kubeconfig), None)


@pytest.fixture
def namespace(kube_apply: Task) -> str:
    """A fresh namespace."""
    name = f"test-{next(_NUMBERS)}"
    kube_apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    return name


@pytest.fixture
def controllers(control_plane: ControlPlane) -> Controllers:
    """Stands for cert-manager and the kubelet."""
    return Controllers(control_plane)
