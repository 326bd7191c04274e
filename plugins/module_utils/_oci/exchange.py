# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP/1.1 request and its answer over a connected stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .errors import BodyTooLarge, ProtocolFault, SyntaxFault
from .head import LONGEST_HEAD, Head, chunk_size, parse_head
from .stream import Stream
from .urls import Url

HEADER_ALLOWANCE = 256 * 1024
USER_AGENT = "clusterdepot.artifacts"
_ERROR_BODY_LIMIT = 64 * 1024
_LONGEST_LINE = 4096
_MOST_INFORMATIONAL = 16
_PIECE = 256 * 1024
_SENT_AT_ONCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """Content that is made while it is sent: ``length`` octets, in pieces; ``pieces`` can be called again."""

    length: int
    pieces: Callable[[], Iterator[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    ``body_limit``: how many octets of a good answer's body are taken at most. ``sink`` takes the pieces of a
    body (status 200 or 206) as they come, instead of keeping them. ``peek``: the head alone matters, whatever
    body there is.
    """

    method: str
    url: Url
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | Body | None = field(default=None, repr=False)
    body_limit: int = 4 * 1024 * 1024
    sink: Callable[[bytes], object] | None = field(default=None, repr=False)
    peek: bool = False

    def describe(self) -> str:
        """As messages name it: method and URL without the query."""
        return f"{self.method} {self.url.without_query}"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Header names compare without case; an error's body (status 400 and up) may be cut at 64 KiB. ``secrets``:
    what the server was sent and must not be shown of what it says.
    """

    url: Url
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    milliseconds: float
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """All values of a header, one for each time it was sent."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def media_type(self) -> str:
        """Content-Type without parameters, in lower case; empty where there is none."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()


def send_request(stream: Stream, request: Request) -> OSError | None:
    """Sends it; the error where the server stopped reading, for it may have answered already (413 does).

    Raises OSError, DeadlineExceeded, SyntaxFault.
    """
    body = request.body
    head = _request_head(request)
    try:
        if isinstance(body, Body):
            stream.send(head)
            _send_pieces(stream, body)
        elif body is None or len(body) > _SENT_AT_ONCE:
            stream.send(head)
            _send_pieces(stream, Body(len(body or b""), lambda: iter((body or b"",))))
        else:
            stream.send(head + body)
    except (BrokenPipeError, ConnectionResetError) as error:
        return error
    return None


def read_head(stream: Stream, method: str) -> Head:
    """The head of the final answer; those that only inform (1xx) are passed over.

    Raises ProtocolFault, EOFError, and what reading raises.
    """
    for _attempt in range(_MOST_INFORMATIONAL):
        head = parse_head(stream.read_through(b"\r\n\r\n", LONGEST_HEAD, b"HTTP/1."), method)
        if head.status >= 200:
            return head
    raise ProtocolFault("the answer never comes, only announcements of it")


def read_body(stream: Stream, request: Request, head: Head) -> tuple[bytes, bool]:
    """The body, and whether it was read to its end. An error's is cut at its limit: it is only for people.

    Raises ProtocolFault, BodyTooLarge, EOFError, and what reading raises.
    """
    if head.length == 0:
        return b"", True
    if request.peek and head.status < 400:
        return b"", False
    refused = head.status >= 400
    limit = _ERROR_BODY_LIMIT if refused else request.body_limit
    if not refused and head.length is not None and head.length > limit:
        raise BodyTooLarge(f"the answer announces {head.length} octets, more than the limit of {limit}")
    sink = request.sink if head.status in (200, 206) else None
    pieces: list[bytes] = []
    size = 0
    for piece in _pieces(stream, head):
        size += len(piece)
        if size > limit:
            if not refused:
                raise BodyTooLarge(f"the answer is longer than the limit of {limit} octets")
            return b"".join((*pieces, piece))[:limit], False
        if sink is not None:
            sink(piece)
        else:
            pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces), True


def _request_head(request: Request) -> bytes:
    lines = [
        f"{request.method} {request.url.target} HTTP/1.1",
        f"Host: {request.url.origin.authority}",
        f"User-Agent: {USER_AGENT}",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    body = request.body
    if body is not None:
        lines.append(f"Content-Length: {body.length if isinstance(body, Body) else len(body)}")
    elif request.method in ("POST", "PUT", "PATCH"):
        lines.append("Content-Length: 0")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or not text.isascii():
        raise SyntaxFault("a request would hold characters that HTTP does not allow")
    return f"{text}\r\n\r\n".encode("ascii")


def _send_pieces(stream: Stream, body: Body) -> None:
    for piece in body.pieces():
        for start in range(0, len(piece), _SENT_AT_ONCE):
            stream.send(piece[start : start + _SENT_AT_ONCE])
            if start + _SENT_AT_ONCE < body.length and stream.answered_early():
                raise BrokenPipeError


def _pieces(stream: Stream, head: Head) -> Iterator[bytes]:
    if head.chunked:
        yield from _chunks(stream)
    elif head.length is not None:
        yield from _exactly(stream, head.length)
    else:
        while piece := stream.read_some(_PIECE):
            yield piece


def _chunks(stream: Stream) -> Iterator[bytes]:
    while size := chunk_size(stream.read_through(b"\r\n", _LONGEST_LINE)):
        yield from _exactly(stream, size)
        if stream.read_through(b"\r\n", _LONGEST_LINE) != b"\r\n":
            raise ProtocolFault("the answer has a chunk longer than it tells")
    while stream.read_through(b"\r\n", _LONGEST_LINE) != b"\r\n":
        pass


def _exactly(stream: Stream, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read_some(min(length, _PIECE))
        if not piece:
            raise ProtocolFault(f"the answer ends {length} octets too early")
        length -= len(piece)
        yield piece
