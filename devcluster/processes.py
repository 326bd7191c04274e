# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds and ends the processes of one cluster: by a mark in their environment, never by name.

A recorded process number could be another process by now, and is missing if the start was cut short.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from devcluster.errors import ClusterError

MARK = "CLUSTERDEPOT_NODE"
END_SECONDS = 15.0


def marked(state: Path) -> list[int]:
    """Process numbers, on the machine, of all processes that carry the mark of this state folder."""
    mark = f"{MARK}={state}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def first_of_namespace(pids: list[int]) -> int | None:
    """The one that is process 1 of a process namespace below the machine's (proc(5): NSpid)."""
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                numbers = line.split()[1:]
                if line.startswith("NSpid:") and len(numbers) > 1 and numbers[-1] == "1":
                    return pid
    return None


def end_all(state: Path) -> None:
    """Ends process 1 of the node, and with it all its processes, then what is left on the machine.

    Raises ClusterError where the kernel does not let go of one.
    """
    deadline = time.monotonic() + END_SECONDS
    while pids := marked(state):
        first = first_of_namespace(pids)
        for pid in [first] if first else pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise ClusterError(f"processes {pids} do not end within {END_SECONDS:.0f} s of SIGKILL")
        time.sleep(0.05)
