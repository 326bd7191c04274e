# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP and TLS connections whose every step counts against one deadline and one budget of bytes.

A socket's own time-out starts anew with each octet that arrives, so a server that drips could hold a call for
ever; and the standard library's HTTP client reads as much as a length field tells it to. Both are bounded
here, below it.
"""

from __future__ import annotations

import io
import queue
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .deadline import Deadline
from .errors import BodyTooLarge, ConnectFailed, DeadlineExceeded, TlsFailed
from .urls import Origin, is_ip_address

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SEND_PIECE = 65536


@dataclass(frozen=True, slots=True)
class Address:
    """One resolved place to connect to: family, and the tuple that ``socket.connect`` takes."""

    family: int
    host: str
    port: int


def resolve(host: str, port: int, deadline: Deadline) -> tuple[Address, ...]:
    """The addresses behind a name, in the order the system prefers; an address stands for itself.

    The system's resolver knows no time limit, so it runs in a thread that is left behind once the deadline is
    over. Raises ConnectFailed, DeadlineExceeded.
    """
    answers: queue.SimpleQueue[tuple[Address, ...] | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error)
        else:
            answers.put(tuple(Address(int(entry[0]), str(entry[4][0]), port) for entry in found))

    doing = f"looking up {host}"
    if is_ip_address(host):
        look_up()
    else:
        threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining(doing))
    except queue.Empty:
        raise deadline.exceeded(doing) from None
    if isinstance(answer, OSError):
        raise ConnectFailed(
            f"the name {host} does not resolve ({answer.strerror}): is it in DNS or /etc/hosts?"
        )
    if isinstance(answer, UnicodeError) or not answer:
        raise ConnectFailed(f"the name {host} does not resolve: it is no valid host name")
    return tuple(dict.fromkeys(answer))


class Stream:
    """A connected byte stream in the shape that ``http.client`` expects of a socket.

    ``deadline`` and the budget (``allow``) are set anew for each exchange on a kept connection.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._readers = 0
        self._closed = False
        self._budget = 0
        self.deadline = deadline
        self.received = 0

    @property
    def peer_certificate(self) -> bytes | None:
        """The served certificate in DER form, or None for a plain connection."""
        return self._socket.getpeercert(binary_form=True) if isinstance(self._socket, ssl.SSLSocket) else None

    @property
    def tls_version(self) -> str | None:
        """Such as ``TLSv1.3``; None for a plain connection."""
        return self._socket.version() if isinstance(self._socket, ssl.SSLSocket) else None

    def allow(self, octets: int) -> None:
        """Sets how many octets may still be received; reading more raises BodyTooLarge."""
        self._budget = octets
        self.received = 0

    def sendall(self, content: bytes) -> None:
        """Sends all of it. Raises OSError, DeadlineExceeded."""
        view = memoryview(content)
        while view:
            self._socket.settimeout(self.deadline.remaining("sending a request"))
            try:
                view = view[self._socket.send(view[:_SEND_PIECE]) :]
            except TimeoutError as error:
                raise self.deadline.exceeded("sending a request: the server stopped reading") from error

    def receive_into(self, buffer: memoryview) -> int:
        """Receives some octets, 0 at the end. Raises OSError, DeadlineExceeded, BodyTooLarge."""
        if self.received >= self._budget:
            raise BodyTooLarge("the answer is longer than its limit")
        self._socket.settimeout(self.deadline.remaining("waiting for an answer"))
        try:
            count = self._socket.recv_into(buffer[: self._budget - self.received])
        except TimeoutError as error:
            raise self.deadline.exceeded("waiting for an answer") from error
        except ssl.SSLEOFError:
            # Many servers end a body without the TLS farewell; a body that is too short is noticed by its
            # length.
            count = 0
        self.received += count
        return count

    def makefile(self, mode: str) -> io.BufferedReader:
        """A buffered reader; the connection stays open as long as it or this stream is."""
        del mode
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Closes the connection once no reader needs it any more."""
        self._closed = True
        self._close_if_unused()

    def release(self) -> None:
        """Called by a reader that was closed."""
        self._readers -= 1
        self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._closed and self._readers <= 0:
            self._socket.close()


class _Reader(io.RawIOBase):
    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream: Stream | None = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._stream is None:
            return 0
        return self._stream.receive_into(memoryview(buffer))

    def close(self) -> None:
        if self._stream is not None:
            self._stream.release()
            self._stream = None
        super().close()


def connect(addresses: tuple[Address, ...], deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address that accepts one; each gets its share of the time left.

    Raises ConnectFailed naming every address and its reason, or DeadlineExceeded.
    """
    reasons: list[str] = []
    for position, address in enumerate(addresses):
        shown = (
            f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"
        )
        share = deadline.remaining(f"connecting to {shown}") / (len(addresses) - position)
        try:
            return _connect_one(address, share)
        except TimeoutError:
            reasons.append(f"{shown}: no answer (a firewall, or nothing has this address)")
        except OSError as error:
            reasons.append(f"{shown}: {(error.strerror or 'cannot connect').lower()}")
    raise ConnectFailed(f"no connection to {'; '.join(reasons)}")


def _connect_one(address: Address, seconds: float) -> socket.socket:
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    sock.settimeout(seconds)
    try:
        sock.connect((address.host, address.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        sock.close()
        raise
    return sock


def start_tls(
    sock: socket.socket, origin: Origin, context: ssl.SSLContext, deadline: Deadline
) -> ssl.SSLSocket:
    """The TLS handshake, with the name (or address) of ``origin`` as the one to verify.

    Raises TlsFailed, DeadlineExceeded; the socket is closed then.
    """
    doing = f"shaking hands (TLS) with {origin.authority}"
    try:
        sock.settimeout(deadline.remaining(doing))
        return context.wrap_socket(sock, server_hostname=origin.host)
    except DeadlineExceeded:
        sock.close()
        raise
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise TlsFailed(f"certificate refused: {error.verify_message}", error.verify_code) from error
    except TimeoutError as error:
        sock.close()
        raise deadline.exceeded(doing) from error
    except ssl.SSLError as error:
        sock.close()
        raise TlsFailed(f"no TLS handshake: {_reason(error)}") from error
    except (OSError, ValueError) as error:
        sock.close()
        raise TlsFailed("no TLS handshake: the server closed the connection") from error


def _reason(error: ssl.SSLError) -> str:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return "the server does not speak TLS on this port (is it http://?)"
    return (error.reason or "the server broke it off").replace("_", " ").lower()
