# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Debian packages of a few octets."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path


def debian_package(name: str, version: str, files: Mapping[str, bytes]) -> bytes:
    """A package for any architecture with these files, by their absolute paths; dpkg-deb makes it."""
    control = {
        "Package": name,
        "Version": version,
        "Architecture": "all",
        "Maintainer": "Tests <tests@example.org>",
        "Description": "files of a test",
    }
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary, "root")
        (root / "DEBIAN").mkdir(parents=True)
        text = "".join(f"{field}: {value}\n" for field, value in control.items())
        (root / "DEBIAN" / "control").write_text(text)
        for path, content in files.items():
            file = root / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        # Whatever the tests' own mask is.
        for made in root.rglob("*"):
            made.chmod(0o755 if made.is_dir() else 0o644)
        packed = Path(temporary, "packed.deb")
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(root), str(packed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return packed.read_bytes()
