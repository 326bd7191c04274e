# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine lacks is told in one sentence, before anything is done."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devcluster.folders import Folders
from devcluster.machine_checks import COMMANDS
from tests.faults.devcluster.embedded import ROOT, Cluster, Done

OWN_CLUSTER = "To use a cluster of your own instead: KUBECONFIG=… make provision"
# Imported before the change: the interpreter and this checkout may lie where others may not read.
AS_NOBODY = """
import os, sys
from devcluster.__main__ import main
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
sys.exit(main(["up"]))
"""
# Another Go cannot be provoked for real: this stands in for an old one.
OLD_GO = "#!/bin/sh\necho go1.20.14\n"


@pytest.fixture
def empty(tmp_path: Path) -> Cluster:
    """A cluster with nothing built."""
    return Cluster(Folders(tmp_path / "empty cache", tmp_path / "state"))


def commands(folder: Path, *absent: str) -> dict[str, str]:
    """A PATH with all that the embedded cluster needs but these, and without Go."""
    folder.mkdir()
    for name in {*COMMANDS, "sh", "env"} - set(absent):
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return {"PATH": str(folder)}


def assert_refused(cluster: Cluster, done: Done, *faults: str) -> None:
    assert done.returncode == 1, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("devcluster: the embedded cluster cannot run here: ")
    assert line.endswith(OWN_CLUSTER)
    for fault in faults:
        assert fault in line
    assert not cluster.cable().exists()
    assert not (cluster.folders.state / "pki").exists()


def test_without_root(empty: Cluster) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY],
        cwd=ROOT,
        env=empty.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert_refused(empty, done, "it needs root, for namespaces and mounts")


def test_without_go(empty: Cluster, tmp_path: Path) -> None:
    cluster = Cluster(empty.folders, commands(tmp_path / "bin"))
    assert_refused(cluster, cluster.run("up"), "Go 1.26 or later is needed", "there is none on PATH")


def test_with_an_old_go(empty: Cluster, tmp_path: Path) -> None:
    cluster = Cluster(empty.folders, commands(tmp_path / "bin"))
    (tmp_path / "bin/go").write_text(OLD_GO)
    (tmp_path / "bin/go").chmod(0o755)
    assert_refused(cluster, cluster.run("up"), "Go 1.26 or later is needed", "and this is 1.20")


@pytest.mark.parametrize("absent", ["runc", "nft", "conntrack"])
def test_without_a_command(cache: Path, tmp_path: Path, absent: str) -> None:
    cluster = Cluster(Folders(cache, tmp_path / "state"), commands(tmp_path / "bin", absent))
    assert_refused(cluster, cluster.run("up"), f"commands are missing: {absent}.")


def test_with_a_disk_that_is_too_small(tmp_path: Path) -> None:
    """A real one: a file system of a megabyte, mounted for this command only."""
    small = tmp_path / "small"
    small.mkdir()
    cluster = Cluster(Folders(small / "cache", tmp_path / "state"))
    mounted = f'mount -t tmpfs -o size=1m small "{small}" && exec "$@"'
    done = cluster.run("up", prefix=("unshare", "--mount", "sh", "-c", mounted, "sh"))
    assert_refused(cluster, done, f"25 GB of free disk are needed under {small}, and there are 0 GB")


def test_on_an_unsupported_system(empty: Cluster) -> None:
    """A process may ask the kernel to call itself a 32-bit one (personality(2))."""
    done = empty.run("up", prefix=("setarch", "linux32"))
    assert_refused(empty, done, "it needs Linux on x86_64 or aarch64, and this is Linux on")
