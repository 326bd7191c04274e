# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request, and what of it the routes are compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import (
    LOOPBACK,
    Address,
    client_of,
    is_within,
    plain,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings

HOST = "host"
_BLANKS = " \t"
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<authority>[^/]*)(?P<path>/.*)?", re.DOTALL)
_UPPER_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True)
class Request:
    """A request as it is sent, octets standing as characters of Latin-1.

    :ivar target: path and query, nothing decoded; also the absolute form with scheme and authority
    :ivar headers: names and values, in order; the host is one of them
    :ivar source: of the peer, which may be a proxy
    """

    method: str = "GET"
    target: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    source: Address = LOOPBACK


@dataclass(frozen=True)
class ReceivedRequest:
    """What the routes are compared with.

    :ivar path: as sent; empty where the target has none
    :ivar query: with its question mark, which may be all of it; or empty
    :ivar host: in lower case, without port; empty where the request names none
    :ivar headers: the first line of each header, by its name in lower case
    :ivar removed: names of headers that the peer is not trusted to send
    """

    method: str
    path: str
    query: str
    host: str
    headers: Mapping[str, str]
    removed: frozenset[str]
    peer: Address
    client: Address


def receive(request: Request, settings: RouterSettings) -> ReceivedRequest:
    """Take the request apart; what is malformed in it stays as it is."""
    lines: dict[str, list[str]] = {}
    for name, value in request.headers:
        lines.setdefault(lower(name), []).append(value.strip(_BLANKS))
    client = client_of(
        request.source, lines.get(settings.client_address_header, ()), settings.trusted_proxies
    )
    removed = frozenset[str]()
    if not is_within(request.source, settings.trusted_proxies):
        removed = frozenset(lines).intersection(settings.client_headers)
    path, query = split_target(request.target)
    return ReceivedRequest(
        method=request.method,
        path=path,
        query=query,
        host=host_of(lines.get(HOST, [""])[0]),
        headers={name: values[0] for name, values in lines.items() if name not in removed},
        removed=removed,
        peer=plain(request.source),
        client=client,
    )


def split_target(target: str) -> tuple[str, str]:
    """Path and query of a request target; the path is empty where there is none (``*``, ``http://host``)."""
    absolute = _ABSOLUTE.fullmatch(target)
    rest = (absolute["path"] or "") if absolute else target
    path, mark, query = rest.partition("?")
    return (path, mark + query) if path.startswith("/") else ("", "")


def authority_of(target: str) -> str:
    """The host and port that the target itself names, without the user; empty for a path or ``*``.

    Without a scheme, and without a slash at its beginning, it begins with the authority.
    """
    if target.startswith(("/", "*")):
        return ""
    absolute = _ABSOLUTE.fullmatch(target)
    authority = absolute["authority"] if absolute else target.partition("/")[0]
    return authority.rpartition("@")[2]


def host_of(line: str) -> str:
    """The name or address in a Host header, in lower case and without the port."""
    host, colon, port = line.rpartition(":")
    return lower(host if colon and "]" not in port else line)


def lower(text: str) -> str:
    """ASCII letters in lower case; str.lower() would change octets beyond ASCII, too."""
    return text.translate(_UPPER_TO_LOWER)
