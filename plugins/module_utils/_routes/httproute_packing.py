# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Matches packed into as few HTTPRoutes as their limits allow.

Limits: Gateway API ``apis/v1/httproute_types.go``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute_precedence import (
    Match,
    Rewrite,
)

MOST_RULES = 16
MOST_MATCHES_OF_RULE = 64
MOST_MATCHES = 128

Unit = tuple[Match, ...]
Rule = tuple[Match, ...]


class _Sheet:
    """The rules of one HTTPRoute."""

    def __init__(self) -> None:
        self._matches: dict[tuple[int, Rewrite | None, Match | None], list[Match]] = {}
        self._rule_count = 0
        self._match_count = 0

    def add(self, unit: Unit) -> bool:
        """Add the matches; false, and nothing added, where there is no room for all of them."""
        more = 0
        for purpose, count in Counter(map(_purpose, unit)).items():
            there = len(self._matches.get(purpose, ()))
            more += _rules_for(there + count) - _rules_for(there)
        if self._rule_count + more > MOST_RULES or self._match_count + len(unit) > MOST_MATCHES:
            return False
        self._rule_count += more
        self._match_count += len(unit)
        for match in unit:
            self._matches.setdefault(_purpose(match), []).append(match)
        return True

    def rules(self) -> tuple[Rule, ...]:
        """The rules in the order of their routes."""
        rules: list[Rule] = []
        for purpose in sorted(self._matches, key=lambda purpose: purpose[0]):
            rest = iter(self._matches[purpose])
            while matches := tuple(islice(rest, MOST_MATCHES_OF_RULE)):
                rules.append(matches)
        return tuple(rules)


def pack(units: Iterable[Unit]) -> tuple[list[tuple[Rule, ...]], list[Unit]]:
    """Make the rules, those of one HTTPRoute together.

    :returns: the rules, and the units that no HTTPRoute has room for
    """
    sheets: list[_Sheet] = []
    too_large: list[Unit] = []
    for unit in units:
        if sheets and sheets[-1].add(unit):
            continue
        sheet = _Sheet()
        if sheet.add(unit):
            sheets.append(sheet)
        else:
            too_large.append(unit)
    return [sheet.rules() for sheet in sheets], too_large


def rules_needed(unit: Sequence[Match]) -> int:
    """How many rules the matches need."""
    return sum(map(_rules_for, Counter(map(_purpose, unit)).values()))


def _purpose(match: Match) -> tuple[int, Rewrite | None, Match | None]:
    """What a rule is made for: a route, what it does to the path, and the match where it is alone in it."""
    alone = match.rewrite is not None and not match.rewrite.whole
    # ReplacePrefixMatch is allowed only in a rule with exactly one match.
    return match.order, match.rewrite, match if alone else None


def _rules_for(matches: int) -> int:
    return -(-matches // MOST_MATCHES_OF_RULE)
