# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module of the collection as a user would, by the program ansible, and reads its result."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.outside.playbook import INVENTORY, ROOT, users_environment

_RESULT = re.compile(r"^\w+ \| (?P<status>[A-Z]+)!? => (?=\{)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a module gave; `output` is all that was shown."""

    failed: bool
    result: dict[str, Any] = field(repr=False)
    output: str = field(repr=False)

    @property
    def changed(self) -> bool:
        """Whether it changed something; raises AssertionError where it failed."""
        assert not self.failed, self.output
        return bool(self.result["changed"])


def run_module(name: str, options: Mapping[str, object], *arguments: str) -> Outcome:
    """Run a module of the collection on the embedded inventory's host; options may be templates."""
    return outcome(start_module(name, options, *arguments))


def start_module(name: str, options: Mapping[str, object], *arguments: str) -> subprocess.Popen[str]:
    """The same without waiting for its end; its process is the leader of a group of its own."""
    command = [
        str(Path(sys.executable).with_name("ansible")),
        f"--inventory={INVENTORY}",
        "controllers",
        f"--module-name=clusterdepot.artifacts.{name}",
        f"--args={json.dumps(options)}",
        *arguments,
    ]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=users_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def outcome(process: subprocess.Popen[str]) -> Outcome:
    """Wait for its end; raises AssertionError where it gave no result."""
    output, _ = process.communicate()
    found = _RESULT.search(output)
    assert found, output
    result: dict[str, Any]
    result, _ = json.JSONDecoder().raw_decode(output, found.end())
    return Outcome(found["status"] == "FAILED", result, output)
