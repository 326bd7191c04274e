# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Link header (RFC 8288) and the pages that it leads through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .errors import SyntaxFault

_TARGET = re.compile(r"[ \t,]*<([^<>]*)>")
_PARAMETER = re.compile(
    r'[ \t]*;[ \t]*(?:([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?',
    re.DOTALL,
)
_REST = re.compile(r"[ \t,]*\Z")
_END = re.compile(r"[ \t]*(?:,|\Z)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Link:
    """Where it leads, as it was sent, and the relations it has to this page, in lower case."""

    target: str
    relations: frozenset[str] = field(default_factory=frozenset)


def parse_links(header: str) -> tuple[Link, ...]:
    """Reads one Link value, which may hold several links.

    Raises SyntaxFault where it does not follow the grammar.
    """
    links: list[Link] = []
    position = 0
    while not _REST.match(header, position):
        link, position = _read_link(header, position)
        links.append(link)
    return tuple(links)


def next_target(headers: Iterable[str]) -> str | None:
    """Where the next page is, None where there is none. Raises SyntaxFault."""
    for header in headers:
        for link in parse_links(header):
            if "next" in link.relations:
                return link.target
    return None


def _read_link(header: str, position: int) -> tuple[Link, int]:
    target = _TARGET.match(header, position)
    if target is None:
        raise SyntaxFault("Link: expected a target between angle brackets")
    position = target.end()
    relations: str | None = None
    while (parameter := _PARAMETER.match(header, position)) is not None:
        position = parameter.end()
        name, quoted, plain = parameter.groups()
        if name is not None and name.lower() == "rel" and relations is None:
            relations = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain or ""
    end = _END.match(header, position)
    if end is None:
        raise SyntaxFault("Link: expected a comma or the end after a link")
    return Link(target[1].strip(), frozenset((relations or "").lower().split())), end.end()
