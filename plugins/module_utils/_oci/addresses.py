# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a name to a TCP connection: resolving, and trying one address after the other."""

from __future__ import annotations

import queue
import socket
import threading
from dataclasses import dataclass

from .deadline import Deadline
from .errors import ConnectFailed
from .urls import is_ip_address


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


def connect(addresses: tuple[Address, ...], deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address that accepts one; each gets its share of the time left.

    Raises ConnectFailed naming every address and its reason, or DeadlineExceeded.
    """
    reasons: list[str] = []
    for position, address in enumerate(addresses):
        share = deadline.remaining(f"connecting to {address}") / (len(addresses) - position)
        try:
            return _connect_one(address, share)
        except TimeoutError:
            reasons.append(f"{address}: no answer (a firewall, or nothing has this address)")
        except OSError as error:
            reasons.append(f"{address}: {(error.strerror or 'cannot connect').lower()}")
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
