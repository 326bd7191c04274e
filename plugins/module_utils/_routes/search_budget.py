# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the expressions of a whole list can keep the proxy busy with one request."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import (
    LONGEST_TEXT,
    MOST_STEPS,
    read_pattern,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import PathKind, Route

_MOST_NAMED = 3


def budget_fault(routes: Iterable[Route], before: Iterable[Route] = ()) -> str:
    """Why the expressions of the routes are too much for one request, naming the costliest; empty if not.

    :param before: the list that this one replaces; one that is no costlier is never too much
    """
    costs = {route.name: _cost(route) for route in routes}
    total = sum(costs.values())
    if total <= MOST_STEPS or total <= sum(map(_cost, before)):
        return ""
    costliest = sorted((name for name in costs if costs[name]), key=lambda name: -costs[name])
    named = ", ".join(f"{name} ({costs[name]:,})" for name in costliest[:_MOST_NAMED])
    return (
        f"the regular expressions of all routes together could take {total:,} steps for one request of"
        f" {LONGEST_TEXT} octets; at most {MOST_STEPS:,} are allowed, and the costliest routes are {named}."
        " Begin with ^ and repeat [^/] instead of . there"
    )


def _cost(route: Route) -> int:
    paths = [path.value for path in route.conditions.paths if path.kind is PathKind.REGEX]
    headers = [header.regex for header in route.conditions.headers if header.regex]
    return sum(read_pattern(text).steps for text in (*paths, *headers))
