# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Address pools."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.addresses import (
    parse_range,
    read_pool,
    requested_addresses,
    requested_pool,
    sharing_key,
)


@given(st.data(), st.sampled_from([4, 6]))
def test_a_written_range_contains_what_lies_between(data: st.DataObject, version: int) -> None:
    address = st.ip_addresses(v=4) if version == 4 else st.ip_addresses(v=6)
    first, middle, last = sorted((data.draw(address), data.draw(address), data.draw(address)), key=int)
    written = parse_range(f"{first} - {last}")
    assert middle in written
    assert first in written
    assert last in written
    for outside in (int(first) - 1, int(last) + 1):
        if 0 <= outside < 2**first.max_prefixlen:
            assert type(first)(outside) not in written


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_is_the_range_of_its_addresses(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    assert parse_range(f"{address}/{length}") == parse_range(f"{network[0]}-{network[-1]}")


@pytest.mark.parametrize(
    "text", ["", "-", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0.1-", "10.0.0.0/33", "x"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|address|network|Address"):
        parse_range(text)


def test_versions_do_not_mix() -> None:
    assert ipaddress.ip_address("::1") not in parse_range("0.0.0.0/0")


def test_a_pool_leaves_out_what_is_no_range() -> None:
    pool = read_pool({"metadata": {"name": "p"}, "spec": {"addresses": ["rubbish", "192.0.2.1-192.0.2.2"]}})
    assert ipaddress.ip_address("192.0.2.2") in pool
    assert str(pool) == "p (rubbish, 192.0.2.1-192.0.2.2)"


@pytest.mark.parametrize("prefix", ["metallb.io/", "metallb.universe.tf/"])
def test_both_spellings_of_the_annotations(prefix: str) -> None:
    service = {
        "metadata": {
            "annotations": {
                f"{prefix}loadBalancerIPs": "192.0.2.1, 2001:db8::1",
                f"{prefix}address-pool": "p",
                f"{prefix}allow-shared-ip": "k",
            }
        },
        "spec": {"loadBalancerIP": "192.0.2.9"},
    }
    assert [text for _field, text in requested_addresses(service)] == [
        "192.0.2.9",
        "192.0.2.1",
        "2001:db8::1",
    ]
    assert requested_pool(service) == (f"{prefix}address-pool", "p")
    assert sharing_key(service) == "k"
