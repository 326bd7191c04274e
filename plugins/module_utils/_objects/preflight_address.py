# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight rules of Services that ask MetalLB for an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.addresses import (
    Address,
    AddressPool,
    read_pool,
    requested_addresses,
    requested_pool,
    served_addresses,
    sharing_key,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    ADDRESS_POOLS,
    SERVICES,
    Facts,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    dig,
    key_of,
)


def address_faults(objects: Sequence[Desired], facts: Facts, absent: Sequence[ObjectKey]) -> list[str]:
    """Judge the addresses of all Services of type LoadBalancer.

    Pools and holders are judged only where the cluster has MetalLB's IPAddressPool.
    """
    faults: list[str] = []
    services = [one for one in objects if _balanced(one)]
    for service in services:
        addresses: list[tuple[str, Address]] = []
        for field, text in requested_addresses(service.body):
            try:
                addresses.append((field, ipaddress.ip_address(text)))
            except ValueError:
                faults.append(
                    f'{service.key.full}: {field} "{text}" is no IP address; give one such as 192.0.2.10'
                )
        annotation, pool = requested_pool(service.body)
        if pool and "metallb" in _balancer(service) and facts.scopes.get(ADDRESS_POOLS, True) is None:
            faults.append(
                f'{service.key.full}: annotation {annotation} names the pool "{pool}", but MetalLB is not '
                "installed: the API server knows no IPAddressPool; install it, or leave the pool out"
            )
        if ADDRESS_POOLS not in facts.lists or "metallb" not in _balancer(service):
            continue
        pools = [read_pool(entry) for entry in facts.lists[ADDRESS_POOLS]]
        faults.extend(_pool_faults(service, addresses, pools))
        faults.extend(_holder_faults(service, addresses, services, facts, absent))
    return faults


def _balanced(one: Desired) -> bool:
    return one.key.kind == "Service" and dig(one.body, "spec", "type") == "LoadBalancer"


def _balancer(service: Desired) -> str:
    return str(dig(service.body, "spec", "loadBalancerClass") or "metallb")


def _pool_faults(
    service: Desired, addresses: Sequence[tuple[str, Address]], pools: Sequence[AddressPool]
) -> Iterator[str]:
    annotation, name = requested_pool(service.body)
    existing = ", ".join(str(pool) for pool in pools) or "none"
    named = [pool for pool in pools if pool.name == name]
    if name and not named:
        yield (
            f'{service.key.full}: annotation {annotation} names the pool "{name}", which does not exist; '
            f"existing are: {existing}"
        )
        return
    for field, address in addresses:
        if name and address not in named[0]:
            yield (
                f"{service.key.full}: {field} {address} is not in the pool {named[0]} that annotation "
                f"{annotation} names; "
                "give an address of that pool"
            )
        elif not any(address in pool for pool in pools):
            yield (
                f"{service.key.full}: {field} {address} is in no MetalLB IPAddressPool; "
                f"existing are: {existing}"
            )


def _holder_faults(
    service: Desired,
    addresses: Sequence[tuple[str, Address]],
    services: Sequence[Desired],
    facts: Facts,
    absent: Sequence[ObjectKey],
) -> Iterator[str]:
    given = {one.key for one in services}
    leaving = set(absent)
    for field, address in addresses:
        holders = [
            (key_of(other), other)
            for other in map(_typed, facts.lists.get(SERVICES, ()))
            if str(address) in served_addresses(other)
        ]
        holders = [(key, other) for key, other in holders if key not in leaving and key not in given]
        holders += [
            (other.key, other.body)
            for other in services
            if other.key < service.key
            and str(address) in [text for _field, text in requested_addresses(other.body)]
        ]
        for key, other in holders:
            if sharing_key(other) and sharing_key(other) == sharing_key(service.body):
                continue
            yield (
                f"{service.key.full}: {field} {address} is already held by {key.full}; give a free "
                "address, or the same "
                "annotation metallb.io/allow-shared-ip to both"
            )


def _typed(item: KubeObject) -> KubeObject:
    """Give a list's item with its type: the API server leaves it out within lists."""
    return {"apiVersion": "v1", "kind": "Service", **item}
