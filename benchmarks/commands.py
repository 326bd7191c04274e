# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that must succeed, run as a user would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 900.0
SHOWN_LINES = 25


def tool(name: str) -> str:
    """Path of a command that was installed beside this interpreter."""
    return str(Path(sys.executable).with_name(name))


def run(command: Sequence[str], *, standard_input: str = "", **variables: str) -> str:
    """Run a command in the root of the checkout and give its standard output.

    `variables` are added to the environment, which has no settings of Ansible's and no cluster of the
    user's otherwise. Raises BenchmarkError, with the end of both streams, where it fails or takes longer
    than 15 minutes.
    """
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=_environment() | variables,
            input=standard_input,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchmarkError(f"{Path(command[0]).name}: {error}") from error
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-SHOWN_LINES:])
        raise BenchmarkError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    return done.stdout


def _environment() -> dict[str, str]:
    foreign = ("ANSIBLE_", "K8S_AUTH_", "KUBECONFIG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build"), "ANSIBLE_NOCOLOR": "1"}
