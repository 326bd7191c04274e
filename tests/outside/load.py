# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of a redirector: one that asks once, and many that ask all the time and count what fails.

Nothing is asked twice: a request that gets no answer has failed, also where a browser would try again.
"""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

_SECONDS = 10.0
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Reply:
    """What was answered; header names in lower case."""

    code: int
    location: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Server:
    """Where to ask, by plain HTTP."""

    host: str
    port: int

    def ask(self, target: str, headers: Mapping[str, str] = _NO_HEADERS, method: str = "GET") -> Reply:
        """Ask once, over a connection of its own; raises OSError or HTTPException without an answer."""
        connection = self.connect()
        try:
            return reply(connection, target, headers, method)
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        """A connection for requests one after the other."""
        return http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)


def reply(
    connection: http.client.HTTPConnection,
    target: str,
    headers: Mapping[str, str] = _NO_HEADERS,
    method: str = "GET",
) -> Reply:
    """Ask over this connection; raises OSError or HTTPException without an answer."""
    connection.request(method, target, headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read().decode()
    told = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(answer.status, told.get("location", ""), told, body)


@dataclass(frozen=True)
class Kind:
    """Clients of one kind; `pause` is between two requests of one of them, in seconds."""

    name: str
    clients: int
    pause: float
    keeps_alive: bool


# The slow ones hold connections on which nothing happens when the server is told to end.
KINDS = (
    Kind("keeps its connection", 4, 0.01, keeps_alive=True),
    Kind("keeps its connection, idle", 8, 2.0, keeps_alive=True),
    Kind("connects anew", 4, 0.01, keeps_alive=False),
)


@dataclass
class Load:
    """What came of the requests so far: counted by target and Location; each failure in words."""

    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def locations(self, target: str) -> set[str]:
        """All Locations that this target got."""
        return {location for asked, location in self.answered if asked == target}

    def count(self, kind: Kind, target: str, answer: Reply) -> None:
        """Count an answer; one that is no redirect has failed."""
        with self._lock:
            if answer.code != 302:
                self.failed.append(f"{kind.name}: {target}: {answer.code} {answer.body.strip()}")
            self.answered[target, answer.location] += 1
            self.by_kind[kind.name] += 1

    def fail(self, kind: Kind, target: str, error: Exception, requests: int) -> None:
        """Count a request without an answer, the so many-th of its connection."""
        with self._lock:
            self.failed.append(f"{kind.name}: {target}: request {requests} of its connection: {error!r}")


@contextmanager
def load(server: Server, targets: Sequence[str], kinds: Sequence[Kind] = KINDS) -> Iterator[Load]:
    """Ask for these targets, by turns, all the time that the block runs."""
    counted = Load()
    ended = threading.Event()
    threads = [
        threading.Thread(target=_ask, args=(server, targets, kind, counted, ended), daemon=True)
        for kind in kinds
        for _ in range(kind.clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        ended.set()
        deadline = time.monotonic() + 2 * _SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "a client of the load does not end"


def _ask(server: Server, targets: Sequence[str], kind: Kind, counted: Load, ended: threading.Event) -> None:
    connection = server.connect()
    requests = 0
    for target in itertools.cycle(targets):
        requests = 1 if connection.sock is None else requests + 1
        try:
            counted.count(kind, target, reply(connection, target))
        except (OSError, http.client.HTTPException) as error:
            counted.fail(kind, target, error, requests)
            connection.close()
        if not kind.keeps_alive:
            connection.close()
        if ended.wait(kind.pause):
            break
    connection.close()
