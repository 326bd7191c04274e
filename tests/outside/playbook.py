# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook of the collection as a user would, and reads what it said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INVENTORY = ROOT / "inventory" / "embedded"
_RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) .*failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """Exit code and output, both streams in order."""

    code: int
    output: str

    @property
    def changed(self) -> int:
        """Changed tasks over all hosts; raises AssertionError where the run has no recap or failed."""
        recaps = _RECAP.findall(self.output)
        assert recaps, self.output
        assert all(failed == "0" for _, failed in recaps), self.output
        return sum(int(changed) for changed, _ in recaps)

    def actions(self) -> dict[str, str]:
        """Of the one task that applies: `Kind namespace/name` -> action."""
        found = re.search(r'"objects": (\[.*?\])', self.output, re.DOTALL)
        assert found, self.output
        objects: list[dict[str, Any]] = json.loads(found[1])
        return {f"{o['kind']} {o['namespace']}/{o['name']}": o["action"] for o in objects}


def run(name: str, *arguments: str, variables: dict[str, object] | None = None) -> Run:
    """`name` is provision or unprovision; `variables` become extra variables."""
    process = start(name, *arguments, variables=variables)
    output, _ = process.communicate()
    return Run(process.returncode, output)


def start(name: str, *arguments: str, variables: dict[str, object] | None = None) -> subprocess.Popen[str]:
    """The same without waiting for its end; its process is the leader of a group of its own."""
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        f"--inventory={INVENTORY}",
        f"clusterdepot.artifacts.{name}",
        f"--extra-vars={json.dumps(variables or {})}",
        *arguments,
    ]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=_users_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _users_environment() -> dict[str, str]:
    """A user has none of the settings that a running scenario leaves in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_NOCOLOR": "1"}
