# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of routes, where the first match answers, as matches for a Gateway, where the most specific does.

A Gateway prefers an exact path to a prefix, a longer prefix to a shorter one, a match with a method to one
without, one with more headers to one with fewer; only between equals it goes by order, and that only within
one HTTPRoute (Gateway API, HTTPRouteSpec, ``rules``). All matches made here have a method, so this never
decides.

The paths that the list names are places. A request is looked at in the most specific place it fits; if
nothing matches there, in the next. So each place gets, besides its own routes, those of wider places that
come before its own: then no place answers what belongs to an earlier route. What is left for headers to
turn round is reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product, takewhile

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    EVERY_PATH,
    PathKind,
    PathMatch,
    Route,
)

Headers = tuple[tuple[str, str], ...]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Rewrite:
    """What a redirect does to the path.

    :ivar whole: whether ``path`` stands for the whole path, or only for the prefix that matched
    """

    whole: bool
    path: str


@dataclass(frozen=True)
class Match:
    """One match of a rule.

    :ivar order: position of its route in the list
    :ivar place: EXACT or PREFIX
    :ivar headers: name in lower case and whole value, by name
    :ivar rewrite: None where the path stays as it is
    """

    order: int
    place: PathMatch
    method: str
    headers: Headers
    rewrite: Rewrite | None


@dataclass(frozen=True)
class Placement:
    """The matches of a list of routes.

    :ivar units: those of one unit must be in one HTTPRoute, in their order; units may be anywhere
    :ivar reversals: positions of two routes of which a Gateway would let the second answer first
    :ivar complete: false where there were more matches than allowed; the rest then means nothing
    """

    units: tuple[tuple[Match, ...], ...]
    reversals: tuple[tuple[int, int], ...]
    complete: bool


@dataclass(frozen=True)
class _Entry:
    """One path condition of a route; ``rank`` sorts the list."""

    rank: tuple[int, int]
    route: Route
    condition: PathMatch


def place_matches(
    routes: Sequence[tuple[int, Route]], methods: Sequence[str], most_matches: int
) -> Placement:
    """Make the matches.

    :param routes: with their positions, ascending; without regular expressions and address ranges, and with
        at most one condition for each header
    :param methods: of routes that name none
    """
    by_condition: dict[PathMatch, list[_Entry]] = defaultdict(list)
    last_own: dict[PathMatch, tuple[int, int]] = {}
    for order, route in routes:
        for position, condition in enumerate(route.conditions.paths or (EVERY_PATH,)):
            entry = _Entry((order, position), route, condition)
            by_condition[condition].append(entry)
            last_own[condition] = entry.rank
            if _needs_exact(entry):
                last_own[PathMatch(PathKind.EXACT, condition.value)] = entry.rank
    units: list[tuple[Match, ...]] = []
    reversals: dict[tuple[int, int], None] = {}
    left = most_matches
    for place, last in last_own.items():
        entries = _entries_before(by_condition, place, last)
        here: list[tuple[Match, ...]] = []
        for matches in _matches(entries, place, methods, left).values():
            left -= len(matches)
            if left < 0:
                return Placement((), (), complete=False)
            reversals.update(dict.fromkeys(_reversals(matches)))
            here += _units(matches)
        # All methods of a route side by side, so that they can share a rule.
        units += sorted(here, key=lambda unit: unit[0].order)
    return Placement(tuple(units), tuple(reversals), complete=True)


def _entries_before(
    by_condition: Mapping[PathMatch, Sequence[_Entry]], place: PathMatch, last: tuple[int, int]
) -> list[_Entry]:
    """The entries up to ``last`` that a request can match in this place, in the list's order."""
    found: list[_Entry] = []
    for condition in _wider(place):
        found += takewhile(lambda entry: entry.rank <= last, by_condition.get(condition, ()))
    return sorted(found, key=lambda entry: entry.rank)


def _wider(place: PathMatch) -> Iterator[PathMatch]:
    """The conditions that hold for every request of this place."""
    if place.kind is PathKind.EXACT:
        yield place
    yield EVERY_PATH
    path = place.value
    ends = [position for position in range(1, len(path)) if path[position] == "/"]
    for end in (*ends, len(path)):
        if not path[:end].endswith("/"):
            yield PathMatch(PathKind.PREFIX, path[:end])


def _location_path(entry: _Entry, path: str) -> str:
    """The path of the Location for a request of exactly this path."""
    prefix = entry.route.target.path_prefix
    if not entry.route.strip_prefix:
        return prefix + path
    if entry.condition == EVERY_PATH:
        return prefix + path
    return prefix + (path[len(entry.condition.value) :] or "/")


