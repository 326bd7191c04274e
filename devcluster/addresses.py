# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the cluster's addresses so that they overlap nothing the machine uses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from devcluster.errors import AddressConflict

# RFC 2544's benchmarking range first: unlike documentation and private ranges it is hardly ever in use.
# Then RFC 6598's shared range.
CANDIDATES = (IPv4Network("198.18.0.0/15"), IPv4Network("100.64.0.0/10"))
BLOCK_PREFIX = 18


@dataclass(frozen=True)
class Addresses:
    """One /18 block and what its parts are for."""

    block: IPv4Network

    def _part(self, prefix: int, number: int) -> IPv4Network:
        return IPv4Network((int(self.block.network_address) + number * 2 ** (32 - prefix), prefix))

    @property
    def pods(self) -> IPv4Network:
        """Where pods get their addresses."""
        return self._part(20, 0)

    @property
    def services(self) -> IPv4Network:
        """Cluster IPs of services."""
        return self._part(20, 1)

    @property
    def pool(self) -> IPv4Network:
        """Load balancer addresses."""
        return self._part(24, 32)

    @property
    def link(self) -> IPv4Network:
        """The cable between machine and node."""
        return self._part(30, 33 * 64)

    @property
    def machine(self) -> IPv4Address:
        """The machine's end of the cable."""
        return self.link[1]

    @property
    def node(self) -> IPv4Address:
        """The node's end of the cable, by which it is known in the cluster."""
        return self.link[2]

    @property
    def resolver(self) -> IPv4Address:
        """CoreDNS's own address on the node; apart from the node's, whose port 53 is nobody's."""
        return self._part(30, 33 * 64 + 1)[1]

    @property
    def api_service(self) -> IPv4Address:
        """The first service address is the API server's (Kubernetes' convention)."""
        return self.services[1]

    @property
    def dns_service(self) -> IPv4Address:
        """The address that pods are given as their name server."""
        return self.services[10]


@dataclass(frozen=True)
class Use:
    """A network the machine uses, and what for, in words for a message."""

    network: IPv4Network
    purpose: str


def overlaps(block: IPv4Network, uses: Iterable[Use]) -> Use | None:
    """The first use that the block overlaps; a default route is no use."""
    return next((use for use in uses if use.network.prefixlen > 0 and use.network.overlaps(block)), None)


def blocks() -> Iterator[IPv4Network]:
    """All blocks that may be taken, the best first."""
    for candidate in CANDIDATES:
        yield from candidate.subnets(new_prefix=BLOCK_PREFIX)


def choose(uses: Iterable[Use]) -> Addresses:
    """The first block that overlaps nothing; raises AddressConflict where there is none."""
    known = tuple(uses)
    for block in blocks():
        if overlaps(block, known) is None:
            return Addresses(block)
    tried = " and ".join(str(candidate) for candidate in CANDIDATES)
    raise AddressConflict(
        f"no free address range: all of {tried} overlaps routes or servers this machine uses"
    )


def confirm(block: IPv4Network, uses: Iterable[Use]) -> Addresses:
    """The recorded block of existing data, if still free; raises AddressConflict naming the use."""
    use = overlaps(block, uses)
    if use is not None:
        raise AddressConflict(
            f"the cluster's addresses {block} now overlap {use.network} ({use.purpose});"
            " remove that, or start anew with `make clean`"
        )
    return Addresses(block)
