# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that are nearly, but not quite, those that are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

# The share of letters that two names have in common in the same order, as difflib counts it. One letter too
# many, too few or changed in a word of five is nearer; another word for the same thing is not.
_NEAR = 0.8


def misspelt(names: Iterable[str], known: Iterable[str], beginnings: Collection[str]) -> dict[str, str]:
    """The names that look like a known one, with that one, in the order of the names.

    What a name has in common with all those of its beginning makes it no nearer: only what comes after the
    longest of the ``beginnings``, such as ``registry_``, is compared. A name with none of them is nobody's.
    """
    ends: dict[str, list[str]] = {}
    for name in sorted(known):
        ends.setdefault(_beginning(name, beginnings), []).append(name)
    found: dict[str, str] = {}
    for name in names:
        beginning = _beginning(name, beginnings)
        candidates = ends.get(beginning, []) if beginning else []
        if name in candidates:
            continue
        at = len(beginning)
        nearness = {candidate: _nearness(name[at:], candidate[at:]) for candidate in candidates}
        nearest = max(nearness, key=nearness.__getitem__, default="")
        if nearest and nearness[nearest] >= _NEAR:
            found[name] = nearest
    return found


def _beginning(name: str, beginnings: Collection[str]) -> str:
    return max((beginning for beginning in beginnings if name.startswith(beginning)), key=len, default="")


def _nearness(one: str, other: str) -> float:
    # Letters in another order are the commonest slip, and difflib counts two of them as lost.
    if sorted(one.casefold()) == sorted(other.casefold()):
        return 1.0
    return SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio()
