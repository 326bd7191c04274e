# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One control plane with cert-manager's own kinds for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from devcluster.control_plane import ControlPlane, Setup, User
from tests.faults.kube_apply.control_plane import binaries, running
from tests.faults.kube_apply.task import Task

_CONTROLLERS = (
    "namespace-controller",
    "persistentvolume-binder-controller",
    "serviceaccount-controller",
)
_SETUP = Setup((User("tester", "trow-tests", "system:masters"),), _CONTROLLERS)
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane without nodes."""
    with running(tmp_path_factory.mktemp("control-plane"), _SETUP) as plane:
        # As the embedded cluster has them, beside its programs.
        kinds = sorted((binaries().parent / "share" / "cert-manager").glob("*certificates.yaml"))
        objects = [one for path in kinds for one in yaml.safe_load_all(path.read_text("utf-8"))]
        assert objects, "the definitions of cert-manager's kinds are missing"
        Task(plane)(objects)
        yield plane


@pytest.fixture
def client(control_plane: ControlPlane) -> KubeClient:
    """A client of its own."""
    return connect(str(control_plane.kubeconfig), None)


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """A name that no other test has."""
    del control_plane
    return f"trow-{next(_NUMBERS)}"
