# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the embedded cluster keeps things on the machine."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


def _base(variable: str, fallback: str) -> Path:
    value = os.environ.get(variable)
    return Path(value) if value else Path.home() / fallback


@dataclass(frozen=True)
class Folders:
    """cache: what can be made again (binaries, image layers); state: what one cluster is."""

    cache: Path
    state: Path

    @property
    def identity(self) -> str:
        """Four hexadecimal digits that tell the clusters of one machine apart."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:4]

    @property
    def binaries(self) -> Path:
        """Built binaries, each part with a stamp of what it was built from."""
        return self.cache / "bin"

    @property
    def build_logs(self) -> Path:
        """One log to each part built."""
        return self.cache / "log"

    @property
    def share(self) -> Path:
        """Files taken from modules as they are, a folder to each part."""
        return self.cache / "share"

    @property
    def data(self) -> Path:
        """What survives `down`: etcd, containerd, kubelet, volumes, depot."""
        return self.state / "data"

    @property
    def pki(self) -> Path:
        """Keys and certificates; readable by root only."""
        return self.state / "pki"

    @property
    def run(self) -> Path:
        """What lives only while the cluster runs."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        """One log to each component."""
        return self.state / "log"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for users of the cluster."""
        return self.state / "kubeconfig"

    def own(self) -> tuple[Path, ...]:
        """All that a cluster puts into its state folder, the lock aside."""
        names = ("config", "kubeconfig", "cluster.json", "settings.json")
        return (self.data, self.pki, self.run, self.logs, *(self.state / name for name in names))

    @property
    def facts(self) -> Path:
        """The JSON file that inventories read: addresses, names, paths."""
        return self.state / "cluster.json"


def folders() -> Folders:
    """Cache and state folders, by CLUSTERDEPOT_CACHE and CLUSTERDEPOT_STATE or the XDG defaults."""
    cache = os.environ.get("CLUSTERDEPOT_CACHE")
    state = os.environ.get("CLUSTERDEPOT_STATE")
    # Absolute, since the cluster's processes have another working folder.
    return Folders(
        cache=(Path(cache) if cache else _base("XDG_CACHE_HOME", ".cache") / "clusterdepot").absolute(),
        state=(Path(state) if state else _base("XDG_STATE_HOME", ".local/state") / "clusterdepot").absolute(),
    )
