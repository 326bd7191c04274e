# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of this machine the embedded cluster must leave as it is, as values that can be compared."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

from devcluster import machine_network, processes
from devcluster.cgroups import ROOT as CGROUPS
from devcluster.folders import Folders
from devcluster.node_files import cgroup_name
from devcluster.node_root import MACHINE_SETTINGS

# The cables of embedded clusters; whether ours is there is asserted by itself.
CABLE = "cdepot-"
# What the kernel counts or measures by itself.
VOLATILE = frozenset({"expires", "used", "age", "cache", "uid", "valid_life_time", "preferred_life_time"})
NAMESPACES = ("mnt", "pid", "net")

Network = dict[str, object]


def network(servers: list[IPv4Network]) -> Network:
    """Addresses, routes, rules, filters and settings; and by which way each server is reached."""
    families = ("-4", "-6")
    return {
        "addresses": _entries("addr"),
        "routes": [_entries(family, "route", "show", "table", "all") for family in families],
        "rules": [_entries(family, "rule") for family in families],
        "if_inet6": _lines(Path("/proc/net/if_inet6")),
        "filters": _output("nft", "--stateless", "list", "ruleset"),
        "settings": dict(_settings()),
        "resolver": (Path("/etc/resolv.conf").resolve(), Path("/etc/resolv.conf").read_text()),
        "ways": {str(server): _way(server) for server in servers},
        "hostname": socket.gethostname(),
    }


def servers() -> list[IPv4Network]:
    """Single addresses that this machine's routes and set-up name, but for those of embedded clusters."""
    found = {use.network for use in machine_network.uses("") if CABLE not in use.purpose}
    return sorted(server for server in found if server.prefixlen == 32)


def mounts() -> list[str]:
    """The machine's mounts."""
    return Path("/proc/self/mountinfo").read_text().splitlines()


def cgroups() -> list[str]:
    """Cgroups of the first level, but for those of embedded clusters."""
    found = [path for pattern in ("*", "*/*") for path in CGROUPS.glob(pattern) if path.is_dir()]
    return sorted(str(path) for path in found if not path.name.startswith("clusterdepot-"))


def namespaces(pid: int) -> set[str]:
    """The mount, process and network namespaces of a process."""
    return {str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for kind in NAMESPACES}


def leftovers(folders: Folders, of_node: set[str]) -> list[str]:
    """All traces of a cluster on this machine, but for its state folder; `of_node` are its namespaces."""
    return [
        *(f"process {pid}" for pid in processes.marked(folders.state)),
        *(f"interface {name}" for name in interfaces(folders)),
        *(f"cgroup {path}" for path in CGROUPS.rglob(cgroup_name(folders))),
        *(
            f"route {line}"
            for line in _output("ip", "route", "show", "table", "all").splitlines()
            if machine_network.interface_names(folders.identity)[0] in line
        ),
        *_traces_in_processes(folders, of_node),
        *(f"file {path}" for path in folders.run.glob("*")),
    ]


def interfaces(folders: Folders) -> list[str]:
    """The ends of the cluster's cable that are on the machine."""
    names = machine_network.interface_names(folders.identity)
    return [name for name in names if Path("/sys/class/net", name).exists()]


def _traces_in_processes(folders: Folders, of_node: set[str]) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = namespaces(int(process.name)) & of_node
            mounted = f"{folders.state}/" in (process / "mountinfo").read_text(errors="replace")
        except OSError:
            # It ended, or is the kernel's own.
            continue
        if inside:
            yield f"process {process.name} in {inside}"
        if mounted:
            yield f"a mount of {folders.state} in process {process.name}"


def _entries(*arguments: str) -> list[str]:
    found = json.loads(_output("ip", "-j", *arguments) or "[]")
    kept = [_steady(entry) for entry in found if not _is_cable(entry)]
    return sorted(json.dumps(entry, sort_keys=True) for entry in kept)


def _steady(value: object) -> object:
    if isinstance(value, dict):
        return {name: _steady(inner) for name, inner in value.items() if name not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def _is_cable(entry: dict[str, object]) -> bool:
    return any(str(entry.get(name, "")).startswith(CABLE) for name in ("ifname", "dev"))


def _lines(path: Path) -> list[str]:
    return sorted(line for line in path.read_text().splitlines() if CABLE not in line)


def _settings() -> Iterator[tuple[str, str]]:
    root = Path("/proc/sys")
    forwarding = (root / "net").glob("ipv[46]/conf/*/forwarding")
    bridges = (root / "net/bridge").glob("*")
    files = (root / "net/ipv4/ip_forward", *forwarding, *bridges, *(root / name for name in MACHINE_SETTINGS))
    for file in files:
        if file.exists() and CABLE not in str(file):
            yield str(file), file.read_text()


def _way(server: IPv4Network) -> str:
    done = subprocess.run(
        ["ip", "route", "get", str(server.network_address)], check=False, capture_output=True, text=True
    )
    return re.sub(r"\s+", " ", done.stdout + done.stderr)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
