# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Process 1 of the node: makes its root and its network, then keeps its components running."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from devcluster import node_root
from devcluster.errors import ClusterError
from devcluster.plan import Plan
from devcluster.supervisor import Supervisor

INTERFACE_SECONDS = 10.0


def main(plan_file: str) -> None:
    """Becomes the node that the plan file describes; never returns."""
    plan = Plan.read(Path(plan_file))
    node_root.enter(plan.binds, node_root.needed_paths(plan.binds, plan.components))
    socket.sethostname(plan.hostname)
    _configure_network(plan)
    _write_files(plan)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    Supervisor(plan).run()


def _configure_network(plan: Plan) -> None:
    """The block's route serves service addresses, which need one before they are translated."""
    deadline = time.monotonic() + INTERFACE_SECONDS
    while not _has_interface(plan.interface):
        if time.monotonic() > deadline:
            raise TimeoutError(f"interface {plan.interface} did not arrive within {INTERFACE_SECONDS:.0f} s")
        time.sleep(0.02)
    _ip("link", "set", "lo", "up")
    _ip("addr", "add", plan.node_address, "dev", plan.interface)
    _ip("addr", "add", f"{plan.resolver}/32", "dev", "lo")
    _ip("link", "set", plan.interface, "up")
    _ip("route", "add", plan.block, "via", plan.gateway, "dev", plan.interface)
    # What is not of this cluster fails at once instead of waiting for an answer that cannot come.
    _ip("route", "add", "unreachable", "default")
    for setting, value in (("ipv4/ip_forward", "1"), ("bridge/bridge-nf-call-iptables", "1")):
        path = Path("/proc/sys/net", setting)
        if path.exists():
            path.write_text(value)


def _has_interface(name: str) -> bool:
    """/sys may still show another network namespace, so the kernel is asked directly."""
    return subprocess.run(["ip", "link", "show", name], check=False, capture_output=True).returncode == 0


def _write_files(plan: Plan) -> None:
    for name, content in plan.files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A symbolic link (often /etc/resolv.conf) would lead to a place that this root has emptied.
        path.unlink(missing_ok=True)
        path.write_text(content)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except ClusterError as error:
        sys.exit(f"devcluster: {error}")
