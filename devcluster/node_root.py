# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the node a throw-away root: what it writes is in memory, but for the folders of its own data.

Runs as process 1 of new mount, process and network namespaces, before anything else.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devcluster.plan import Bind

# File systems that hold files of the machine; all others are the kernel's and are made anew or shared.
REAL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "erofs", "squashfs"})
OUTSIDE = ("/proc", "/sys", "/dev", "/run", "/boot")
# Inside the namespace /mnt is as good as any existing folder: its content is hidden from this process only.
STAGE = Path("/mnt")


@dataclass(frozen=True)
class Mount:
    """A line of mountinfo: where, and what kind of file system."""

    point: str
    kind: str


def mounts(mountinfo: str) -> list[Mount]:
    """Reads /proc/self/mountinfo (proc(5)): mount point and file system type, in order of mounting."""
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        found.append(Mount(point, after.split()[0]))
    return found


def lower_folders(found: list[Mount]) -> Iterator[str]:
    """Mount points of the machine's own files that the node's root is layered over, outermost first."""
    points = {mount.point for mount in found if mount.kind in REAL and Path(mount.point).is_dir()}
    for point in sorted(points):
        if not any(point == name or point.startswith(f"{name}/") for name in OUTSIDE):
            yield point


def enter(binds: tuple[Bind, ...]) -> None:
    """Makes the throw-away root the root of this process and of all that it starts."""
    _run("mount", "--make-rprivate", "/")
    lowers = list(lower_folders(mounts(Path("/proc/self/mountinfo").read_text())))
    sources = [(bind, os.open(bind.source, os.O_PATH | os.O_DIRECTORY)) for bind in binds]
    _run("mount", "-t", "tmpfs", "-o", "mode=0755", "node", str(STAGE))
    root = STAGE / "root"
    for number, lower in enumerate(lowers):
        _overlay(number, lower, root)
    for folder in ("dev", "sys"):
        (root / folder).mkdir(exist_ok=True)
        _run("mount", "--rbind", f"/{folder}", str(root / folder))
    _run("mount", "-t", "tmpfs", "-o", "mode=0755", "run", str(root / "run"))
    for bind, descriptor in sources:
        target = root / bind.target.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        _run("mount", "--rbind", f"/proc/self/fd/{descriptor}", str(target), keep=descriptor)
        os.close(descriptor)
    _run("mount", "-t", "proc", "proc", str(root / "proc"))
    old = root / "mnt"
    _run("pivot_root", str(root), str(old))
    os.chdir("/")
    _run("umount", "--lazy", "/mnt")
    _run("mount", "--make-rshared", "/")


def _overlay(number: int, lower: str, root: Path) -> None:
    upper, work = STAGE / f"upper{number}", STAGE / f"work{number}"
    target = root / lower.lstrip("/")
    for folder in (upper, work, target):
        folder.mkdir(parents=True, exist_ok=True)
    upper.chmod(Path(lower).stat().st_mode & 0o7777)
    options = f"lowerdir={_escape(lower)},upperdir={upper},workdir={work}"
    _run("mount", "-t", "overlay", "-o", options, "node", str(target))


def _escape(path: str) -> str:
    """Overlayfs separates options by commas and lower folders by colons."""
    return path.replace("\\", "\\\\").replace(",", "\\,").replace(":", "\\:")


def _run(*command: str, keep: int | None = None) -> None:
    subprocess.run(command, check=True, pass_fds=() if keep is None else (keep,))
