# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python interpreters ansible-test may use.

It looks for ``python3.N`` on PATH and takes the first of that name. A version manager's shim has the name,
but fails when it runs unless that version was selected, so it gets only folders whose interpreter ran.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

# What ansible-core 2.19 supports on a controller.
MINORS = (11, 12, 13)


def interpreter_folders() -> list[Path]:
    """Return one folder per version found, in the order of versions."""
    folders: list[Path] = []
    for minor in MINORS:
        for candidate in _candidates(minor):
            if _runs(candidate, minor):
                folders.append(candidate.parent)
                break
    return folders


def _candidates(minor: int) -> Iterator[Path]:
    name = f"python3.{minor}"
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder and "shims" not in Path(folder).parts:
            yield Path(folder, name)
    manager = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(manager.glob(f"versions/3.{minor}.*/bin/{name}"))


def _runs(interpreter: Path, minor: int) -> bool:
    if not os.access(interpreter, os.X_OK):
        return False
    code = "import sys, venv, ensurepip; print(sys.version_info.minor, sys.prefix == sys.base_prefix)"
    shown = subprocess.run(
        [str(interpreter), "-c", code],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return shown.stdout.split() == [str(minor), "True"]
