# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes, and paths of routes, that no request can reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPV6LENGTH
from typing import TypeAlias

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import version_6
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.guards import (
    HEALTH_PATH,
    oci_answer,
    path_fault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.implication import (
    can_meet,
    headers_imply,
    methods_imply,
    ranges_imply,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import (
    path_holds,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import read_pattern
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    EVERY_PATH,
    Conditions,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
)

# Routes with the same path, host and one header or range are compared one by one, with as many at most. A
# route whose other conditions are equal is found among any number.
_MOST_COMPARED = 30
_EVERY_HOST = ""

_Anchor: TypeAlias = "tuple[str, str] | tuple[int, int] | Conditions | None"


@dataclass(frozen=True)
class Unreachable:
    """A route that never answers, or one of its paths that never is the one.

    :ivar by: the route that takes its requests; the first one where several do, itself where one of its own
        paths does, and empty where none does
    :ivar path: such as ``paths[2]``; empty where it is the whole route
    """

    route: str
    by: str
    reason: str
    path: str = ""

    def __str__(self) -> str:
        place = f"{self.path} of the route {self.route}" if self.path else f"the route {self.route}"
        return f"{place} can never answer: {self.reason}"


@dataclass(frozen=True)
class _Block:
    """Why a path cannot be reached.

    :ivar by: route that takes its requests, or empty
    """

    by: str
    reason: str


@dataclass
class _Index:
    """The routes that were seen, by what a route they take everything from needs to have."""

    methods: Collection[str]
    routes: dict[tuple[PathKind, str, str], dict[_Anchor, list[Route]]] = field(default_factory=dict)
    expressions: dict[str, PathMatch] = field(default_factory=dict)
    lengths: set[int] = field(default_factory=set)
    # By path and host: the first route for each method among those with no other conditions.
    takers: dict[tuple[PathKind, str, str], dict[str, str]] = field(default_factory=dict)

    def add(self, route: Route, path: PathMatch) -> None:
        if path.kind is PathKind.REGEX:
            self.expressions.setdefault(path.value, path)
        elif path.kind is PathKind.PREFIX:
            self.lengths.add(len(path.value))
        for host in route.conditions.hosts or (_EVERY_HOST,):
            key = path.kind, path.value, host
            bucket = self.routes.setdefault(key, {})
            for anchor in _anchors(route.conditions):
                bucket.setdefault(anchor, []).append(route)
            if not (route.conditions.headers or route.conditions.source_ranges):
                for method in route.conditions.methods:
                    self.takers.setdefault(key, {}).setdefault(method, route.name)

    def owners(self, route: Route, path: PathMatch, host: str) -> tuple[str, ...]:
        """Names of the routes that take all requests with this path and host from the route; or empty."""
        methods: dict[str, str] = {}
        for kind, value in self._wider(path):
            for known_host in dict.fromkeys((host, _EVERY_HOST)):
                key = kind, value, known_host
                bucket = self.routes.get(key)
                found = bucket and self._first(route, bucket)
                if found:
                    return (found,)
                methods = {**self.takers.get(key, {}), **methods}
        wanted = [each for each in self.methods if each in (route.conditions.methods or self.methods)]
        names = dict.fromkeys(methods.get(method, "") for method in wanted)
        return () if "" in names else tuple(names)

    def _wider(self, path: PathMatch) -> Iterator[tuple[PathKind, str]]:
        yield path.kind, path.value
        if path.kind is PathKind.REGEX:
            yield EVERY_PATH.kind, EVERY_PATH.value
            return
        for length in _prefix_lengths(path.value):
            if length in self.lengths:
                yield PathKind.PREFIX, path.value[:length]
        if path.kind is PathKind.EXACT:
            for expression in self.expressions.values():
                if path_holds(expression, path.value):
                    yield PathKind.REGEX, expression.value

    def _first(self, route: Route, bucket: dict[_Anchor, list[Route]]) -> str:
        for anchor in _anchors_of_wider(route.conditions):
            for wide in bucket.get(anchor, ())[:_MOST_COMPARED]:
                if self._takes_all(wide.conditions, route.conditions):
                    return wide.name
        return ""

    def _takes_all(self, wide: Conditions, narrow: Conditions) -> bool:
        return (
            methods_imply(narrow, wide, self.methods)
            and headers_imply(narrow, wide)
            and ranges_imply(narrow, wide)
        )


def find_unreachable(routes: Sequence[Route], settings: RouterSettings) -> list[Unreachable]:
    """Routes and paths that never are the answer, in order.

    What is told is certain. All are found among routes that have only exact paths and prefixes as conditions.
    Elsewhere a route is found where for each of its paths and hosts there is one earlier route whose
    other conditions are the same or wider, or where routes with methods only take them together; what several
    ranges, headers or expressions take only together is not found.
    """
    index = _Index(settings.methods)
    found: list[Unreachable] = []
    for route in routes:
        reason = _never(route.conditions, settings)
        if reason:
            found.append(Unreachable(route.name, "", reason))
            continue
        found.extend(_judge(route, index, settings))
    return found


def find_overlaps(routes: Sequence[Route]) -> list[tuple[str, str]]:
    """Names of each two routes that can both match one request, the earlier one first.

    The default is left out, since it can with every route. Two expressions are taken to overlap. Each pair is
    looked at: a thousand routes take seconds.
    """
    conditional = [route for route in routes if not route.is_default]
    return [
        (one.name, other.name)
        for place, one in enumerate(conditional)
        for other in conditional[place + 1 :]
        if can_meet(one.conditions, other.conditions)
    ]


def _judge(route: Route, index: _Index, settings: RouterSettings) -> list[Unreachable]:
    paths = route.conditions.paths or (EVERY_PATH,)
    blocks: dict[int, _Block] = {}
    for place, path in enumerate(paths):
        block = _block(route, path, index, settings)
        if block is None:
            index.add(route, path)
        else:
            blocks[place] = block
    if len(blocks) == len(paths):
        by = next((block.by for block in blocks.values() if block.by), "")
        reasons = dict.fromkeys(block.reason for block in blocks.values())
        return [Unreachable(route.name, by, "; ".join(reasons))]
    return [
        Unreachable(route.name, block.by, block.reason, f"paths[{place}]") for place, block in blocks.items()
    ]


def _block(route: Route, path: PathMatch, index: _Index, settings: RouterSettings) -> _Block | None:
    if path.kind is not PathKind.REGEX:
        reason = path_fault(path.value)
        if reason:
            return _Block("", f"{reason} and is refused")
    if path.kind is PathKind.EXACT:
        own = settings.oci and oci_answer(path.value) is not None
        if own or path.value == HEALTH_PATH:
            return _Block("", f"the router itself answers {path.value}")
    elif path.kind is PathKind.REGEX and not read_pattern(path.value).fits_paths:
        return _Block("", f"{path.value} is in no path, since each begins with a slash")
    owners = [
        index.owners(route, path, host) for host in dict.fromkeys(route.conditions.hosts or (_EVERY_HOST,))
    ]
    if not all(owners):
        return None
    names = list(dict.fromkeys(name for found in owners for name in found))
    if names == [route.name]:
        return _Block(route.name, f"another path of the same route takes {path.value} already")
    takers = f"the route {names[0]} takes" if len(names) == 1 else f"the routes {', '.join(names)} take"
    return _Block(names[0], f"{takers} all its requests before")


def _never(conditions: Conditions, settings: RouterSettings) -> str:
    """Why no request at all fulfils the conditions; empty if one may."""
    if conditions.methods and set(conditions.methods).isdisjoint(settings.methods):
        return f"the router answers {', '.join(settings.methods)} only"
    if not settings.trusted_proxies:
        for header in conditions.headers:
            if header.name in settings.client_headers:
                return f"no trusted_proxies are set, so the header {header.name} is removed from each request"
    return ""


def _prefix_lengths(path: str) -> Iterator[int]:
    """How long the values of the prefix conditions are that hold for the path."""
    yield len(EVERY_PATH.value)
    end = path.find("/", 1)
    while end != -1:
        yield end
        end = path.find("/", end + 1)
    yield len(path)


def _anchors(conditions: Conditions) -> list[_Anchor]:
    """What a narrower route finds this one by: all its conditions, and each entry of one of them."""
    if conditions.headers:
        header = conditions.headers[0]
        return [_other_conditions(conditions), *((header.name, value) for value in header.values or ("",))]
    if conditions.source_ranges:
        ranges = conditions.source_ranges
        return [
            _other_conditions(conditions),
            *(_range_key(*version_6(network)) for network in ranges),
        ]
    return [None]


def _anchors_of_wider(conditions: Conditions) -> Iterator[_Anchor]:
    """The keys under which every route stands that could take all requests of this one."""
    yield None
    if conditions.headers or conditions.source_ranges:
        yield _other_conditions(conditions)
    for header in conditions.headers:
        # An expression, which may be the same one or hold for the values, stands under an empty value.
        yield header.name, ""
        if header.values:
            yield header.name, header.values[0]
    for network in conditions.source_ranges[:1]:
        first, longest = version_6(network)
        for length in range(longest + 1):
            yield _range_key(first, length)


def _other_conditions(conditions: Conditions) -> Conditions:
    return replace(conditions, paths=(), hosts=())


def _range_key(first: int, length: int) -> tuple[int, int]:
    return length, first >> (IPV6LENGTH - length)
