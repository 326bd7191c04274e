# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package servers of a test, and their end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.package_server.node import Node
from tests.faults.package_server.packages import Packages
from tests.faults.registry_gateways.processes import processes


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> Iterator[None]:
    """What a shell began in the background ignores SIGINT, and so does what it starts, and can trap none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Packages]:
    """A storage with a file and its catalogue, and nothing that runs yet."""
    with processes(tmp_path) as running:
        made = Packages(tmp_path, running)
        made.prepare()
        yield made


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node and a container on it, for the script that runs an action."""
    made = Node(tmp_path / "node")
    made.prepare()
    yield made
    made.end_all()
