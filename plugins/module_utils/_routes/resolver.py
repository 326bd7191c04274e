# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which route answers a request, and what the client is told.

A literal walk of the list: what the proxy does with maps and variables is tested against this.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.guards import (
    length_fault,
    own_answer,
    path_fault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import (
    failing_field,
    matched_path,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.miss import miss_reason
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import read_pattern
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import (
    ReceivedRequest,
    Request,
    receive,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    EVERY_PATH,
    PathKind,
    Route,
    RouterSettings,
)

__all__ = ["Answer", "Miss", "Request", "location_of", "resolve"]

_ALLOW = "Allow"


@dataclass(frozen=True)
class Miss:
    """A route before the one that answers.

    :ivar reason: the first of its conditions that does not hold, in one sentence without an end
    """

    route: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """What the client gets.

    :ivar location: empty but for a redirect
    :ivar route: name of the route that answers; empty where none does
    :ivar headers: names and values of the response that mean something here, without Location
    :ivar client: the client's address, as the routes are compared with it
    :ivar misses: the routes that were asked before, in order
    :ivar reason: why no route answered, in one sentence without an end; empty where one did
    """

    code: int
    location: str = ""
    route: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    client: str = ""
    misses: tuple[Miss, ...] = ()
    reason: str = ""

    @property
    def allow(self) -> str:
        """The methods that would be answered, as in the header of a 405; else empty."""
        return next((value for name, value in self.headers if name == _ALLOW), "")


def resolve(
    request: Request, routes: Iterable[Route], settings: RouterSettings, *, explain: bool = True
) -> Answer:
    """The answer of a router with these routes.

    :param explain: whether ``misses`` are wanted; the sentences take longer than the walk
    """
    received = receive(request, settings)
    client = str(received.client)
    routes = tuple(routes)
    own = own_answer(request, received, settings, routes)
    if own is not None:
        return Answer(own.code, headers=own.headers, client=client, reason=own.reason)
    misses: list[Miss] = []
    for route in routes:
        failed = failing_field(route.conditions, received)
        if failed is None:
            return _answer_of(route, received, settings, tuple(misses))
        if explain:
            misses.append(Miss(route.name, miss_reason(failed, route.conditions, received)))
    return Answer(404, client=client, misses=tuple(misses), reason="no route answers this request")


def _answer_of(
    route: Route, received: ReceivedRequest, settings: RouterSettings, misses: tuple[Miss, ...]
) -> Answer:
    client = str(received.client)
    # What a client wrote into a group may have become a dot segment.
    new_path = _new_path(route, received.path)
    fault = (path_fault(new_path) or length_fault(new_path)) if route.replace_path else ""
    if fault:
        return Answer(400, client=client, misses=misses, reason=f"route {route.name}: {fault}")
    return Answer(
        code=route.code,
        location=location_of(route, received),
        route=route.name,
        headers=((settings.route_header, route.name),) if settings.route_header else (),
        client=client,
        misses=misses,
    )


def location_of(route: Route, received: ReceivedRequest) -> str:
    """Where a route sends a request for which its conditions hold."""
    return f"{route.target}{_new_path(route, received.path)}{received.query}"


def _new_path(route: Route, path: str) -> str:
    condition = matched_path(route.conditions, path)
    if condition is None:
        return path
    if route.replace_path:
        expanded = read_pattern(condition.value).expand(path, route.replace_path)
        return path if expanded is None else expanded
    if route.strip_prefix and condition.kind is not PathKind.REGEX and condition != EVERY_PATH:
        return path.removeprefix(condition.value) or "/"
    return path
