# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are the same bytes whoever assembles them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from devcluster import images
from tests.faults.devcluster.embedded import ROOT

ASSEMBLE = """
import os, sys
from devcluster import images
from devcluster.folders import folders
os.umask(int(sys.argv[1], 8))
for definition in images.definitions():
    print(definition.references[0], images.assemble(folders(), definition).digest)
"""


def digests(cache: Path, umask: str, **environment: str) -> dict[str, str]:
    """What a process of its own assembles."""
    done = subprocess.run(
        [sys.executable, "-c", ASSEMBLE, umask],
        env=os.environ | {"PYTHONPATH": str(ROOT), "CLUSTERDEPOT_CACHE": str(cache)} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(line.split() for line in done.stdout.splitlines())


def test_two_processes_assemble_the_same_bytes(cache: Path) -> None:
    one = digests(cache, "022", PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    other = digests(cache, "077", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
    assert one == other
    assert set(one) == {definition.references[0] for definition in images.definitions()}
    assert len(set(one.values())) == len(one)
