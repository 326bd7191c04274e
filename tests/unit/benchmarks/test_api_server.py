# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to an API server whose connections end; a real one closes them only after minutes."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.api_server import ApiServer
from benchmarks.errors import BenchmarkError
from tests.faults.registry.authority import Authority
from tests.faults.registry_hostile.tls_server import tls_server

Begin = Callable[..., AbstractContextManager[tuple[ApiServer, list[bytes]]]]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """Begins a server that gives these answers to each connection, and then closes it."""
    authority = Authority("test authority")
    trusted = tmp_path / "authority.crt"
    trusted.write_bytes(authority.pem)

    @contextmanager
    def server(*answers: bytes) -> Iterator[tuple[ApiServer, list[bytes]]]:
        requests: list[bytes] = []

        def converse(connection: ssl.SSLSocket) -> None:
            for one in answers:
                requests.append(connection.recv(65536).split(b" HTTP")[0])
                connection.sendall(one)

        with tls_server(authority.issue(), converse) as url:
            yield ApiServer(urlsplit(url).port or 0, trusted, "token"), requests

    return server


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_a_kept_connection_that_was_closed_is_opened_again(begin: Begin) -> None:
    with begin(answer(b'{"kind":"Node"}')) as (api, requests):
        assert [api.get("/a"), api.get("/b")] == [{"kind": "Node"}] * 2
    assert requests == [b"GET /a", b"GET /b"]


def test_a_new_connection_that_is_closed_is_an_error(begin: Begin) -> None:
    with begin() as (api, _), pytest.raises(BenchmarkError, match="GET /a"):
        api.get("/a")


def test_what_the_server_says_of_a_refusal_is_told(begin: Begin) -> None:
    told = r"DELETE /a.*HTTP 403 b'not yours'"
    with begin(answer(b"not yours", "403 Forbidden")) as (api, _), pytest.raises(BenchmarkError, match=told):
        api.delete("/a")


def test_events_are_given_as_they_come(begin: Begin) -> None:
    lines = b'{"type":"ADDED"}\n{"type":"DELETED"}\n'
    with begin(answer(lines)) as (api, requests):
        events = list(api.watch("/jobs", resourceVersion="7"))
    assert events == [{"type": "ADDED"}, {"type": "DELETED"}]
    assert requests == [b"GET /jobs?resourceVersion=7&watch=true"]


@pytest.mark.parametrize("bad", [answer(b"gone", "410 Gone"), answer(b"no JSON\n"), b""])
def test_a_watch_that_tells_no_events_is_an_error(begin: Begin, bad: bytes) -> None:
    with begin(bad) as (api, _), pytest.raises(BenchmarkError, match="GET /jobs"):
        list(api.watch("/jobs"))
