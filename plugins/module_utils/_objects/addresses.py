# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address pools of MetalLB and the addresses that Services ask for."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    dig,
    entries,
)

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
_PREFIXES = ("metallb.io/", "metallb.universe.tf/")


@dataclass(frozen=True)
class AddressRange:
    """All addresses from ``first`` to ``last``, both included, of one IP version."""

    first: Address
    last: Address

    def __contains__(self, address: Address) -> bool:
        return address.version == self.first.version and int(self.first) <= int(address) <= int(self.last)


@dataclass(frozen=True)
class AddressPool:
    """An IPAddressPool: its ranges, and these as its author wrote them."""

    name: str
    ranges: tuple[AddressRange, ...]
    written: tuple[str, ...]

    def __contains__(self, address: Address) -> bool:
        return any(address in one for one in self.ranges)

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.written)})"


def parse_range(text: str) -> AddressRange:
    """Read a range as MetalLB writes it: ``192.0.2.0/24`` or ``192.0.2.10-192.0.2.20``.

    :raises ValueError: it is neither, or the last address is before the first
    """
    first, dash, last = (part.strip() for part in text.partition("-"))
    if not dash:
        network = ipaddress.ip_network(first, strict=False)
        return AddressRange(network.network_address, network.broadcast_address)
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    if low.version != high.version or int(low) > int(high):
        raise ValueError(f"{text!r} is no address range")
    return AddressRange(low, high)


def read_pool(obj: Mapping[str, Any]) -> AddressPool:
    """Read an IPAddressPool; what is no range in it is left out."""
    addresses = dig(obj, "spec", "addresses")
    written = tuple(map(str, addresses)) if isinstance(addresses, list) else ()
    ranges = []
    for text in written:
        try:
            ranges.append(parse_range(text))
        except ValueError:
            continue
    return AddressPool(obj["metadata"]["name"], tuple(ranges), written)


def requested_addresses(service: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give the addresses a Service asks for, each with the field it stands in; not yet checked."""
    found = []
    single = dig(service, "spec", "loadBalancerIP")
    if single:
        found.append(("spec.loadBalancerIP", str(single)))
    name, value = _annotation(service, "loadBalancerIPs")
    found.extend((f"annotation {name}", part.strip()) for part in value.split(",") if part.strip())
    return found


def requested_pool(service: Mapping[str, Any]) -> tuple[str, str]:
    """Give the annotation that names a pool and its value; both empty where there is none."""
    return _annotation(service, "address-pool")


def sharing_key(service: Mapping[str, Any]) -> str:
    """Give the key under which a Service shares its address with others; empty where it does not."""
    return _annotation(service, "allow-shared-ip")[1]


def served_addresses(service: Mapping[str, Any]) -> list[str]:
    """Give the addresses that a load balancer has given to a Service."""
    return [
        str(entry["ip"]) for entry in entries(service, "status", "loadBalancer", "ingress") if entry.get("ip")
    ]


def _annotation(service: Mapping[str, Any], name: str) -> tuple[str, str]:
    annotations = dig(service, "metadata", "annotations") or {}
    for prefix in _PREFIXES:
        if annotations.get(prefix + name):
            return prefix + name, str(annotations[prefix + name])
    return "", ""
