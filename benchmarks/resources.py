# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs: wall clock time, processor time, and the memory of its biggest process."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

TIMEOUT = 900.0
SHOWN_OCTETS = 2000


@dataclass(frozen=True)
class Used:
    """``wall`` and ``cpu`` in seconds, ``peak`` in octets; children that were waited for are counted in.

    The kernel counts what a process was before it became another: ``peak`` is never below the memory of the
    interpreter that started the command.
    """

    wall: float
    cpu: float
    peak: int

    def __str__(self) -> str:
        return f"{self.wall:.2f} s, {self.cpu:.2f} s of processor, {self.peak / 1e6:.0f} MB at most"


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, limit: float | None = None
) -> tuple[Used, str]:
    """Runs a command in a folder, with this environment and no other; gives its cost and its output.

    Raises BenchmarkError, with the end of what it said, where it fails or takes longer than `limit`, in
    seconds; None for 15 minutes.
    """
    said = folder / "output"
    with said.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        killer = threading.Timer(limit or TIMEOUT, os.killpg, (process.pid, signal.SIGKILL))
        killer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            killer.cancel()
        wall = time.perf_counter() - started
    # It was waited for here, which the object cannot know.
    process.returncode = os.waitstatus_to_exitcode(status)
    text = said.read_text(errors="replace")
    if process.returncode != 0:
        raise BenchmarkError(f"{command[0]} ended with {process.returncode}:\n{text[-SHOWN_OCTETS:]}")
    # Linux counts memory in units of 1024 octets.
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024), text
