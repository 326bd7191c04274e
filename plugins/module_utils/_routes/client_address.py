# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of a client: who tells it, and which ranges it is in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Network

Address: TypeAlias = "IPv4Address | IPv6Address"

LOOPBACK = IPv4Address("127.0.0.1")
# How many proxies, one behind the other, are asked for the client.
MOST_PROXIES = 4

_MAPPED = 0xFFFF << 32
_MAPPED_BITS = 96


def read_address(text: str) -> Address | None:
    """The address that is all of an entry; None for anything else, also with a port, brackets or a zone."""
    try:
        return ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def version_6(network: Network) -> tuple[int, int]:
    """First address and prefix length of the network in IPv6, where IPv4 is mapped (RFC 4291, 2.5.5.2)."""
    if isinstance(network, IPv6Network):
        return int(network.network_address), network.prefixlen
    return _MAPPED | int(network.network_address), _MAPPED_BITS + network.prefixlen


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether one of the networks has the address; an IPv4 address is the same as its mapped one."""
    four = plain(address)
    six = IPv6Address(_MAPPED | int(four)) if isinstance(four, IPv4Address) else four
    return any((six if isinstance(network, IPv6Network) else four) in network for network in networks)


def plain(address: Address) -> Address:
    """IPv4 where the address is a mapped one, as a socket for both versions tells it."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def client_of(peer: Address, lines: Sequence[str], trusted: Sequence[Network]) -> Address:
    """Who the client is, from the peer's address and what trusted proxies say.

    :param lines: all lines of the header with the client's address, in order; each proxy appended the address
        that it saw. An entry that is no address says nothing.
    """
    entries = [entry for line in lines for entry in _entries(line)]
    client = peer
    for entry in entries[: -MOST_PROXIES - 1 : -1]:
        if not is_within(client, trusted):
            break
        client = read_address(entry) or client
    return plain(client)


def _entries(line: str) -> list[str]:
    """What proxies appended; a quote, which only a client sends, hides all before it, and its own entry."""
    _hidden, quote, after = line.rpartition('"')
    told = f"-{after}" if quote else after
    return [entry.strip(" \t") for entry in told.split(",")]
