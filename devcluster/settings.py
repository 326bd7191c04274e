# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster was made with: kept in its state folder, read by later starts and by its steps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from devcluster.addresses import Addresses
from devcluster.folders import Folders

FILE = "settings.json"


@dataclass(frozen=True)
class Settings:
    """The address block, and the folders."""

    folders: Folders
    addresses: Addresses

    def write(self) -> None:
        """Writes it into the state folder, in one step: half a file would stop every later start."""
        table = {"cache": str(self.folders.cache), "block": str(self.addresses.block)}
        temporary = self.folders.state / f"{FILE}.new"
        temporary.write_text(json.dumps(table))
        temporary.rename(self.folders.state / FILE)

    @staticmethod
    def read(state: Path) -> Settings | None:
        """None where this folder has never held a cluster."""
        path = state / FILE
        if not path.exists():
            return None
        table = json.loads(path.read_text())
        return Settings(Folders(Path(table["cache"]), state), Addresses(IPv4Network(table["block"])))
