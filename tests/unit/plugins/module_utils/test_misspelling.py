# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._misspelling import misspelt

KNOWN = (
    "registry_auth",
    "registry_address",
    "registry_pvc_size",
    "image_cache_images",
    "image_cache_enabled",
)
BEGINNINGS = ("registry_", "image_", "image_cache_")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("registry_auht", "registry_auth"),
        ("registry_Auth", "registry_auth"),
        ("registry_adress", "registry_address"),
        ("registry_pvc_sizes", "registry_pvc_size"),
        ("image_cache_image", "image_cache_images"),
        ("image_cache_enable", "image_cache_enabled"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(name: str, meant: str) -> None:
    assert misspelt([name], KNOWN, BEGINNINGS) == {name: meant}


@pytest.mark.parametrize(
    "name",
    [
        *KNOWN,
        "registry_owner",
        "registry_storage",
        # Looks like one of another beginning, or has none at all.
        "image_cache_auth",
        "registri_auth",
        "auth",
        "",
        "registry_",
    ],
)
def test_what_is_known_or_another_word_is_not(name: str) -> None:
    assert misspelt([name], KNOWN, BEGINNINGS) == {}


def test_the_nearest_one_is_told_in_the_order_of_the_names() -> None:
    known = ("registry_port", "registry_ports")
    assert list(misspelt(["registry_portss", "registry_prot"], known, BEGINNINGS).items()) == [
        ("registry_portss", "registry_ports"),
        ("registry_prot", "registry_port"),
    ]


_WORDS = st.text(alphabet="abcdefg_", min_size=5, max_size=12)


@given(_WORDS, st.data())
def test_one_letter_is_never_enough_to_hide(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    change = data.draw(st.sampled_from(["", "x", f"x{word[at]}"]))
    slip = f"registry_{word[:at]}{change}{word[at + 1 :]}"
    known = f"registry_{word}"
    assert misspelt([slip], [known], BEGINNINGS) == ({} if slip == known else {slip: known})
