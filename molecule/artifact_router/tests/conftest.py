# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the artifact router share: one router, which each file brings to the state it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.outside.artifact_router import ArtifactRouter
from tests.outside.kubectl import Kubectl

NAMESPACE = "artifact-router-tests"
NAME = "one-address"


@pytest.fixture(scope="session")
def proxies(facts: dict[str, Any]) -> list[str]:
    """Whom the pods see where this machine asks: the node's proxy hands on what comes to its port."""
    return [facts["pod_network"], facts["node_address"]]


@pytest.fixture(scope="session")
def place(facts: dict[str, Any], kubectl: Kubectl) -> ArtifactRouter:
    """Where the router is to be; one pod that ends at once, except where a test is about that."""
    variables: dict[str, object] = {
        "artifact_router_service_type": "NodePort",
        "artifact_router_replicas": 1,
        "artifact_router_leave_seconds": 1,
        "artifact_router_drain_seconds": 2,
        # Each takes two open files, and a pod of the embedded node may have 20,000.
        "artifact_router_route_header": "X-Route",
        "plane_failure_grace": 3,
        "plane_wait_timeout": 90,
    }
    folder = Path(__file__).parents[1]
    return ArtifactRouter(kubectl, folder, facts["node_address"], NAMESPACE, NAME, variables)
