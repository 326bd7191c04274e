# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine's network is made of, and the one cable that is added to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from devcluster.addresses import Addresses, Use
from devcluster.errors import ClusterError

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
# Where a local stub answers for /etc/resolv.conf, the servers that it asks are in one of the others.
RESOLVER_FILES = (
    Path("/etc/resolv.conf"),
    Path("/run/systemd/resolve/resolv.conf"),
    Path("/run/NetworkManager/no-stub-resolv.conf"),
)
_URL = re.compile(r"https?://[^\s\"',|]+")


def uses(own_interface: str) -> list[Use]:
    """Networks in use: routes, addresses, name servers, and servers that set-up files name.

    `own_interface` is left out: it is this cluster's own cable of an earlier start.
    """
    return [*_routes(own_interface), *_name_servers(), *_configured_servers()]


def interface_names(identity: str) -> tuple[str, str]:
    """The cable's ends: on the machine, in the node."""
    return f"cdepot-{identity}m", f"cdepot-{identity}n"


def create_cable(machine_end: str, node_end: str) -> None:
    """Makes the veth pair, both ends on the machine, both down."""
    _ip("link", "add", machine_end, "type", "veth", "peer", "name", node_end)


def hand_over(node_end: str, process: int) -> None:
    """Moves the node's end into the network namespace of a process."""
    _ip("link", "set", node_end, "netns", str(process))


def connect_machine(machine_end: str, addresses: Addresses) -> None:
    """Gives the machine its end of the cable and one route, which goes when the cable does."""
    _ip("addr", "add", f"{addresses.machine}/{addresses.link.prefixlen}", "dev", machine_end)
    _ip("link", "set", machine_end, "up")
    _ip("route", "add", str(addresses.block), "via", str(addresses.node), "dev", machine_end)


def remove_cable(machine_end: str) -> None:
    """Removes the cable with its addresses and routes; none is fine.

    The kernel removes it too, a moment after the last process of the node's network has ended.
    """
    done = subprocess.run(["ip", "link", "del", machine_end], check=False, capture_output=True, text=True)
    if Path("/sys/class/net", machine_end).exists():
        raise ClusterError(f"ip link del {machine_end}: {done.stderr.strip()}")


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ClusterError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _routes(own_interface: str) -> Iterator[Use]:
    yield from routes_in_use(_ip("-j", "-4", "route", "show", "table", "all"), own_interface)


def routes_in_use(listing: str, own_interface: str) -> Iterator[Use]:
    """From `ip -j -4 route show table all`: every destination, and the gateways of default routes. Pure."""
    for route in json.loads(listing or "[]"):
        if route.get("dev") == own_interface:
            continue
        if route["dst"] == "default":
            # A route of several ways has them as a list.
            ways = [route, *route.get("nexthops", [])]
            yield from _hosts([way["gateway"] for way in ways if "gateway" in way], "a gateway")
        else:
            yield Use(
                IPv4Network(route["dst"], strict=False), f"a route by {route.get('dev', 'no interface')}"
            )


def _name_servers() -> Iterator[Use]:
    for path in RESOLVER_FILES:
        if path.is_file():
            yield from _hosts(name_servers(path.read_text(errors="replace")), "a name server")


def name_servers(text: str) -> list[str]:
    """Addresses of the `nameserver` lines of a resolver file (resolv.conf(5)). Pure."""
    lines = [line.split() for line in text.splitlines()]
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]


def _configured_servers() -> Iterator[Use]:
    """Package sources and proxies are reached by the default route: the routing table is silent on them."""
    texts = [os.environ.get(name, "") or os.environ.get(name.lower(), "") for name in PROXY_VARIABLES]
    texts += [path.read_text(errors="replace") for path in _source_lists()]
    texts += [_output(*command) for command in (("go", "env", "GOPROXY"), ("pip", "config", "list"))]
    names = {urlsplit(url).hostname for text in texts for url in _URL.findall(text)}
    for name in sorted(filter(None, names)):
        yield from _hosts(_resolve(name), "a server that this machine's set-up names")


def _source_lists() -> Iterator[Path]:
    apt = Path("/etc/apt")
    for path in (apt / "sources.list", *apt.glob("sources.list.d/*")):
        if path.is_file():
            yield path


def _output(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def _resolve(name: str) -> list[str]:
    with contextlib.suppress(OSError):
        return [str(answer[4][0]) for answer in socket.getaddrinfo(name, None, socket.AF_INET)]
    return []


def _hosts(addresses: list[str], purpose: str) -> Iterator[Use]:
    for address in addresses:
        with contextlib.suppress(AddressValueError):
            yield Use(IPv4Network(IPv4Address(address)), purpose)
