# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One route put into a list, or taken out of it."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Route

_MOST_NAMED = 20


class RoutePlaceError(ArtifactsError):
    """The place for a route that was asked for does not exist."""


def put(routes: Sequence[Route], route: Route, before: str = "", after: str = "") -> list[Route]:
    """The list with the route in it, in place of the one of its name.

    :param before: name of the route directly before which it goes
    :param after: name of the route directly after which it goes

    Without either, a route that was there keeps its place, and another one goes to the end, but before the
    default. The default itself goes to the end.

    :raises RoutePlaceError: both are given, one is not there, or it is the route itself
    """
    others = remove(routes, route.name)
    if before or after:
        place = _place(others, route, before, after)
    elif route.is_default:
        place = len(others)
    else:
        names = [known.name for known in routes]
        place = names.index(route.name) if route.name in names else _end(others)
    return [*others[:place], route, *others[place:]]


def remove(routes: Sequence[Route], name: str) -> list[Route]:
    """The list without the route of that name; the same list where there is none."""
    return [route for route in routes if route.name != name]


def _place(others: Sequence[Route], route: Route, before: str, after: str) -> int:
    if before and after:
        raise RoutePlaceError("a route is put either before or after another one, not both")
    wanted = before or after
    if wanted == route.name:
        raise RoutePlaceError(f"the route {wanted} cannot be put before or after itself")
    names = [known.name for known in others]
    if wanted not in names:
        raise RoutePlaceError(f"there is no route {shown(wanted)}; {_told(names)}")
    return names.index(wanted) + (1 if after else 0)


def _end(routes: Sequence[Route]) -> int:
    return next((place for place, route in enumerate(routes) if route.is_default), len(routes))


def _told(names: Sequence[str]) -> str:
    if not names:
        return "there is no other route"
    more = len(names) - _MOST_NAMED
    return f"there are: {', '.join(names[:_MOST_NAMED])}{f' and {more} more' if more > 0 else ''}"
