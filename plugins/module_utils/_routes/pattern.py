# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A regular expression that Python and HAProxy understand alike.

HAProxy hands its expressions to PCRE2. What is accepted here is the part of the two languages in which both
find the same thing, and in which no text of a client makes the search take long.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern_cost import cost_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern_tree import (
    PatternError,
    parse,
)

__all__ = ["Pattern", "PatternError", "read_pattern"]

LONGEST = 500
# HAProxy's buffer for a request has 16 KiB.
_LONGEST_TEXT = 16384
# Two repetitions that cover the whole text, and a little: a few tenths of a second.
_MOST_STEPS = 4 * _LONGEST_TEXT**2
_REFERENCE = re.compile(r"\\([1-9])")


@dataclass(frozen=True)
class Pattern:
    """An expression that was read.

    :ivar text: as the user wrote it
    :ivar groups: how many capturing groups it has
    """

    text: str
    groups: int

    def search(self, text: str) -> re.Match[str] | None:
        """The first place in ``text`` where it is found; a character of ``text`` stands for an octet."""
        return _compiled(self.text).search(text)

    def expand(self, text: str, template: str) -> str | None:
        r"""``template`` with the groups in place of \1 to \9; None where it is not found in ``text``.

        A group that took no part in the match is empty.
        """
        found = self.search(text)
        if found is None:
            return None
        groups = found.groups("")
        return _REFERENCE.sub(lambda reference: groups[int(reference[1]) - 1], template)


@functools.lru_cache(maxsize=16384)
def read_pattern(text: str) -> Pattern:
    """Raises PatternError, which tells what is not accepted and where, counted from 1."""
    if not text:
        raise PatternError("the expression is empty")
    if len(text) > LONGEST:
        raise PatternError(f"the expression has {len(text)} characters; at most {LONGEST} are allowed")
    for place, character in enumerate(text, start=1):
        if not " " <= character <= "~" or character == "'":
            raise PatternError(f"character {place} is {character!r}; allowed is printable ASCII without '")
    tree = parse(text)
    if cost_of(tree.node, _LONGEST_TEXT) > _MOST_STEPS:
        raise PatternError(
            "a client could make the search take very long, because too many repetitions can share the same"
            " text; begin with ^, repeat [^/] instead of . and let a character follow that is not repeated"
        )
    return Pattern(text, tree.groups)


@functools.lru_cache(maxsize=16384)
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)
