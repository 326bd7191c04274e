# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane that tests provoke: who its users are, and which controllers they need."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from devcluster.control_plane import ControlPlane, Setup, User
from devcluster.errors import ComponentFailed

__all__ = ["ControlPlane", "make_namespace", "running"]

CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "deployment-controller",
    "replicaset-controller",
    "serviceaccount-controller",
    "persistentvolumeclaim-protection-controller",
)
# The first has all rights, the reader those that a test gives it.
USERS = (User("tester", "kube-apply-tests", "system:masters"), User("reader", "kube-apply-reader"))
SETUP = Setup(USERS, CONTROLLERS)


def binaries(setup: Setup = SETUP) -> Path:
    """Give the folder of the programs that a control plane needs, named by the variable CLUSTERDEPOT_BIN.

    :raises ComponentFailed: the variable is not set, or a program is missing
    """
    named = os.environ.get("CLUSTERDEPOT_BIN")
    if not named:
        raise ComponentFailed(f"set CLUSTERDEPOT_BIN to a folder that has {', '.join(setup.programs)}")
    missing = [program for program in setup.programs if not os.access(Path(named) / program, os.X_OK)]
    if missing:
        raise ComponentFailed(f"CLUSTERDEPOT_BIN is {named}, which has no {', '.join(missing)}")
    return Path(named)


@contextmanager
def running(folder: Path, setup: Setup = SETUP) -> Iterator[ControlPlane]:
    """A started control plane, for a fixture; without binaries the test fails with one sentence."""
    try:
        plane = ControlPlane(folder, binaries(setup), setup)
    except ComponentFailed as error:
        pytest.fail(str(error), pytrace=False)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


def make_namespace(client: KubeClient, name: str, seconds: float) -> str:
    """Make a namespace, and wait so long until pods can be made in it; gives its name."""
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    client.apply(made, field_manager="tests")
    end = time.monotonic() + seconds
    while client.get("v1", "ServiceAccount", name, "default") is None:
        assert time.monotonic() < end, "there is no service account"
        time.sleep(0.1)
    return name
