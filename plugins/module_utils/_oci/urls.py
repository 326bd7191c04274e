# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Absolute http and https URLs, and the Location header resolved against them.

Sources: RFC 3986 section 5 (resolution), RFC 9110 section 10.2.2 (Location), OCI distribution-spec 1.1
("Pushing blobs": Location may be relative or absolute and may carry a query that must be kept).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from .errors import SyntaxFault

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\Z")
# Half a surrogate pair comes from JSON, or from an argument that is not UTF-8, and can be sent to nobody.
_NOT_ALLOWED = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_KEPT_IN_TARGET = "!#$%&'()*+,/:;=?@[]~-._"
_LONGEST_URL = 16384


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (lower case, IPv6 without brackets) and port: what RFC 6454 calls an origin."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them: the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Url:
    """An origin and a request target: the path, with a leading slash, and the query if there is one."""

    origin: Origin
    target: str

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"

    @property
    def without_query(self) -> str:
        """The URL as messages show it: a query may hold signatures and upload state."""
        return f"{self.origin}{self.target.partition('?')[0]}"

    def with_parameter(self, name: str, value: str) -> Url:
        """This URL with one more query parameter; what the query held already is kept untouched."""
        separator = "&" if "?" in self.target else "?"
        return Url(self.origin, f"{self.target}{separator}{quote(name, safe='')}={quote(value, safe='')}")


def is_ip_address(host: str) -> bool:
    """Whether this is an IPv4 or IPv6 address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse_url(text: str) -> Url:
    """Reads an absolute http or https URL; a fragment is dropped.

    Raises SyntaxFault; its text never repeats the URL, which could hold a password.
    """
    if len(text) > _LONGEST_URL:
        raise SyntaxFault("the URL is too long")
    if _NOT_ALLOWED.search(text):
        raise SyntaxFault("the URL holds blanks, control characters or what is no Unicode text")
    parts, port = _split(text)
    if parts.scheme not in _DEFAULT_PORTS:
        raise SyntaxFault("the URL must begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise SyntaxFault("the URL must not hold a user name or password")
    host = (parts.hostname or "").lower()
    _require_host(host)
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    return Url(
        Origin(parts.scheme, host, _DEFAULT_PORTS[parts.scheme] if port is None else port),
        quote(target, safe=_KEPT_IN_TARGET),
    )


def resolve_location(request: Url, location: str) -> Url:
    """Resolves a Location (or Link) value against the URL that was asked.

    Raises SyntaxFault.
    """
    if len(location) > _LONGEST_URL:
        raise SyntaxFault("the URL is too long")
    try:
        joined = urljoin(str(request), location.strip())
    except ValueError as error:
        raise SyntaxFault("the URL is malformed") from error
    return parse_url(joined)


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise SyntaxFault("the URL is malformed: host or port cannot be read") from error
    if port == 0:
        raise SyntaxFault("port 0 cannot be connected to")
    return parts, port


def _require_host(host: str) -> None:
    if ":" in host:
        valid = is_ip_address(host)
    else:
        labels = host.removesuffix(".").split(".")
        valid = len(host) <= 253 and all(_HOST_LABEL.match(label) for label in labels)
    if not valid:
        raise SyntaxFault(
            "the URL has no valid host (a name, an IPv4 address, or an IPv6 address in brackets)"
        )
