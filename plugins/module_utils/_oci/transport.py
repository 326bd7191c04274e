# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kept connections and one exchange at a time over each: no redirects, no authentication, no proxy.

Everything that a server can do wrong ends as an OciError: wrong bytes, early ends, contradictions, endless
answers. May be used by several threads at once.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping

from .addresses import Address, connect, resolve
from .deadline import Deadline
from .errors import BodyTooLarge, NoAnswer, OciError, ProtocolFault
from .exchange import HEADER_ALLOWANCE, Body, Request, Response, read_body, read_head, send_request
from .stream import Stream, start_tls
from .urls import Origin

__all__ = ("Body", "Request", "Response", "Transport")

_IDLE_PER_ORIGIN = 64
# A body in chunks of one octet arrives as six times as many; its own limit is kept where it is read.
_MOST_FRAMING = 8


class Transport:
    """Connections to any number of origins.

    ``context`` may be what makes one, for loading the system's roots takes longer than many a call over http.
    ``pinned``: host name -> address to connect to instead of resolving it (the TLS name stays the host's).
    """

    def __init__(
        self, context: ssl.SSLContext | Callable[[], ssl.SSLContext], pinned: Mapping[str, str] | None = None
    ) -> None:
        self._context = context
        self._pinned = dict(pinned or {})
        self._resolved: dict[tuple[str, int], tuple[Address, ...]] = {}
        self._idle: dict[Origin, list[Stream]] = {}
        self._lock = threading.Lock()

    def send(self, request: Request, deadline: Deadline) -> Response:
        """Sends a request and takes the whole answer.

        A kept connection that the server has closed meanwhile is replaced once. Raises ConnectFailed,
        TlsFailed, DeadlineExceeded, ProtocolFault (NoAnswer where nothing at all came), BodyTooLarge.
        """
        started = time.monotonic()
        kept = self._take(request.url.origin)
        if kept is not None:
            answer = self._exchange(kept, request, deadline, started)
            if answer is not None:
                return answer
        fresh = self.connect(request.url.origin, deadline)
        answer = self._exchange(fresh, request, deadline, started)
        if answer is None:
            raise NoAnswer(f"{request.describe()}: the server closed the connection without an answer")
        return answer

    def connect(self, origin: Origin, deadline: Deadline) -> Stream:
        """A new connection, TLS included where the scheme asks for it.

        Raises ConnectFailed, TlsFailed, DeadlineExceeded.
        """
        addresses = self.addresses(origin, deadline)
        sock, accepted = connect(addresses, deadline)
        if accepted != addresses[0]:
            others = tuple(address for address in addresses if address != accepted)
            self._resolved[origin.host, origin.port] = (accepted, *others)
        if origin.scheme == "https":
            if not isinstance(self._context, ssl.SSLContext):
                self._context = self._context()
            sock = start_tls(sock, origin, self._context, deadline)
        return Stream(sock, deadline)

    def addresses(self, origin: Origin, deadline: Deadline) -> tuple[Address, ...]:
        """Where connections to this origin go: first the one that accepted the last, then as resolved.

        Raises ConnectFailed, DeadlineExceeded.
        """
        key = (origin.host, origin.port)
        if key not in self._resolved:
            self._resolved[key] = resolve(self._pinned.get(origin.host, origin.host), origin.port, deadline)
        return self._resolved[key]

    def close(self) -> None:
        """Closes every kept connection."""
        with self._lock:
            idle = [stream for streams in self._idle.values() for stream in streams]
            self._idle.clear()
        for stream in idle:
            stream.close()

    def _exchange(
        self, stream: Stream, request: Request, deadline: Deadline, started: float
    ) -> Response | None:
        """None where the connection ended before the first octet of an answer."""
        stream.deadline = deadline
        stream.allow(HEADER_ALLOWANCE + _MOST_FRAMING * request.body_limit)
        kept = False
        try:
            broken = send_request(stream, request)
            head = read_head(stream, request.method)
            body, complete = read_body(stream, request, head)
            kept = broken is None and head.keeps and complete and not stream.unread
            milliseconds = round((time.monotonic() - started) * 1000, 1)
            return Response(request.url, head.status, head.headers, body, milliseconds)
        except BodyTooLarge as error:
            raise BodyTooLarge(f"{request.describe()}: {error.message}") from error
        except OciError as error:
            error.message = f"{request.describe()}: {error.message}"
            raise
        except (OSError, EOFError) as error:
            if stream.received == 0:
                return None
            raise ProtocolFault(f"{request.describe()}: the answer is not HTTP, or ends too early") from error
        finally:
            self._put_back(request.url.origin, stream, kept)

    def _take(self, origin: Origin) -> Stream | None:
        with self._lock:
            idle = self._idle.get(origin)
            return idle.pop() if idle else None

    def _put_back(self, origin: Origin, stream: Stream, usable: bool) -> None:
        if usable:
            with self._lock:
                idle = self._idle.setdefault(origin, [])
                if len(idle) < _IDLE_PER_ORIGIN:
                    idle.append(stream)
                    return
        stream.close()
