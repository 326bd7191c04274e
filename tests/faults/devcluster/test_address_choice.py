# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine really uses keeps the address chooser away."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from devcluster.addresses import choose, confirm
from devcluster.errors import AddressConflict
from devcluster.machine_network import create_cable, remove_cable, uses

TAKER = "cdtest0"
NO_CABLE = "cdepot-none"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def taken() -> Iterator[IPv4Network]:
    """The block that would be chosen now, taken by an interface of the machine."""
    block = choose(uses(NO_CABLE)).block
    create_cable(TAKER, "cdtest0-peer")
    try:
        ip("addr", "add", f"{block[1]}/{block.prefixlen}", "dev", TAKER)
        ip("link", "set", TAKER, "up")
        yield block
    finally:
        remove_cable(TAKER)


def test_a_block_that_an_interface_took_is_not_chosen(taken: IPv4Network) -> None:
    assert not choose(uses(NO_CABLE)).block.overlaps(taken)


def test_a_recorded_block_that_was_taken_since_is_refused_by_name(taken: IPv4Network) -> None:
    with pytest.raises(AddressConflict, match=rf"a route by {TAKER}.*make clean"):
        confirm(taken, uses(NO_CABLE))


def test_the_own_cable_does_not_stand_in_its_own_way(taken: IPv4Network) -> None:
    assert confirm(taken, uses(TAKER)).block == taken


def test_a_cable_is_removed_with_both_its_ends_and_again_without_complaint() -> None:
    names = ("cdtest1", "cdtest2")
    create_cable(*names)
    try:
        shown = subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout
        assert all(name in shown for name in names)
    finally:
        remove_cable(names[0])
    shown = subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout
    assert not any(name in shown for name in names)
    remove_cable(names[0])
