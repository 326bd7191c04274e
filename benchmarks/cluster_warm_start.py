# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds of `cluster-up` after `cluster-down`, with everything built; there is no peer.

A second cluster with a state folder of its own is started and ended, so that the user's runs on. Its folder
lies beside the user's, on the same file system.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, timing
from benchmarks.results import Row
from devcluster.folders import folders

NAME = "cluster_warm_start"
RUNS = 5


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds until all parts are ready. Raises BenchmarkError."""
    beside = folders().state.parent
    beside.mkdir(parents=True, exist_ok=True)
    state = Path(tempfile.mkdtemp(prefix="clusterdepot-benchmark-", dir=beside))
    try:
        progress("starting a second cluster for the first time, not timed")
        _devcluster(state, "up")
        taken = timing.repeated(lambda: _warm_start(state), count or RUNS, progress)
    finally:
        progress("removing the second cluster")
        _devcluster(state, "clean")
    return Row(NAME, statistics.median(taken), None, "s", "lower")


def _warm_start(state: Path) -> float:
    _devcluster(state, "down")
    return timing.seconds(lambda: _devcluster(state, "up"))


def _devcluster(state: Path, verb: str) -> None:
    commands.run([sys.executable, "-m", "devcluster", verb], CLUSTERDEPOT_STATE=str(state))
