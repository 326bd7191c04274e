# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP/1.1 exchange at a time over kept connections: no redirects, no authentication, no proxy.

Everything that a server can do wrong ends as an OciError: wrong bytes, early ends, contradictions, endless
answers.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from .deadline import Deadline
from .errors import BodyTooLarge, OciError, ProtocolFault
from .stream import Address, Stream, connect, resolve, start_tls
from .urls import Origin, Url

_HEADER_ALLOWANCE = 256 * 1024
_ERROR_BODY_LIMIT = 64 * 1024
_PIECE = 64 * 1024
_IDLE_PER_ORIGIN = 8
USER_AGENT = "clusterdepot.artifacts"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``body_limit``: how many octets of a good answer's body are taken at most."""

    method: str
    url: Url
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    body_limit: int = 4 * 1024 * 1024

    def describe(self) -> str:
        """As messages name it: method and URL without the query."""
        return f"{self.method} {self.url.without_query}"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    Header names compare without case; an error's body (status 400 and up) may be cut at 64 KiB.
    """

    url: Url
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    milliseconds: float

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


class _Connection(HTTPConnection):
    """An HTTP connection over a stream that is connected already and never reconnected."""

    def __init__(self, origin: Origin, stream: Stream) -> None:
        super().__init__(origin.host, origin.port)
        self.auto_open = 0
        self.stream = stream
        # It takes anything with the three methods of a socket that it uses.
        self.sock: Any = stream


class Transport:
    """Connections to any number of origins. Not for use by several threads at once.

    ``pinned``: host name -> address to connect to instead of resolving it (the TLS name stays the host's).
    """

    def __init__(self, context: ssl.SSLContext, pinned: Mapping[str, str] | None = None) -> None:
        self._context = context
        self._pinned = dict(pinned or {})
        self._resolved: dict[tuple[str, int], tuple[Address, ...]] = {}
        self._idle: dict[Origin, list[_Connection]] = {}

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Sends a request and takes the whole answer.

        A kept connection that the server has closed meanwhile is replaced once. Raises ConnectFailed,
        TlsFailed, DeadlineExceeded, ProtocolFault, BodyTooLarge.
        """
        started = time.monotonic()
        idle = self._idle.get(request.url.origin, [])
        if idle:
            kept = idle.pop()
            answer = self._exchange(kept, request, deadline, started)
            if answer is not None:
                return answer
        answer = self._exchange(self._open(request.url.origin, deadline), request, deadline, started)
        if answer is None:
            raise ProtocolFault(f"{request.describe()}: the server closed the connection without an answer")
        return answer

    def connect(self, origin: Origin, deadline: Deadline) -> Stream:
        """A new connection, TLS included where the scheme asks for it.

        Raises ConnectFailed, TlsFailed, DeadlineExceeded.
        """
        sock = connect(self.addresses(origin, deadline), deadline)
        if origin.scheme == "https":
            sock = start_tls(sock, origin, self._context, deadline)
        return Stream(sock, deadline)

    def addresses(self, origin: Origin, deadline: Deadline) -> tuple[Address, ...]:
        """Where connections to this origin go. Raises ConnectFailed, DeadlineExceeded."""
        key = (origin.host, origin.port)
        if key not in self._resolved:
            self._resolved[key] = resolve(self._pinned.get(origin.host, origin.host), origin.port, deadline)
        return self._resolved[key]

    def close(self) -> None:
        """Closes every kept connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _open(self, origin: Origin, deadline: Deadline) -> _Connection:
        return _Connection(origin, self.connect(origin, deadline))

    def _exchange(
        self, connection: _Connection, request: Request, deadline: Deadline, started: float
    ) -> Response | None:
        """None where the connection ended before the first octet of an answer."""
        stream = connection.stream
        stream.deadline = deadline
        stream.allow(_HEADER_ALLOWANCE + request.body_limit)
        kept = False
        try:
            broken = _send_request(connection, request)
            raw = connection.getresponse()
            body = _read_body(raw, request)
            kept = broken is None and not raw.will_close and raw.isclosed()
            return Response(
                request.url,
                raw.status,
                tuple(raw.getheaders()),
                body,
                round((time.monotonic() - started) * 1000, 1),
            )
        except BodyTooLarge as error:
            raise BodyTooLarge(f"{request.describe()}: {error.message}") from error
        except OciError as error:
            error.message = f"{request.describe()}: {error.message}"
            raise
        except (HTTPException, OSError, ValueError, EOFError) as error:
            if stream.received == 0:
                return None
            raise ProtocolFault(f"{request.describe()}: the answer is not HTTP, or ends too early") from error
        finally:
            self._put_back(request.url.origin, connection, kept)

    def _put_back(self, origin: Origin, connection: _Connection, usable: bool) -> None:
        idle = self._idle.setdefault(origin, [])
        if usable and connection.sock is not None and len(idle) < _IDLE_PER_ORIGIN:
            idle.append(connection)
        else:
            connection.close()


def _send_request(connection: _Connection, request: Request) -> OSError | None:
    """Sends it; the error where the server stopped reading, for it may have answered already (413 does)."""
    connection.putrequest(request.method, request.url.target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", request.url.origin.authority)
    connection.putheader("User-Agent", USER_AGENT)
    for name, value in request.headers:
        connection.putheader(name, value)
    if request.body is not None:
        connection.putheader("Content-Length", str(len(request.body)))
    elif request.method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", "0")
    try:
        connection.endheaders(request.body)
    except (BrokenPipeError, ConnectionResetError) as error:
        return error
    return None


def _read_body(raw: HTTPResponse, request: Request) -> bytes:
    """The body, whole. An error's body is cut at its limit: it is only for people."""
    refused = raw.status >= 400
    limit = _ERROR_BODY_LIMIT if refused else request.body_limit
    if not refused and raw.length is not None and raw.length > limit:
        raise BodyTooLarge(f"the answer announces {raw.length} octets, more than the limit of {limit}")
    pieces: list[bytes] = []
    size = 0
    while size <= limit:
        piece = raw.read(min(_PIECE, limit + 1 - size))
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    if size > limit:
        if not refused:
            raise BodyTooLarge(f"the answer is longer than the limit of {limit} octets")
        return b"".join(pieces)[:limit]
    if raw.length and request.method != "HEAD":
        raise ProtocolFault(f"the answer ends {raw.length} octets too early")
    return b"".join(pieces)
