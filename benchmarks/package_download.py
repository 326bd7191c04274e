# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large file from a node's package server beside nginx with the same; plain rclone is told on the way.

By the clock of one client that throws away what it gets. The row's package has a checksum, so it comes from
the stage; one without comes from the storage, which here is a folder, too.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import package_servers, timing
from benchmarks.errors import BenchmarkError
from benchmarks.package_servers import Storage
from benchmarks.results import Row

NAME = "package_download"
UNIT = "MB/s"
OCTETS = 256 << 20
PAIRS = 9


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median of megabytes in a second. Raises BenchmarkError, also for a file of another size."""
    pairs = count or PAIRS
    with tempfile.TemporaryDirectory(prefix="clusterdepot-benchmark-") as name:
        Path(name).chmod(0o755)
        storage = Storage(Path(name), OCTETS)
        storage.fill()
        with (
            package_servers.package_server(storage) as ours,
            package_servers.plain_rclone(storage) as rclone,
            package_servers.nginx(storage) as nginx,
        ):
            for tag, peer, url in (
                ("stored", "rclone", rclone),
                ("staged", "rclone", rclone),
                ("stored", "nginx", nginx),
            ):
                _told(f"{tag} beside {peer}", f"{ours}/{tag}", url, pairs, progress)
            mine, other = _told("staged beside nginx", f"{ours}/staged", nginx, pairs, progress).medians
    return Row(NAME, mine, other, UNIT, "higher")


def _told(title: str, ours: str, peer: str, count: int, progress: Callable[[str], None]) -> timing.Pairs:
    found = timing.paired(partial(_speed, ours), partial(_speed, peer), count, lambda _: None, UNIT)
    mine, other = found.medians
    progress(f"{title}: {mine:.0f} and {other:.0f} {UNIT}, ratio {mine / other:.2f}")
    return found


def _speed(url: str) -> float:
    """Download it, and give the megabytes in a second. Raises BenchmarkError."""
    command = [
        "curl",
        "-q",
        "-fsS",
        "--noproxy",
        "*",
        "-o",
        "/dev/null",
        "-w",
        "%{size_download} %{speed_download}",
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"{url}: {done.stderr.strip()}")
    size, speed = done.stdout.split()
    if int(size) != OCTETS:
        raise BenchmarkError(f"{url} has {size} octets, not {OCTETS}")
    return float(speed) / 1e6
