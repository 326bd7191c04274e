# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of very many routes, and the requests that ask for each of them once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    Target,
)

TEAM_HEADER = "x-team"
_FILE = "/v1.31.0/bin/linux/amd64/kubeadm"
_HEADERS = ("Host: artifacts.example.org", "User-Agent: curl/8.5.0", "Accept: */*")
_SEED = 0


@dataclass(frozen=True)
class Asked:
    """A request by GET.

    :ivar headers: whole lines, without their ends
    :ivar location: where it has to lead
    """

    target: str
    headers: tuple[str, ...]
    location: str

    def line(self) -> str:
        """As the load generator reads it."""
        return "\t".join((self.target, *self.headers, self.location))


def prefix_routes(count: int) -> list[Route]:
    """Routes by the first segment of the path, each to a host of its own."""
    return [
        Route(name, _target(name), Conditions(paths=(PathMatch(PathKind.PREFIX, f"/{name}"),)))
        for name in map(_name, range(count))
    ]


def header_routes(count: int) -> list[Route]:
    """Routes by the value of one header, each to a host of its own."""
    return [
        Route(name, _target(name), Conditions(headers=(HeaderMatch(TEAM_HEADER, (name,)),)))
        for name in map(_name, range(count))
    ]


def requests(routes: Sequence[Route]) -> list[Asked]:
    """One for each route, in an order that is not theirs, and the same one each time."""
    asked = [_asked(route) for route in routes]
    random.Random(_SEED).shuffle(asked)
    return asked


def _name(number: int) -> str:
    return f"project-{number:05}"


def _target(name: str) -> Target:
    return Target("https", f"{name}.example.org")


def _asked(route: Route) -> Asked:
    path = f"/{route.name}{_FILE}"
    teams = [value for header in route.conditions.headers for value in header.values]
    headers = (*_HEADERS, *(f"X-Team: {team}" for team in teams))
    return Asked(path, headers, f"{route.target}{path}")
