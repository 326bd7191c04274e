# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task, run as the module does; and in a process of its own where its memory is measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.registry.conftest import Result, check

__all__ = ["check", "check_measured"]

PROJECT = Path(__file__).parents[3]
CheckMeasured = Callable[..., tuple[Result, int]]


@pytest.fixture
def check_measured() -> CheckMeasured:
    """Gives the result, and how many octets the process needed more than for a registry that is not there."""

    def call(**parameters: object) -> tuple[Result, int]:
        task = [sys.executable, "-m", "tests.faults.registry_hostile.measured_task", json.dumps(parameters)]
        done = subprocess.run(
            task,
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / '.build'}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        measured = json.loads(done.stdout)
        return measured["result"], int(measured["octets"])

    return call
