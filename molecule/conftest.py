# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenario's tests share: the cluster's facts, kubectl, and clients that trust the registry."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from devcluster.folders import folders
from tests.outside.clients import Clients
from tests.outside.kubectl import Kubectl
from tests.outside.node import Node

NAMESPACE = "docker-registry"


@pytest.fixture(scope="session")
def facts() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(folders().facts.read_text())
    return table


@pytest.fixture(scope="session")
def kubectl(facts: dict[str, Any]) -> Kubectl:
    return Kubectl(facts["kubeconfig"])


@pytest.fixture(scope="session")
def node(facts: dict[str, Any]) -> Node:
    return Node(facts["node_name"], facts["node_address"])


@pytest.fixture(scope="session")
def shared() -> Path:
    """A folder that lives as long as the scenario's run."""
    return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])


@pytest.fixture(scope="session")
def address(facts: dict[str, Any]) -> str:
    return f"{facts['pool_addresses'][0]}:5000"


@pytest.fixture(scope="session")
def clients(kubectl: Kubectl, facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Clients:
    found = Clients(tmp_path_factory.mktemp("clients"), facts["dns_service"])
    found.trust(kubectl.secret(NAMESPACE, f"{NAMESPACE}-secret", "ca.crt"))
    return found


@pytest.fixture(scope="session")
def busybox() -> Path:
    found = shutil.which("busybox")
    assert found, "busybox is not installed"
    return Path(found)
