# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroup that holds the cluster's pods: made before the kubelet starts, removed after the end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from devcluster.errors import ClusterError, MachineUnsuitable

ROOT = Path("/sys/fs/cgroup")
# io for the benefit of pods; the kubelet refuses a cgroup root that lacks one of the others which the
# machine has (kubelet 1.36, cgroup_v2_manager_linux.go), and systemd never hands hugetlb down by itself.
CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids", "hugetlb")
CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")
REMOVE_SECONDS = 10.0


def version() -> int:
    """2 where the root itself is the unified hierarchy, 1 where it holds a folder to each controller."""
    return 2 if (ROOT / "cgroup.controllers").exists() else 1


def create(name: str) -> None:
    """Makes the cgroup in every hierarchy; raises MachineUnsuitable where a controller is not to be had."""
    if version() == 2:
        _delegate()
        (ROOT / name).mkdir(exist_ok=True)
        return
    for hierarchy in _hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for file in CPUSET_FILES:
            # An empty set takes no process: cgroup v1 does not inherit it.
            if (group / file).exists() and not (group / file).read_text().strip():
                (group / file).write_text((hierarchy / file).read_text())


def remove(name: str) -> None:
    """Removes the cgroup and all below it, deepest first; raises ClusterError where one stays in use."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while left := [folder for hierarchy in _all() for folder in _below(hierarchy / name)]:
        for folder in left:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if time.monotonic() > deadline:
            raise ClusterError(f"cgroup {left[-1]} cannot be removed: something in it still runs")
        time.sleep(0.02)


def _delegate() -> None:
    available = set((ROOT / "cgroup.controllers").read_text().split())
    given = set((ROOT / "cgroup.subtree_control").read_text().split())
    for controller in CONTROLLERS:
        # A kernel built without a controller: the kubelet says which it cannot do without.
        if controller in given or controller not in available:
            continue
        try:
            (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
        except OSError as error:
            raise MachineUnsuitable(
                f"the cgroup controller {controller} cannot be handed to pods ({error.strerror}): this looks"
                " like a container whose cgroup holds processes; run it on the machine itself"
            ) from error


def _hierarchies() -> list[Path]:
    return [path for path in ROOT.iterdir() if path.is_dir() and not path.is_symlink()]


def _all() -> list[Path]:
    return [ROOT] if version() == 2 else _hierarchies()


def _below(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for child in folder.iterdir():
            if child.is_dir():
                yield from _below(child)
        yield folder
