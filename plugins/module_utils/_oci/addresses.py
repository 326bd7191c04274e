# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a name to a TCP connection: resolving, and trying the addresses until one accepts."""

from __future__ import annotations

import errno
import os
import queue
import select
import socket
import threading
import time
from dataclasses import dataclass

from .deadline import Deadline
from .errors import ConnectFailed
from .urls import is_ip_address

# RFC 8305 section 5: an address that says nothing must not hold up those after it.
_STAGGER = 0.25
_NO_ANSWER = "no answer (a firewall, or nothing has this address)"


@dataclass(frozen=True, slots=True)
class Address:
    """One resolved place to connect to: family, and the tuple that ``socket.connect`` takes."""

    family: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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


def connect(addresses: tuple[Address, ...], deadline: Deadline) -> tuple[socket.socket, Address]:
    """A TCP connection to the first address that accepts one, and that address.

    They are tried in their order, each as soon as the one before has failed or said nothing for a quarter of
    a second. Raises ConnectFailed naming every address and its reason, or DeadlineExceeded.
    """
    if len(addresses) == 1:
        return _connect_one(addresses[0], deadline), addresses[0]
    deadline.remaining(f"connecting to {addresses[0]}")
    waiting = list(reversed(addresses))
    reasons: dict[Address, str] = {}
    begun: dict[int, tuple[socket.socket, Address]] = {}
    poll = select.poll()
    try:
        while waiting or begun:
            left = deadline.at - time.monotonic()
            if left <= 0:
                break
            if waiting:
                _begin(waiting.pop(), begun, poll, reasons)
                if not begun:
                    continue
            for number, _event in poll.poll(1000 * (min(left, _STAGGER) if waiting else left)):
                sock, address = begun.pop(number)
                poll.unregister(number)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    return _ready(sock), address
                reasons[address] = os.strerror(code).lower()
                sock.close()
    finally:
        for sock, _address in begun.values():
            sock.close()
    told = (f"{address}: {reasons.get(address, _NO_ANSWER)}" for address in addresses)
    raise ConnectFailed(f"no connection to {'; '.join(told)}")


def _begin(
    address: Address,
    begun: dict[int, tuple[socket.socket, Address]],
    poll: select.poll,
    reasons: dict[Address, str],
) -> None:
    try:
        sock = socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        reasons[address] = _told(error)
        return
    sock.setblocking(False)
    code = sock.connect_ex((address.host, address.port))
    if code not in (0, errno.EINPROGRESS):
        reasons[address] = os.strerror(code).lower()
        sock.close()
        return
    begun[sock.fileno()] = sock, address
    poll.register(sock, select.POLLOUT)


def _connect_one(address: Address, deadline: Deadline) -> socket.socket:
    left = deadline.remaining(f"connecting to {address}")
    try:
        sock = socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectFailed(f"no connection to {address}: {_told(error)}") from error
    try:
        sock.settimeout(left)
        sock.connect((address.host, address.port))
        return _ready(sock)
    except OSError as error:
        sock.close()
        raise ConnectFailed(f"no connection to {address}: {_told(error)}") from error


def _told(error: OSError) -> str:
    return _NO_ANSWER if isinstance(error, TimeoutError) else (error.strerror or "cannot connect").lower()


def _ready(sock: socket.socket) -> socket.socket:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
