# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this machine able to run the embedded cluster? Answered before anything is done."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devcluster.errors import MachineUnsuitable
from devcluster.folders import Folders
from devcluster.images import ARCHITECTURES

GO_MINIMUM = (1, 26)
DISK_MINIMUM = 25 * 2**30
COMMANDS = ("runc", "ip", "iptables", "nft", "conntrack", "busybox", "unshare", "nsenter", "mount", "ldd")
OWN_CLUSTER = "To use a cluster of your own instead: KUBECONFIG=… make provision"


def require(folders: Folders, *, building: bool) -> None:
    """Raises MachineUnsuitable with every fault at once; Go and disk count only where something is built."""
    faults = list(_faults(folders, building))
    if faults:
        raise MachineUnsuitable(f"the embedded cluster cannot run here: {'; '.join(faults)}. {OWN_CLUSTER}")


def _faults(folders: Folders, building: bool) -> Iterator[str]:
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in ARCHITECTURES:
        yield f"it needs Linux on {' or '.join(ARCHITECTURES)}, and this is {system} on {machine}"
        return
    if os.geteuid() != 0:
        yield "it needs root, for namespaces and mounts"
    absent = [command for command in COMMANDS if shutil.which(command) is None]
    if absent:
        yield f"commands are missing: {', '.join(absent)}"
    if building:
        yield from _building_faults(folders)


def _building_faults(folders: Folders) -> Iterator[str]:
    version = go_version()
    minimum = ".".join(map(str, GO_MINIMUM))
    if version is None:
        yield f"Go {minimum} or later is needed to build its parts, and there is none on PATH"
    elif version < GO_MINIMUM:
        yield f"Go {minimum} or later is needed to build its parts, and this is {version[0]}.{version[1]}"
    folder = next(path for path in (folders.cache, *folders.cache.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < DISK_MINIMUM:
        wanted, there = DISK_MINIMUM // 2**30, free // 2**30
        yield f"{wanted} GB of free disk are needed under {folder}, and there are {there} GB"


def go_version() -> tuple[int, int] | None:
    """Major and minor of the Go on PATH."""
    if shutil.which("go") is None:
        return None
    answer = subprocess.run(
        ["go", "env", "GOVERSION"], cwd=Path("/"), check=False, capture_output=True, text=True
    )
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else None
