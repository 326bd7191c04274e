# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why routes cannot be said as HTTPRoutes, as far as one route or the settings show it.

Rules and limits: Gateway API ``apis/v1/httproute_types.go``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    shown,
    text_of,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute_packing import (
    MOST_MATCHES,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    HeaderMatch,
    PathKind,
    Route,
    RouterSettings,
)

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")
CORE_CODES = (301, 302)
MOST_HEADERS = 16
MOST_PARENTS = 32

_PARENT_KEYS = ("name", "namespace", "sectionName")
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)


def parent_faults(parents: object) -> Iterator[Fault]:
    """What is wrong with the Gateways that are named."""
    if not isinstance(parents, (list, tuple)) or not 1 <= len(parents) <= MOST_PARENTS:
        message = f"{shown(parents)} is not a list of 1 to {MOST_PARENTS} Gateways"
        if isinstance(parents, (list, tuple)):
            message = f"{len(parents)} Gateways are named; allowed are 1 to {MOST_PARENTS}"
        yield Fault("parents", message)
        return
    for index, parent in enumerate(parents):
        where = f"parents[{index}]"
        if not isinstance(parent, Mapping):
            yield Fault(where, f"{shown(parent)} is not a mapping with the keys {', '.join(_PARENT_KEYS)}")
            continue
        faults = unknown_keys(parent, _PARENT_KEYS, where)
        for key, value in parent.items():
            if key in _PARENT_KEYS and value is not None:
                text_of(value, f"{where}.{key}", faults)
        if not parent.get("name"):
            faults.append(Fault(where, "the name of the Gateway is missing"))
        yield from faults


def settings_faults(routes: Sequence[Route], settings: RouterSettings) -> Iterator[Fault]:
    """What in the settings an HTTPRoute cannot do."""
    if settings.oci:
        yield Fault("settings.oci", "a Gateway cannot answer /v2/ itself; it only redirects")
    if settings.route_header:
        yield Fault("settings.route_header", "a redirect of a Gateway cannot have a header of ours")
    used = dict.fromkeys(
        method for route in routes for method in route.conditions.methods or settings.methods
    )
    for method in used:
        if method not in METHODS:
            yield Fault(
                "settings.methods", f"a Gateway does not know {shown(method)}; allowed: {', '.join(METHODS)}"
            )


def target_faults(order: int, route: Route, *, extended_codes: bool) -> Iterator[Fault]:
    """What in the route's answer a redirect of a Gateway cannot be."""
    where = _where(order, route)
    if route.code not in CORE_CODES and not extended_codes:
        yield Fault(
            f"{where}.code",
            f"each Gateway knows 301 and 302; {route.code} has to be allowed by extended_codes=true",
        )
    if _is_address(split_authority(route.target.host)[0]):
        yield Fault(where, f"{route.target.host} is an IP address; a redirect of a Gateway needs a name")


def condition_faults(order: int, route: Route, settings: RouterSettings) -> Iterator[Fault]:
    """What in the route's conditions a match of a Gateway cannot be."""
    where = f"{_where(order, route)}.conditions"
    for index, path in enumerate(route.conditions.paths):
        if path.kind is PathKind.REGEX:
            message = "regular expressions mean something else on each Gateway"
            yield Fault(f"{where}.paths[{index}]", message)
        elif _ENCODED_SLASH.search(path.value):
            yield Fault(f"{where}.paths[{index}]", "a Gateway allows no %2F in a path")
    for index, host in enumerate(route.conditions.hosts):
        if _is_address(host):
            yield Fault(f"{where}.hosts[{index}]", f"{host} is an IP address; an HTTPRoute has only names")
    if route.conditions.source_ranges:
        yield Fault(f"{where}.source_ranges", "an HTTPRoute knows nothing about the client's address")
    yield from _header_faults(f"{where}.headers", route.conditions.headers, settings)
    combinations = math.prod(len(header.values) or 1 for header in route.conditions.headers)
    if combinations * len(route.conditions.methods or settings.methods) > MOST_MATCHES:
        yield Fault(
            f"{where}.headers",
            f"each of {combinations} combinations of values is a match for each method; allowed are "
            f"{MOST_MATCHES} matches",
        )


def _header_faults(where: str, headers: Sequence[HeaderMatch], settings: RouterSettings) -> Iterator[Fault]:
    if len(headers) > MOST_HEADERS:
        yield Fault(where, f"there are {len(headers)} headers; a match may have {MOST_HEADERS}")
    for name, times in Counter(header.name for header in headers).items():
        if times > 1:
            yield Fault(f"{where}.{name}", "there is more than one condition on it; a match may have one")
    for header in headers:
        place = f"{where}.{header.name}"
        if header.regex:
            yield Fault(place, "regular expressions mean something else on each Gateway")
        if header.name not in settings.client_headers:
            continue
        if settings.trusted_proxies:
            message = (
                "the router believes it of trusted_proxies only; a Gateway would believe it of everybody"
            )
        else:
            message = (
                "the router takes it away, since no proxy is trusted; a Gateway would believe it of everybody"
            )
        yield Fault(place, message)


def split_authority(authority: str) -> tuple[str, int | None]:
    """The host and the port of a Target; None where it has none."""
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return authority, None
    return host, int(port)


def _where(order: int, route: Route) -> str:
    return f"routes[{order}] ({route.name})"


def _is_address(host: str) -> bool:
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
