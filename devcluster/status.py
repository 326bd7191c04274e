# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status file: how far the node has come. Written by its process 1, read by everyone else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class State(Enum):
    """How far a component is; failed means given up."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Status:
    """State of each component; seconds since the node's start; the failed one and its last lines."""

    components: dict[str, State]
    seconds: float = 0.0
    failed: str = ""
    log: str = ""

    @property
    def ready(self) -> bool:
        """All components are ready."""
        return bool(self.components) and all(state is State.READY for state in self.components.values())

    def unfinished(self) -> list[str]:
        """Names of the components that are not ready, in starting order."""
        return [name for name, state in self.components.items() if state is not State.READY]

    def write(self, path: Path) -> None:
        """In one step, so that a reader never sees half a file."""
        table = {
            "components": {name: state.value for name, state in self.components.items()},
            "seconds": self.seconds,
            "failed": self.failed,
            "log": self.log,
        }
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(table, indent=1))
        temporary.rename(path)

    @staticmethod
    def read(path: Path) -> Status | None:
        """None where there is no such file."""
        if not path.exists():
            return None
        table = json.loads(path.read_text())
        states = {name: State(value) for name, value in table["components"].items()}
        return Status(states, table["seconds"], table["failed"], table["log"])
