# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook of the collection as a user would, and reads what it said."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INVENTORY = ROOT / "inventory" / "embedded"
_RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) .*failed=(\d+)", re.MULTILINE)
_RESULT = re.compile(r"^\w+: \[\S+\](?:: FAILED!)? => (?=\{)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """Exit code and output, both streams in order."""

    code: int
    output: str = field(repr=False)

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

    def result(self, task: str) -> dict[str, Any]:
        """What a task gave, whether it failed or not; the run must have been made with `-v`."""
        _, _, rest = self.output.rpartition(f": {task}] ")
        found = _RESULT.search(rest)
        assert found, self.output
        parsed: dict[str, Any]
        parsed, _ = json.JSONDecoder().raw_decode(rest, found.end())
        return parsed


def run(
    name: str | Path,
    *arguments: str,
    variables: dict[str, object] | None = None,
    prefix: tuple[str, ...] = (),
) -> Run:
    """`name` is provision or unprovision, or a playbook's path; `variables` become extra variables.

    `prefix` is a command that starts ansible-playbook.
    """
    process = start(name, *arguments, variables=variables, prefix=prefix)
    output, _ = process.communicate()
    return Run(process.returncode, output)


def start(
    name: str | Path,
    *arguments: str,
    variables: dict[str, object] | None = None,
    prefix: tuple[str, ...] = (),
) -> subprocess.Popen[str]:
    """The same without waiting for its end; its process is the leader of a group of its own."""
    return subprocess.Popen(
        [*prefix, *_command(name, *arguments, variables=variables)],
        cwd=ROOT,
        env=users_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a run that was started, with the workers that it has; they are in sessions of their own."""
    # It starts no other one meanwhile.
    process.send_signal(signal.SIGSTOP)
    for pid in (*_descendants(process.pid), process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()


def _descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                # The command's name, in brackets, may hold anything (proc(5)).
                _, _, rest = (folder / "stat").read_text(errors="replace").rpartition(")")
                parents[int(folder.name)] = int(rest.split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def run_on_terminal(name: str | Path, columns: int, variables: dict[str, object] | None = None) -> Run:
    """The same as `run`, with a terminal of so many columns for its output."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        _command(name, variables=variables),
        cwd=ROOT,
        env=users_environment(),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    with io.FileIO(ours) as terminal:
        output = b"".join(_until_hung_up(terminal))
    return Run(process.wait(), output.decode())


def _until_hung_up(terminal: io.FileIO) -> Iterator[bytes]:
    while True:
        try:
            read = terminal.read(65536)
        except OSError as error:
            # Reading from a terminal whose other side is closed (pty(7)).
            if error.errno != errno.EIO:
                raise
            return
        if not read:
            return
        yield read


def _command(name: str | Path, *arguments: str, variables: dict[str, object] | None) -> list[str]:
    return [
        str(Path(sys.executable).with_name("ansible-playbook")),
        f"--inventory={INVENTORY}",
        str(name) if isinstance(name, Path) else f"clusterdepot.artifacts.{name}",
        f"--extra-vars={json.dumps(variables or {})}",
        *arguments,
    ]


def users_environment() -> dict[str, str]:
    """A user has none of the settings that a running scenario leaves in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return kept | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_NOCOLOR": "1"}
