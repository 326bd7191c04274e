# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of an HTTP/1.1 answer (RFC 9112), read strictly.

The standard library's reader goes through the parser of e-mails: forgiving where this must not be, and most
of the time that a small answer takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .errors import ProtocolFault

LONGEST_HEAD = 64 * 1024
_MOST_HEADERS = 128
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?\Z")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00-\x08\x0a-\x1f\x7f]*)\Z")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_WITHOUT_BODY = frozenset({204, 304})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers, and how the body is framed.

    ``length``: octets of the body, None where it is chunked or ends with the connection. ``keeps``: whether
    the connection can be used again once the body is read.
    """

    status: int
    headers: Headers = field(repr=False)
    length: int | None
    chunked: bool
    keeps: bool


def parse_head(content: bytes, method: str) -> Head:
    """Reads the head of an answer to a request of this method, the empty line included.

    Raises ProtocolFault.
    """
    lines = content.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    first = _STATUS_LINE.match(lines[0])
    if first is None:
        raise ProtocolFault("the answer is not HTTP")
    if len(lines) > _MOST_HEADERS:
        raise ProtocolFault(f"the answer has more than {_MOST_HEADERS} headers")
    headers: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    for line in lines[1:]:
        match = _HEADER.match(line)
        if match is None:
            raise ProtocolFault("the answer has a header that cannot be read")
        name, value = match[1], match[2].strip(" \t")
        headers.append((name, value))
        name = name.lower()
        seen[name] = f"{seen[name]}, {value}" if name in seen else value
    status = int(first[2])
    length, chunked = _framing(status, method, seen)
    connection = seen.get("connection", "").lower()
    keeps = first[1] == "1" and "close" not in connection and (chunked or length is not None)
    return Head(status, tuple(headers), length, chunked, keeps)


def chunk_size(line: bytes) -> int:
    """The size that the first line of a chunk tells (RFC 9112 section 7.1). Raises ProtocolFault."""
    digits = line.partition(b";")[0].strip(b" \t\r\n")
    if not 0 < len(digits) <= 15 or digits.strip(b"0123456789abcdefABCDEF"):
        raise ProtocolFault("the answer has a chunk whose size cannot be read")
    return int(digits, 16)


def _framing(status: int, method: str, headers: dict[str, str]) -> tuple[int | None, bool]:
    length = _content_length(headers.get("content-length"))
    if method == "HEAD" or status in _WITHOUT_BODY or status < 200:
        return 0, False
    encoding = headers.get("transfer-encoding")
    if encoding is None:
        return length, False
    if encoding.strip().lower() != "chunked":
        raise ProtocolFault("the answer has a transfer encoding that nobody asked for")
    if length is not None:
        raise ProtocolFault("the answer tells its length in two ways that exclude each other")
    return None, True


def _content_length(text: str | None) -> int | None:
    if text is None:
        return None
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not _LENGTH.match(value):
        raise ProtocolFault("the answer has a Content-Length that cannot be read")
    return int(value)
