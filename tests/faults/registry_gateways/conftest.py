# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry behind a gateway, all of them real processes on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.registry.conftest import authority, check, registry_binary, start_registry
from tests.faults.registry_gateways.gateways import Gateways, StartGateway
from tests.faults.registry_gateways.processes import Processes, processes

__all__ = ["authority", "check", "gateways", "registry_binary", "running", "start_gateway", "start_registry"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as started:
        yield started


@pytest.fixture
def gateways(tmp_path: Path, running: Processes) -> Gateways:
    return Gateways(tmp_path, running)


@pytest.fixture(params=["haproxy", "nginx"])
def start_gateway(request: pytest.FixtureRequest, gateways: Gateways) -> StartGateway:
    """Either of them, where their configurations need not differ."""
    start: StartGateway = getattr(gateways, str(request.param))
    return start
