# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One control plane with a node for all tests of this folder; each test has a router of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from devcluster.control_plane import ControlPlane, Setup, User
from tests.faults.artifact_route.place import Place
from tests.faults.image_cache.kubelet import Kubelets
from tests.faults.kube_apply.control_plane import running

_CONTROLLERS = (
    "deployment-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "replicaset-controller",
    "serviceaccount-controller",
)
_SETUP = Setup((User("tester", "artifact-route-tests", "system:masters"),), _CONTROLLERS, scheduler=True)
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane without nodes."""
    with running(tmp_path_factory.mktemp("control-plane"), _SETUP) as plane:
        yield plane


@pytest.fixture(scope="session")
def kubelets(control_plane: ControlPlane) -> Kubelets:
    """One node, whose kubelet runs only where a test says so."""
    made = Kubelets(control_plane)
    made.add_node("a")
    return made


@pytest.fixture
def place(control_plane: ControlPlane, kubelets: Kubelets) -> Place:
    """A router with the route ``base``, which has rolled out; its kubelet has stopped."""
    made = Place(control_plane, kubelets, f"test-{next(_NUMBERS)}")
    made.set_up()
    return made
