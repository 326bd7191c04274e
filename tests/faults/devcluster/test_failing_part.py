# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part that does not start: its name and its last words, and a state that `down` cleans."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from devcluster.folders import Folders
from tests.faults.devcluster import machine
from tests.faults.devcluster.embedded import Cluster

BROKEN = "#!/bin/sh\necho the scheduler says why >&2\nexit 3\n"


def link_or_copy(source: str, target: str) -> None:
    """A temporary folder may lie on another file system than the cache."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def copied(cache: Path, tmp_path: Path) -> Path:
    for name in ("bin", "share"):
        shutil.copytree(cache / name, tmp_path / "cache" / name, copy_function=link_or_copy)
    return tmp_path / "cache"


def test_a_part_that_fails_is_named_with_the_end_of_its_log(copied: Path, tmp_path: Path) -> None:
    binary = copied / "bin/kube-scheduler"
    binary.unlink()
    binary.write_text(BROKEN)
    binary.chmod(0o755)
    cluster = Cluster(Folders(copied, tmp_path / "state"))
    try:
        done = cluster.run("up")
        assert done.returncode == 1
        assert "devcluster: kube-scheduler did not start; the end of its log:" in done.stderr
        assert "the scheduler says why\ndevcluster: kube-scheduler ended, exit code 3" in done.stderr
        assert "Traceback" not in done.stderr
        assert cluster.run("status").returncode == 1
        of_node = cluster.namespaces()
        assert of_node
        cluster.must("down")
        assert machine.leftovers(cluster.folders, of_node) == []
    finally:
        cluster.must("clean")
