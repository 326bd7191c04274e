# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs in Go, of its standard library only, that benchmarks test and build before they use them."""

from __future__ import annotations

from pathlib import Path

from benchmarks import commands

REQUEST_LOAD = commands.ROOT / "benchmarks" / "request_load"
REDIRECTOR = commands.ROOT / "benchmarks" / "peers" / "go_redirector"


def build(module: Path, folder: Path) -> Path:
    """The program of a module, in this folder. Raises BenchmarkError, also where one of its tests fails."""
    program = folder / module.name
    for command in (["test", "."], ["build", "-trimpath", "-o", str(program), "."]):
        # Nothing is downloaded: neither modules nor another Go.
        commands.run(["go", "-C", str(module), *command], CGO_ENABLED="0", GOPROXY="off", GOTOOLCHAIN="local")
    return program
