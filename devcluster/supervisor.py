# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the components in dependency order, restarts what ends, and keeps a status file."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from devcluster.plan import Component, Plan
from devcluster.readiness import Readiness
from devcluster.status import State, Status

TICK_SECONDS = 0.05
RESTART_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
# A part that has never been ready and has ended this often will not become ready.
START_ATTEMPTS = 5
LOG_LINES = 15


@dataclass
class _Process:
    component: Component
    state: State = State.WAITING
    pid: int = 0
    ended: int = 0
    was_ready: bool = False
    not_before: float = 0.0
    started: float = 0.0


class Supervisor:
    """The main loop of process 1; it also reaps the orphans that fall to it."""

    def __init__(self, plan: Plan) -> None:
        self._processes = [_Process(component) for component in plan.components]
        self._logs = Path(plan.logs)
        self._status_file = Path(plan.run, "status.json")
        self._readiness = Readiness(plan.authority)
        self._begun = time.monotonic()
        self._written: Status | None = None

    def run(self) -> None:
        """Never returns: the node ends when process 1 is killed."""
        while True:
            self._reap()
            for process in self._processes:
                self._advance(process)
            self._write_status()
            time.sleep(TICK_SECONDS)

    def _advance(self, process: _Process) -> None:
        if process.state is State.WAITING and self._may_start(process):
            self._start(process)
        elif process.state is State.STARTING and self._is_ready(process):
            process.state = State.READY
            process.was_ready = True
            process.ended = 0

    def _may_start(self, process: _Process) -> bool:
        ready = {other.component.name for other in self._processes if other.was_ready}
        return time.monotonic() >= process.not_before and ready.issuperset(process.component.needs)

    def _is_ready(self, process: _Process) -> bool:
        age = time.monotonic() - process.started
        return self._readiness.holds(process.component.probe, age)

    def _start(self, process: _Process) -> None:
        component = process.component
        environment = os.environ | component.environment
        process.started = time.monotonic()
        with self._log(component).open("ab") as log:
            try:
                process.pid = _spawn(component.command, environment, log)
            except OSError as error:
                log.write(f"devcluster: {component.command[0]}: {error.strerror}\n".encode())
                return self._retry_later(process)
        process.state = State.STARTING
        return None

    def _reap(self) -> None:
        """Collects every ended child: components by their number, adopted orphans without notice."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for process in self._processes:
                if process.pid == pid:
                    self._ended(process, os.waitstatus_to_exitcode(status))

    def _ended(self, process: _Process, code: int) -> None:
        process.pid = 0
        if process.component.probe.kind == "exit" and code == 0:
            process.state = State.READY
            process.was_ready = True
            return
        with self._log(process.component).open("ab") as log:
            log.write(f"devcluster: {process.component.name} ended, exit code {code}\n".encode())
        self._retry_later(process)

    def _retry_later(self, process: _Process) -> None:
        process.ended += 1
        pause = RESTART_SECONDS[min(process.ended, len(RESTART_SECONDS)) - 1]
        process.not_before = time.monotonic() + pause
        hopeless = not process.was_ready and process.ended >= START_ATTEMPTS
        process.state = State.FAILED if hopeless else State.WAITING

    def _write_status(self) -> None:
        states = {process.component.name: process.state for process in self._processes}
        if self._written is not None and self._written.components == states:
            return
        failed = next((p.component for p in self._processes if p.state is State.FAILED), None)
        status = Status(
            components=states,
            seconds=round(time.monotonic() - self._begun, 1),
            failed=failed.name if failed else "",
            log=self._tail(failed) if failed else "",
        )
        status.write(self._status_file)
        self._written = status

    def _log(self, component: Component) -> Path:
        return self._logs / f"{component.name}.log"

    def _tail(self, component: Component) -> str:
        lines = self._log(component).read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])


def _spawn(command: tuple[str, ...], environment: dict[str, str], log: BinaryIO) -> int:
    """A child in a session of its own, without input; its output goes to the log."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
        (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
    ]
    return os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
