# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole list of routes, however it is written, and what is to be said about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.backends import read_backends
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.reachability import (
    Unreachable,
    find_unreachable,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_routes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.search_budget import (
    budget_fault,
)


@dataclass(frozen=True)
class Declaration:
    """Routes that may be rolled out if there are no faults.

    :ivar faults: one sentence each, with the place in the user's list
    :ivar warnings: one sentence each
    """

    routes: tuple[Route, ...]
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def declare_routes(raw: object, settings: RouterSettings, *, allow_unreachable: bool) -> Declaration:
    """Read a list of routes; never raises."""
    routes, faults = read_routes(raw, settings)
    return _declaration(routes, faults, (), settings, allow_unreachable=allow_unreachable)


def declare_backends(
    raw: object, settings: RouterSettings, *, legacy_match: str, allow_unreachable: bool
) -> Declaration:
    """Read a map of backends, as an artifactserver's file has it; never raises.

    :param legacy_match: ``all`` or ``any``
    """
    routes, faults, warnings = read_backends(raw, settings, match=legacy_match)
    return _declaration(routes, faults, warnings, settings, allow_unreachable=allow_unreachable)


def judge_change(
    routes: Sequence[Route],
    before: Sequence[Route],
    settings: RouterSettings,
    *,
    allow_unreachable: bool,
) -> Declaration:
    """Judge a list after a change of one route; what could not be reached before is only warned of."""
    # Such a list could be stored, and not be read again.
    early = [
        f"the route {route.name} has no conditions and is not the last one; only the last one may have none"
        for route in routes[:-1]
        if route.is_default
    ]
    if early:
        return Declaration(tuple(routes), tuple(early))
    known = frozenset(find_unreachable(before, settings))
    return _judged(routes, (), (), settings, allow_unreachable=allow_unreachable, known=known, before=before)


def _declaration(
    routes: Sequence[Route],
    faults: Sequence[Fault],
    warnings: Sequence[str],
    settings: RouterSettings,
    *,
    allow_unreachable: bool,
) -> Declaration:
    told = tuple(map(str, faults))
    return _judged(routes, told, warnings, settings, allow_unreachable=allow_unreachable, known=frozenset())


def _judged(
    routes: Sequence[Route],
    faults: Sequence[str],
    warnings: Sequence[str],
    settings: RouterSettings,
    *,
    allow_unreachable: bool,
    known: Collection[Unreachable],
    before: Sequence[Route] = (),
) -> Declaration:
    legacy = frozenset(route.name for route in routes if route.legacy)
    unreachable = find_unreachable(routes, settings)
    # A path too many in a route that answers by others takes nothing from anybody.
    tolerated = [
        one for one in unreachable if allow_unreachable or one.path or one in known or one.route in legacy
    ]
    refused = [one for one in unreachable if one not in tolerated]
    costly = budget_fault(routes, before)
    return Declaration(
        tuple(routes),
        (
            *faults,
            *((costly,) if costly else ()),
            *(f"{one}; allow_unreachable lets it pass" for one in refused),
        ),
        (*warnings, *map(str, tolerated)),
    )