def _rewrite(entry: _Entry, place: PathMatch) -> Rewrite | None:
    """What makes the Location's path of this entry from the paths of this place."""
    if place.kind is PathKind.EXACT:
        path = _location_path(entry, place.value)
        return None if path == place.value else Rewrite(whole=True, path=path)
    before = place.value.rstrip("/")
    after = _location_path(entry, f"{before}/x").removesuffix("/x")
    return None if after == before else Rewrite(whole=False, path=after or "/")


def _needs_exact(entry: _Entry) -> bool:
    """Whether a redirect of the prefix gives another Location for the path that is the prefix and no more.

    Of ``/kops``, replaced by ``/a``, a Gateway makes ``/a``; the list says ``/a/``.
    """
    if entry.condition.kind is PathKind.EXACT:
        return False
    rewrite = _rewrite(entry, entry.condition)
    given = entry.condition.value if rewrite is None else rewrite.path
    return given != _location_path(entry, entry.condition.value)


def _matches(
    entries: Iterable[_Entry], place: PathMatch, methods: Sequence[str], most: int
) -> dict[str, list[Match]]:
    """The matches of a place by method, without those that an earlier one leaves nothing to.

    :param most: after one more than this there are no further ones
    """
    made: dict[str, list[Match]] = defaultdict(list)
    seen: dict[str, dict[Names, set[Headers]]] = defaultdict(lambda: defaultdict(set))
    count = 0
    for entry in entries:
        rewrite = _rewrite(entry, place)
        for method in entry.route.conditions.methods or methods:
            for headers in _alternatives(entry.route):
                if count > most:
                    return made
                if not _is_covered(headers, seen[method]):
                    count += 1
                    seen[method][_names(headers)].add(headers)
                    made[method].append(Match(entry.rank[0], place, method, headers, rewrite))
    return made


def _alternatives(route: Route) -> Iterator[Headers]:
    """The headers that a request may have to match, one value each."""
    conditions = sorted(route.conditions.headers, key=lambda header: header.name)
    return product(*([(header.name, value) for value in header.values] for header in conditions))


def _names(headers: Headers) -> Names:
    return tuple(name for name, _value in headers)


def _part(headers: Headers, names: Iterable[str]) -> Headers:
    wanted = frozenset(names)
    return tuple(pair for pair in headers if pair[0] in wanted)


def _is_covered(headers: Headers, seen: Mapping[Names, set[Headers]]) -> bool:
    """Whether each request with these headers matches one of those seen."""
    return any(_part(headers, names) in earlier for names, earlier in seen.items())


def _meetings(matches: Iterable[Match]) -> Iterator[tuple[list[Match], list[Match]]]:
    """Two lists, each in the list's order: a request can match every one of the first and of the second.

    Every two matches of different headers that a request can match at once are met, both ways round. Of the
    same headers there are none, since their values differ.
    """
    groups: dict[Names, list[Match]] = defaultdict(list)
    for match in matches:
        groups[_names(match.headers)].append(match)
    for names, some in groups.items():
        for other_names, others in groups.items():
            if names == other_names:
                continue
            shared = frozenset(names) & frozenset(other_names)
            first, second = _by_values(some, shared), _by_values(others, shared)
            for values in first.keys() & second.keys():
                yield first[values], second[values]


def _by_values(matches: Iterable[Match], names: Iterable[str]) -> dict[Headers, list[Match]]:
    found: dict[Headers, list[Match]] = defaultdict(list)
    for match in matches:
        found[_part(match.headers, names)].append(match)
    return found


def _reversals(matches: Sequence[Match]) -> list[tuple[int, int]]:
    """The earliest route and its own, for each match that meets an earlier one with fewer headers."""
    return sorted(
        (some[0].order, match.order)
        for some, others in _meetings(matches)
        for match in others
        if some[0].order < match.order and len(some[0].headers) < len(match.headers)
    )


def _units(matches: Sequence[Match]) -> list[tuple[Match, ...]]:
    """The matches of one place and method, those together that only their order decides between."""
    if len(matches) == 1:
        return [tuple(matches)]
    leader = {match: match for match in matches}

    def leader_of(match: Match) -> Match:
        while leader[match] != match:
            leader[match] = leader[leader[match]]
            match = leader[match]
        return match

    for some, others in _meetings(matches):
        if len(some[0].headers) == len(others[0].headers):
            for match in (*some, *others):
                leader[leader_of(match)] = leader_of(some[0])
    units: dict[Match, list[Match]] = defaultdict(list)
    for match in matches:
        units[leader_of(match)].append(match)
    return [tuple(unit) for unit in units.values()]
