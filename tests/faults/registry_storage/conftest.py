# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries over several kinds of storage, all of them real processes on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.registry.conftest import check, registry_binary
from tests.faults.registry_gateways.gateways import Gateways
from tests.faults.registry_gateways.processes import Processes, processes
from tests.faults.registry_storage.depots import Depots

__all__ = ["check", "depots", "registry_binary", "running"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as started:
        yield started


@pytest.fixture
def depots(tmp_path: Path, running: Processes, registry_binary: Path) -> Depots:
    return Depots(tmp_path, running, Gateways(tmp_path, running), registry_binary)
