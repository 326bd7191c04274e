# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback for as long as a block, and what it takes of the machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError

START_SECONDS = 15.0
# Where Debian keeps servers; not in the PATH of every user.
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


@contextmanager
def running(
    command: Sequence[str], folder: Path, port: int, variables: Mapping[str, str] | None = None
) -> Iterator[int]:
    """The process of a server, from when it listens on the port to the block's end; see running_when."""
    with running_when(lambda: _listens(port), command, folder, variables) as process:
        yield process


@contextmanager
def running_when(
    ready: Callable[[], bool],
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """The process of a server, from when it is ready until the block ends.

    It has PATH and `variables` as its environment, and writes to ``folder``/log. Raises BenchmarkError where
    it cannot be started, ends by itself, or is not ready within 15 seconds.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), **(variables or {})}
    with (folder / "log").open("wb") as log:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )
        except OSError as error:
            raise BenchmarkError(f"{command[0]}: {error.strerror}") from error
    try:
        _await(process, ready, folder / "log")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def program_folders() -> str:
    """Where programs are looked for, as PATH has it."""
    return f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_FOLDERS}"


def installed(name: str) -> str:
    """The path of a program. Raises BenchmarkError where it is not installed."""
    path = shutil.which(name, path=program_folders())
    if path is None:
        raise BenchmarkError(f"{name} is not installed")
    return path


def resident_octets(process: int) -> int:
    """Memory of a process and its children; raises BenchmarkError where it is gone, as the next one does.

    What they share counts once for each of them (proc(5): VmRSS, in units of 1024 octets).
    """
    lines = [line for one in family(process) for line in _read(one, "status").splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def processor_seconds(process: int) -> float:
    """Time that a process and its children had a processor, so far, in the kernel's hundredths."""
    ticks = 0
    for one in family(process):
        # The name of a process, in parentheses, may hold blanks. utime and stime are the 14th and 15th field.
        fields = _read(one, "stat").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def family(process: int) -> list[int]:
    """A process and all that descend from it, itself first."""
    found = [process]
    for one in found:
        found += map(int, _read(one, f"task/{one}/children").split())
    return found


def _read(process: int, name: str) -> str:
    try:
        return Path(f"/proc/{process}/{name}").read_text()
    except OSError as error:
        raise BenchmarkError(f"process {process} is gone: {error.strerror}") from error


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if ready():
            return
        time.sleep(0.02)
    raise BenchmarkError(f"the server did not start: {log.read_text(errors='replace')[-1000:]}")
