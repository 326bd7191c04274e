# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A route: when it answers, and where it sends the client.

The first route of a list whose conditions all hold is the one that answers.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

Network: TypeAlias = "IPv4Network | IPv6Network"

CODES = (301, 302, 303, 307, 308)
DEFAULT_CODE = 302


class PathKind(enum.Enum):
    """How a path is compared."""

    EXACT = "exact"
    PREFIX = "prefix"
    REGEX = "regex"


@dataclass(frozen=True)
class PathMatch:
    """A condition on the path of a request, compared octet by octet as the client sent it (not decoded).

    :ivar value: of PREFIX, whole segments: begins with a slash and does not end with one, but is "/" for
        every path; of REGEX, what has to be found somewhere in the path
    """

    kind: PathKind
    value: str


EVERY_PATH = PathMatch(PathKind.PREFIX, "/")


@dataclass(frozen=True)
class HeaderMatch:
    """A condition on the first line of a header.

    :ivar name: in lower case
    :ivar values: one of these is the whole line, octet by octet
    :ivar regex: what has to be found in the line instead; empty where ``values`` are given
    """

    name: str
    values: tuple[str, ...] = ()
    regex: str = ""


@dataclass(frozen=True)
class Conditions:
    """What a request must be like: each field that is not empty must hold, by one of its entries.

    :ivar hosts: names in lower case, or addresses, without a port
    :ivar methods: in upper case
    :ivar source_ranges: one of which the client's address is in
    """

    paths: tuple[PathMatch, ...] = ()
    hosts: tuple[str, ...] = ()
    headers: tuple[HeaderMatch, ...] = ()
    source_ranges: tuple[IPv4Network | IPv6Network, ...] = ()
    methods: tuple[str, ...] = ()

    @property
    def searches_path(self) -> bool:
        """Whether one of the paths is an expression."""
        return any(path.kind is PathKind.REGEX for path in self.paths)


@dataclass(frozen=True)
class Target:
    """Where a route sends the client.

    :ivar scheme: http or https
    :ivar host: a name or an address (IPv6 in brackets), with a port where that is not the scheme's own
    :ivar path_prefix: put before the path; begins with a slash and does not end with one, or is empty
    """

    scheme: str
    host: str
    path_prefix: str = ""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path_prefix}"


@dataclass(frozen=True)
class Route:
    r"""One rule of the router.

    :ivar strip_prefix: whether the path condition that matched is taken away from the path first; what is
        left begins with a slash
    :ivar replace_path: the whole path of the Location after the target's prefix, in which \1 to \9 stand
        for the groups of the route's only path condition, a REGEX; empty: the path of the request
    :ivar legacy: read from an old ``backends`` map, whose ambiguities are warnings
    """

    name: str
    target: Target
    conditions: Conditions = field(default_factory=Conditions)
    code: int = DEFAULT_CODE
    strip_prefix: bool = False
    replace_path: str = ""
    legacy: bool = False

    @property
    def is_default(self) -> bool:
        """Whether it answers every request that comes to it."""
        return self.conditions == Conditions()


@dataclass(frozen=True)
class RouterSettings:
    """What holds for all routes of a router.

    :ivar methods: in upper case; others get 405
    :ivar trusted_proxies: whose word about the client is taken
    :ivar client_address_header: in lower case; where trusted proxies tell the client's address
    :ivar client_headers: in lower case; removed from a request that does not come from a trusted proxy
    :ivar oci: whether /v2/ is answered with 200 and the catalog with 404, for clients of registries
    :ivar route_header: name of a response header that tells the route; empty for none
    """

    methods: tuple[str, ...] = ("GET", "HEAD")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    client_address_header: str = "x-forwarded-for"
    client_headers: tuple[str, ...] = (
        "cf-connecting-ip",
        "forwarded",
        "true-client-ip",
        "x-client-ip",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-real-ip",
    )
    oci: bool = False
    route_header: str = ""
