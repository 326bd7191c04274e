# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connected stream, plain or TLS, whose every step counts against one deadline and one budget of octets.

A socket's own time-out starts anew with each octet that arrives, so a server that drips could hold a call for
ever. Here the deadline is the exchange's, and nothing is read beyond what the exchange allows.
"""

from __future__ import annotations

import select
import socket
import ssl
import time

from .deadline import Deadline
from .errors import BodyTooLarge, DeadlineExceeded, ProtocolFault, TlsFailed
from .urls import Origin

_SEND_PIECE = 65536
_RECEIVE_PIECE = 65536
# Waiting in slices saves setting the socket's time-out anew for each of thousands of short exchanges.
_SLICE = 1.0


class Stream:
    """Sends and receives octets; ``deadline`` and the budget (``allow``) are set anew for each exchange."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._buffer = b""
        self._budget = 0
        self._sent = False
        self._timeout = -1.0
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

    @property
    def unread(self) -> bool:
        """Whether octets were received that nobody asked for yet."""
        return bool(self._buffer)

    def allow(self, octets: int) -> None:
        """Sets how many octets may still be received; reading more raises BodyTooLarge."""
        self._budget = octets
        self._sent = False
        self.received = 0

    def answered_early(self) -> bool:
        """Whether the server says something already. Raises OSError where TLS breaks off."""
        if self._buffer:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not isinstance(self._socket, ssl.SSLSocket):
            return bool(poll.poll(0))
        # TLS has messages of its own: only what can be read of it tells.
        return bool(self._socket.pending() or poll.poll(0)) and self._read_ahead(self._socket)

    def send(self, content: bytes) -> None:
        """Sends all of it.

        Raises OSError (BrokenPipeError where the server answers instead of reading on), DeadlineExceeded.
        """
        doing = "sending a request" if self._sent else "preparing a request"
        view = memoryview(content)
        while view:
            self._wait_at_most(doing)
            try:
                view = view[self._socket.send(view[:_SEND_PIECE]) :]
                self._sent = True
            except TimeoutError as error:
                doing = "sending a request: the server stopped reading"
                if self.answered_early():
                    raise BrokenPipeError from error
            except ssl.SSLEOFError as error:
                raise BrokenPipeError from error

    def read_through(self, mark: bytes, limit: int, begins: bytes = b"") -> bytes:
        """Everything up to and with ``mark``.

        Raises ProtocolFault where ``limit`` octets hold none or the first are not ``begins``, EOFError where
        the stream ends before it, and what reading raises.
        """
        searched = 0
        while (found := self._buffer.find(mark, searched, limit)) < 0:
            # A piece that ends it may go beyond the limit, too.
            if len(self._buffer) >= limit:
                raise ProtocolFault(f"the answer has a head or a line of more than {limit} octets")
            searched = max(0, len(self._buffer) - len(mark) + 1)
            piece = self._receive()
            if not piece:
                raise EOFError
            self._buffer += piece
            if begins and not self._buffer.startswith(begins[: len(self._buffer)]):
                raise ProtocolFault("the answer is not HTTP")
        end = found + len(mark)
        taken, self._buffer = self._buffer[:end], self._buffer[end:]
        return taken

    def read_some(self, most: int) -> bytes:
        """Between one and ``most`` octets, none at the end. Raises what reading raises."""
        if not self._buffer:
            piece = self._receive()
            if len(piece) <= most:
                return piece
            self._buffer = piece
        taken, self._buffer = self._buffer[:most], self._buffer[most:]
        return taken

    def close(self) -> None:
        """Closes the connection."""
        self._socket.close()

    def _receive(self) -> bytes:
        """Raises OSError, DeadlineExceeded, BodyTooLarge, TlsFailed."""
        left = self._budget - self.received
        if left <= 0:
            raise BodyTooLarge("the answer is longer than its limit")
        while True:
            self._wait_at_most("waiting for an answer")
            try:
                piece = self._socket.recv(min(left, _RECEIVE_PIECE))
            except TimeoutError:
                continue
            except ssl.SSLEOFError:
                # Many servers end a body without the TLS farewell; a body that is too short is noticed by
                # its length.
                return b""
            except ssl.SSLError as error:
                raise TlsFailed(f"TLS broke off: {_reason(error)}") from error
            self.received += len(piece)
            return piece

    def _read_ahead(self, sock: ssl.SSLSocket) -> bool:
        """Whether there are octets of an answer; they are read into the buffer."""
        sock.settimeout(0)
        self._timeout = 0.0
        try:
            piece = sock.recv(_RECEIVE_PIECE)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        self._buffer += piece
        self.received += len(piece)
        # The end of the stream is an answer too: nobody reads any more.
        return True

    def _wait_at_most(self, doing: str) -> None:
        left = self.deadline.at - time.monotonic()
        if left <= 0:
            raise self.deadline.exceeded(doing)
        wanted = min(left, _SLICE)
        if wanted != self._timeout:
            self._socket.settimeout(wanted)
            self._timeout = wanted


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
    if error.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
        return "the server asks for a client certificate that it trusts (client_cert)"
    if error.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE":
        # Servers tell both by the same alert.
        return (
            "the server refuses it: it asks for a client certificate that it trusts (client_cert), or it has "
            "no cipher in common with this client"
        )
    if error.reason in ("TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE"):
        return "the server does not trust the client certificate (client_cert)"
    return (error.reason or "the server broke it off").replace("_", " ").lower()
