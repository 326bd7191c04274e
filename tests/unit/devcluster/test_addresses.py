# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address chooser: never an overlap, always the same parts inside one block."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from devcluster.addresses import CANDIDATES, Addresses, Use, blocks, choose, confirm
from devcluster.errors import AddressConflict

ALL_BLOCKS = list(blocks())


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network:
    """Networks of every size, most of them in or around the candidate ranges."""
    prefix = draw(st.integers(1, 32))
    inside = draw(st.sampled_from(CANDIDATES))
    offset = draw(st.integers(-inside.num_addresses, 2 * inside.num_addresses))
    return IPv4Network((int(inside.network_address) + offset, prefix), strict=False)


uses = st.lists(networks().map(lambda network: Use(network, "a test")), max_size=12)


@given(uses)
@example([])
@example([Use(IPv4Network("198.18.0.0/16"), "a test")])
def test_the_chosen_block_overlaps_no_use(given_uses: list[Use]) -> None:
    try:
        block = choose(given_uses).block
    except AddressConflict:
        assert all(any(use.network.overlaps(block) for use in given_uses) for block in ALL_BLOCKS)
        return
    assert not any(use.network.overlaps(block) for use in given_uses)
    earlier = ALL_BLOCKS[: ALL_BLOCKS.index(block)]
    assert all(any(use.network.overlaps(other) for use in given_uses) for other in earlier)


@given(uses)
def test_what_was_chosen_is_confirmed_while_the_uses_stay(given_uses: list[Use]) -> None:
    assume(any(not any(u.network.overlaps(block) for u in given_uses) for block in ALL_BLOCKS))
    block = choose(given_uses).block
    assert confirm(block, given_uses).block == block


@given(st.sampled_from(ALL_BLOCKS), st.data())
def test_a_new_overlap_is_refused_with_its_purpose(block: IPv4Network, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, block.num_addresses - 1))
    intruder = IPv4Network((block[offset], data.draw(st.integers(1, 32))), strict=False)
    with pytest.raises(AddressConflict, match="a neighbour") as caught:
        confirm(block, [Use(intruder, "a neighbour")])
    assert str(intruder) in str(caught.value)


@given(st.sampled_from(ALL_BLOCKS))
def test_the_parts_are_disjoint_and_inside_the_block(block: IPv4Network) -> None:
    addresses = Addresses(block)
    resolver = IPv4Network(addresses.resolver)
    parts = [addresses.pods, addresses.services, addresses.pool, addresses.link, resolver]
    assert all(part.subnet_of(block) for part in parts)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))
    assert addresses.machine in addresses.link
    assert addresses.node in addresses.link
    assert addresses.machine != addresses.node
    assert addresses.api_service in addresses.services
    assert addresses.dns_service in addresses.services


def test_a_default_route_is_no_use() -> None:
    assert choose([Use(IPv4Network("0.0.0.0/0"), "the default")]).block == ALL_BLOCKS[0]


def test_a_machine_that_uses_all_candidates_is_told_which() -> None:
    taken = [Use(candidate, "a test") for candidate in CANDIDATES]
    with pytest.raises(AddressConflict) as caught:
        choose(taken)
    assert all(str(candidate) in str(caught.value) for candidate in CANDIDATES)


def test_the_block_is_cut_as_documented() -> None:
    addresses = Addresses(IPv4Network("100.64.0.0/18"))
    assert str(addresses.pods) == "100.64.0.0/20"
    assert str(addresses.services) == "100.64.16.0/20"
    assert str(addresses.pool) == "100.64.32.0/24"
    assert str(addresses.link) == "100.64.33.0/30"
    assert str(addresses.resolver) == "100.64.33.5"
