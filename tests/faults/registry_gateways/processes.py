# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Server processes of a test: started with their log in a file, awaited by their port, ended afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 15.0
SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


class ProcessError(Exception):
    """A command is not installed, or its process did not start to listen; the text says why."""


@dataclass
class Processes:
    """``folder`` takes a log for each process."""

    folder: Path
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self,
        name: str,
        command: Sequence[str],
        listening: Sequence[tuple[str, int]],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts a process and waits until it listens at all these places. Raises ProcessError."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **(environment or {})},
            )
        self._running[name] = process
        for address, port in listening:
            _wait_for(address, port, process, log)

    def pid(self, name: str) -> int:
        """The number of a process that was started."""
        return self._running[name].pid

    def stop(self, name: str) -> None:
        """Ends one process and waits for its end."""
        process = self._running.pop(name)
        # One that a test has frozen would not notice the request to end.
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def freeze(self, name: str) -> None:
        """Makes a process hang, its sockets open."""
        self._running[name].send_signal(signal.SIGSTOP)

    def stop_all(self) -> None:
        """Ends what still runs, the last one first."""
        for name in reversed(list(self._running)):
            self.stop(name)


@contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """Ends all of them with the block."""
    started = Processes(folder)
    try:
        yield started
    finally:
        started.stop_all()


def installed(command: str) -> str:
    """Path of a Debian package's command, which may be for root only. Raises ProcessError."""
    path = shutil.which(command, path=f"{os.environ['PATH']}:{SYSTEM_FOLDERS}")
    if path is None:
        raise ProcessError(f"{command} is not installed: make packages-faults")
    return path


def _wait_for(address: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    said = log.read_text(errors="replace")[-1000:]
    raise ProcessError(f"{log.stem} does not listen on {address}:{port}: {said}")
