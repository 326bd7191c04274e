# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quantities."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.quantity import parse_quantity

BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL = ("k", "M", "G", "T", "P", "E")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5Gi", 5 * 1024**3),
        ("1.5Gi", 3 * 1024**3 // 2),
        ("128974848", 128974848),
        ("129e6", 129 * 10**6),
        ("129E6", 129 * 10**6),
        ("5E", 5 * 10**18),
        ("128974848000m", 128974848),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        (5, 5),
    ],
)
def test_known_forms(text: object, value: Fraction) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text", ["", "Gi", "5 Gi", "5gi", "5GB", "five", "5Gi\n", "1e", "--1", "\u0665Gi", None, True, [], {}]
)
def test_what_is_none(text: object) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        parse_quantity(text)


@given(st.integers(0, 10**9), st.integers(0, 5))
def test_units_scale(number: int, power: int) -> None:
    assert parse_quantity(f"{number}{BINARY[power]}") == number * 1024 ** (power + 1)
    assert parse_quantity(f"{number}{DECIMAL[power]}") == number * 1000 ** (power + 1)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**6, places=3))
def test_fractions_are_exact(number: Decimal) -> None:
    assert parse_quantity(f"{number}Ki") == Fraction(number) * 1024


@given(st.text())
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    try:
        value = parse_quantity(text)
    except ValueError:
        return
    assert isinstance(value, Fraction)
