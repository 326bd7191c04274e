# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the node a throw-away root: what it writes is in memory, but for the folders of its own data.

Runs as process 1 of new mount, process and network namespaces, before anything else.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from devcluster.errors import ClusterError
from devcluster.plan import Bind, Component

# File systems that hold files of the machine; all others are the kernel's and are made anew or shared.
REAL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "erofs", "squashfs"})
OUTSIDE = ("/proc", "/sys", "/dev", "/run", "/boot")
_OCTAL = re.compile(r"\\([0-7]{3})")
# Settings of the whole machine that the kubelet sets (container_manager_linux.go, setupKernelTunables).
MACHINE_SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
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
    # By newlines only: the kernel leaves in names what else Python takes for the end of a line.
    for line in filter(None, mountinfo.split("\n")):
        before, _, after = line.partition(" - ")
        point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), before.split(" ")[4])
        found.append(Mount(point, after.split(" ")[0]))
    return found


def lower_folders(found: list[Mount], needed: Iterable[str]) -> Iterator[str]:
    """Mount points of the machine's own files that the node's root is layered over, outermost first.

    Of other kinds (network file systems, folders shared with a host, memory) only those that hold a
    needed path: another one may hang or hold secrets, and is of no use to the node.
    """
    paths = tuple(needed)
    points = {mount.point for mount in found if mount.kind in REAL or _holds(mount.point, paths)}
    for point in sorted(points):
        if not any(_within(point, name) for name in OUTSIDE) and Path(point).is_dir():
            yield point


def _holds(point: str, paths: Iterable[str]) -> bool:
    return any(_within(path, point) for path in paths)


def _within(path: str, folder: str) -> bool:
    return folder in {"/", path} or path.startswith(f"{folder}/")


def needed_paths(binds: tuple[Bind, ...], components: tuple[Component, ...]) -> Iterator[str]:
    """What the node's processes run from: this code, its interpreter, the built parts, the state folder."""
    yield from (str(Path(__file__).parents[1]), sys.prefix, sys.base_prefix, *sys.path[1:])
    yield from (component.command[0] for component in components)
    yield from (bind.source for bind in binds)


def enter(binds: tuple[Bind, ...], needed: Iterable[str]) -> None:
    """Makes the throw-away root the root of this process and of all that it starts.

    `needed` are paths that must be there afterwards. Raises ClusterError where a mount is refused.
    """
    _run("mount", "--make-rprivate", "/")
    text = Path("/proc/self/mountinfo").read_bytes().decode(errors="surrogateescape")
    # Opened before the stage is mounted, which may hide them.
    lowers = [(lower, _open(lower)) for lower in lower_folders(mounts(text), needed)]
    sources = [(bind, _open(bind.source)) for bind in binds]
    _run("mount", "-t", "tmpfs", "-o", "mode=0755", "node", str(STAGE))
    root = STAGE / "root"
    for number, (lower, descriptor) in enumerate(lowers):
        _layer(number, lower, descriptor, root)
        os.close(descriptor)
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
    _shield_machine_settings(root / "proc/sys")
    old = root / ".machine"
    old.mkdir()
    _run("pivot_root", str(root), str(old))
    os.chdir("/")
    _run("umount", "--lazy", "/.machine")
    Path("/.machine").rmdir()
    _run("mount", "--make-rshared", "/")


def _open(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


def _layer(number: int, lower: str, descriptor: int, root: Path) -> None:
    """An overlay; read-only where the file system cannot be below one (FAT, some shared folders)."""
    upper, work = STAGE / f"upper{number}", STAGE / f"work{number}"
    target = root / lower.lstrip("/")
    for folder in (upper, work, target):
        folder.mkdir(parents=True, exist_ok=True)
    mode = os.stat(descriptor).st_mode & 0o7777
    upper.chmod(mode)
    source = f"/proc/self/fd/{descriptor}"
    options = f"lowerdir={source},upperdir={upper},workdir={work}"
    overlay = ("mount", "-t", "overlay", "-o", options, "node", str(target))
    if lower == "/":
        _run(*overlay, keep=descriptor)
    elif subprocess.run(overlay, check=False, pass_fds=(descriptor,)).returncode != 0:
        _run("mount", "--bind", source, str(target), keep=descriptor)
        _run("mount", "-o", "remount,bind,ro", str(target))


def _shield_machine_settings(settings: Path) -> None:
    """Lays a copy over each: the kubelet sets the copy, and the machine keeps its own."""
    for name in MACHINE_SETTINGS:
        if (settings / name).exists():
            copy = STAGE / name.replace("/", ".")
            copy.write_text((settings / name).read_text())
            _run("mount", "--bind", str(copy), str(settings / name))


def _run(*command: str, keep: int | None = None) -> None:
    """The command's own message is in the node's log, above the one raised here."""
    done = subprocess.run(command, check=False, pass_fds=() if keep is None else (keep,))
    if done.returncode != 0:
        raise ClusterError(f"the node's root cannot be made: failed: {' '.join(command)}")
