# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on what the Galaxy artifact holds, without containers or a download host.

Usage: ``python -m tests.sanity [TEST…]`` from the root of the checkout; names of tests (``--test`` of
ansible-test) narrow the run. JUnit reports are left in ``tests/output/junit`` of the exported collection.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.sanity.export import export_collection
from tests.sanity.pip_bootstrap import prepare_home
from tests.sanity.pythons import interpreter_folders

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / ".build" / "sanity"


def environment(home: Path, collection: Path) -> dict[str, str]:
    """Return ansible-test's environment: a home of its own, real interpreters before any shims."""
    folders = [Path(sys.executable).parent, *interpreter_folders(), os.environ.get("PATH", os.defpath)]
    return os.environ | {
        "HOME": str(home),
        "PATH": os.pathsep.join(map(str, folders)),
        # Told where the content is, ansible-test does not look upwards, where it would find this checkout's
        # git repository, which ignores everything under .build.
        "ANSIBLE_TEST_CONTENT_ROOT": str(collection),
    }


def main(names: list[str]) -> int:
    """Export, prepare and run; return ansible-test's exit code."""
    collection = BUILD / "ansible_collections" / "clusterdepot" / "artifacts"
    export_collection(ROOT, collection)
    home = prepare_home(BUILD / "home")
    command = ["ansible-test", "sanity", "--venv", "--python", "default", "--junit", "--color", "no"]
    for name in names:
        command += ["--test", name]
    done = subprocess.run(
        command, cwd=collection, env=environment(home, collection), stdin=subprocess.DEVNULL, check=False
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
