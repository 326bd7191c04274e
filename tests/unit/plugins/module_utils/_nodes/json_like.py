# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-like values that are almost what is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

_SCALARS = st.none() | st.booleans() | st.integers() | st.just(10**30) | st.floats() | st.text(max_size=12)


def json_like(keys: Iterable[str], words: Iterable[str]) -> st.SearchStrategy[Any]:
    """Values whose mappings often have these keys, and whose strings are often these words."""
    named = st.sampled_from(sorted(keys)) | st.text(max_size=6) | st.integers()
    return st.recursive(
        _SCALARS | st.sampled_from([*sorted(words), "", "\ud800", "a\0b"]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(named, inner, max_size=8),
        max_leaves=20,
    )
