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
from collections import Counter
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern_cost import (
    can_begin_with,
    cost_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern_tree import (
    PatternError,
    parse,
)

__all__ = ["LONGEST_TEXT", "MOST_STEPS", "Pattern", "PatternError", "read_pattern"]

LONGEST = 500
# Octets of a path or of a header's line; longer ones are not searched.
LONGEST_TEXT = 2048
# Of all expressions that one request may be compared with. Measured: at worst three nanoseconds a step.
MOST_STEPS = 60_000_000
# PCRE2 gives up after ten million of its own steps (its match limit), each of which is several here, and then
# finds nothing.
_MOST_STEPS_OF_ONE = 32_000_000
_REFERENCE = re.compile(r"\\([1-9])")


@dataclass(frozen=True)
class Pattern:
    """An expression that was read.

    :ivar text: as the user wrote it
    :ivar outer: for each capturing group, the number of the one around it; 0 for none
    :ivar steps: how long the search in LONGEST_TEXT octets takes at most
    :ivar fits_paths: whether it can be found in a text that begins with a slash
    """

    text: str
    outer: tuple[int, ...]
    steps: int
    fits_paths: bool

    @property
    def groups(self) -> int:
        """How many capturing groups it has."""
        return len(self.outer)

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

    def copies(self, template: str) -> int:
        """How often one octet of a text can be in what ``expand`` makes of it, at most."""
        used = Counter(int(number) for number in _REFERENCE.findall(template))
        return max((self._copies(number, used) for number in used), default=0)

    def _copies(self, group: int, used: Counter[int]) -> int:
        return used[group] + self._copies(self.outer[group - 1], used) if group else 0


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
    steps = cost_of(tree.node, LONGEST_TEXT)
    if steps > _MOST_STEPS_OF_ONE:
        raise PatternError(
            "a client could make the search take very long, because too many repetitions can share the same"
            " text; begin with ^, repeat [^/] instead of . and let a character follow that is not repeated"
        )
    return Pattern(text, tree.outer, steps, can_begin_with(tree.node, ord("/")))


@functools.lru_cache(maxsize=16384)
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)
