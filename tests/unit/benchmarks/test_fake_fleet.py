# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet tells of its programs; a shell stands for those of a control plane, which take minutes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.api_server import ApiServer
from benchmarks.errors import BenchmarkError
from benchmarks.fake_fleet import FakeFleet
from devcluster.control_plane import ControlPlane, Setup
from tests.faults.registry.authority import Authority

SHELL, FOLDER = "sh", Path("/bin")
SECONDS = 60.0


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[FakeFleet]:
    plane = ControlPlane(tmp_path, FOLDER, Setup((), ()))
    trusted = tmp_path / "authority.crt"
    trusted.write_bytes(Authority("test authority").pem)
    yield FakeFleet(plane, ApiServer(plane.port, trusted, "token"))
    plane.stop()


def test_the_processor_that_its_programs_use_is_counted(fleet: FakeFleet) -> None:
    fleet.plane.spawn(SHELL, "-c", "while :; do :; done")
    deadline = time.monotonic() + SECONDS
    while fleet.processor_seconds() < 0.2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert 0.2 <= fleet.processor_seconds() <= SECONDS


def test_a_program_that_has_ended_is_an_error(fleet: FakeFleet) -> None:
    fleet.plane.spawn(SHELL, "-c", "exit 3")
    os.waitid(os.P_PID, fleet.plane.processes()[SHELL], os.WEXITED | os.WNOWAIT)
    with pytest.raises(BenchmarkError, match="sh ended, exit code 3"):
        fleet.processor_seconds()
