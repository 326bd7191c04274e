# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as a proxy looks for them: by path in a map where that is enough, one after the other where not.

The longest key of a map that fits a path has to be the first route that fits. It is, once each key is left
out that stands below one of an earlier route: further down the tree of paths, routes then only get earlier.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    EVERY_PATH,
    Conditions,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
)

WHOLE_PATH = -1


@dataclass(frozen=True)
class Rule:
    """What is done with a request.

    :ivar order: the lower one of two rules answers
    :ivar target: the Location up to the path
    :ivar cut: number of segments that are taken away from the path's beginning, or WHOLE_PATH
    """

    order: int
    route: str
    target: str
    code: int
    cut: int = 0


@dataclass(frozen=True)
class MapRule:
    """A rule for a path, exact or with all below it.

    :ivar path: without a slash at its end; "" of a prefix is every path
    :ivar host: the only host; empty for all
    """

    path: str
    is_exact: bool
    host: str
    rule: Rule


@dataclass(frozen=True)
class ConditionalRule:
    """A rule with conditions beyond a map's.

    :ivar conditions: those that do not always hold
    :ivar replacement: the path of the Location, with groups of the only path condition; empty for none
    :ivar is_guarded: whether a rule that was found before it can be the earlier one
    """

    rule: Rule
    conditions: Conditions
    replacement: str = ""
    is_guarded: bool = True


@dataclass(frozen=True)
class Program:
    """All rules of a router.

    :ivar maps: in no order that matters; of those that fit a path, exact ones first, the longest one wins,
        once for all hosts and once for the host of the request, and of these two the lower order
    :ivar conditionals: by rising order
    :ivar searches_paths: whether some route, also one without rules, has an expression for paths
    """

    maps: tuple[MapRule, ...]
    conditionals: tuple[ConditionalRule, ...]
    searches_paths: bool = False

    @property
    def rules(self) -> Iterator[Rule]:
        """Every rule once."""
        yield from dict.fromkeys([entry.rule for entry in self.maps])
        for entry in self.conditionals:
            yield entry.rule

    @property
    def answers_all(self) -> bool:
        """Whether every path has a rule."""
        return any(not (entry.host or entry.path or entry.is_exact) for entry in self.maps)


def program(routes: Iterable[Route], settings: RouterSettings) -> Program:
    """The rules of the routes, in their order."""
    found: list[MapRule] = []
    conditionals: list[ConditionalRule] = []
    order = 0
    searches_paths = False
    for route in routes:
        searches_paths = searches_paths or route.conditions.searches_path
        conditions = _that_matter(route.conditions, settings)
        if conditions is None:
            continue
        for paths in _path_groups(route):
            rule = Rule(order, route.name, str(route.target), route.code, _cut(route, paths))
            simple = (
                not (conditions.headers or conditions.source_ranges or conditions.methods)
                and paths[0].kind is not PathKind.REGEX
            )
            if simple:
                found.extend(_map_rules(rule, paths, conditions.hosts))
            else:
                own = () if EVERY_PATH in paths else paths
                conditionals.append(ConditionalRule(rule, replace(conditions, paths=own), route.replace_path))
            order += 1
    maps = _reachable(found)
    return Program(maps, _guarded(conditionals, maps), searches_paths)


def _that_matter(conditions: Conditions, settings: RouterSettings) -> Conditions | None:
    """Without conditions that always hold; None where one never does."""
    methods = tuple(method for method in settings.methods if method in conditions.methods)
    if conditions.methods and not methods:
        return None
    removed = () if settings.trusted_proxies else settings.client_headers
    if any(header.name in removed for header in conditions.headers):
        return None
    if set(methods) == set(settings.methods):
        methods = ()
    return replace(conditions, methods=methods)


def _path_groups(route: Route) -> Iterator[tuple[PathMatch, ...]]:
    """The path conditions that one rule can have together: of one sort, and treated alike."""
    paths = route.conditions.paths or (EVERY_PATH,)
    if route.strip_prefix:
        yield from ((path,) for path in paths)
        return
    plain = tuple(path for path in paths if path.kind is not PathKind.REGEX)
    regexes = tuple(path for path in paths if path.kind is PathKind.REGEX)
    for group in (plain, regexes):
        if group:
            yield group


def _cut(route: Route, paths: Sequence[PathMatch]) -> int:
    path = paths[0]
    if not route.strip_prefix or path == EVERY_PATH or path.kind is PathKind.REGEX:
        return 0
    return WHOLE_PATH if path.kind is PathKind.EXACT else path.value.count("/")


def _map_rules(rule: Rule, paths: Iterable[PathMatch], hosts: Sequence[str]) -> Iterator[MapRule]:
    for path in paths:
        is_exact = path.kind is PathKind.EXACT
        for host in hosts or ("",):
            yield MapRule(path.value if is_exact else path.value.rstrip("/"), is_exact, host, rule)


def _reachable(found: Iterable[MapRule]) -> tuple[MapRule, ...]:
    """Without those that can never be the first; ``found`` by rising order."""
    prefixes: dict[tuple[str, str], int] = {}
    exacts: set[tuple[str, str]] = set()
    kept: list[MapRule] = []
    for entry in found:
        hosts = {entry.host, ""}
        if any((host, above) in prefixes for host in hosts for above in _with_those_above(entry.path)):
            continue
        if entry.is_exact:
            if any((host, entry.path) in exacts for host in hosts):
                continue
            exacts.add((entry.host, entry.path))
        else:
            prefixes[entry.host, entry.path] = entry.rule.order
        kept.append(entry)
    return tuple(kept)


def _with_those_above(path: str) -> Iterator[str]:
    """The path and all prefixes of it by whole segments, down to ""."""
    yield path
    while path:
        path = path.rpartition("/")[0]
        yield path


def _guarded(conditionals: Iterable[ConditionalRule], maps: Sequence[MapRule]) -> tuple[ConditionalRule, ...]:
    """Without those behind a rule for everything; told which ones have to look at what was found before."""
    first = min((entry.rule.order for entry in maps), default=None)
    ends = [entry.rule.order for entry in maps if not (entry.host or entry.path or entry.is_exact)]
    kept: list[ConditionalRule] = []
    for entry in conditionals:
        order = entry.rule.order
        if ends and ends[0] < order:
            break
        is_guarded = bool(kept) or (first is not None and first < order)
        kept.append(replace(entry, is_guarded=is_guarded))
    return tuple(kept)
