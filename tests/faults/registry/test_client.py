# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's promises that need a server of a kind which cannot be had for real: redirects, early ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    ProtocolFault,
    RedirectRefused,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from tests.faults.registry.hostile_server import hostile_server

CONTENT = b"a blob"
FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n" + CONTENT
CHALLENGE = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="r"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(client_context(Trust()))
    yield transport
    transport.close()


def _client(transport: Transport, url: str) -> Client:
    return Client(parse_url(url).origin, transport, Credentials("user", "password"))


def _redirect(location: str) -> bytes:
    head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\n"
    return head.encode() + b"Content-Length: 0\r\nConnection: close\r\n\r\n"


def test_authorization_stays_with_the_registry(transport: Transport) -> None:
    seen: dict[str, list[bool]] = {"registry": [], "storage": []}

    def storage(connection: socket.socket, request: bytes) -> None:
        seen["storage"].append(b"authorization" in request.lower())
        assert b"?signature=a%2Fb&x=y " in request
        connection.sendall(FOUND)

    with hostile_server(storage) as storage_url:

        def registry(connection: socket.socket, request: bytes) -> None:
            authorized = b"authorization" in request.lower()
            seen["registry"].append(authorized)
            location = f"{storage_url}/blob?signature=a%2Fb&x=y"
            connection.sendall(_redirect(location) if authorized else CHALLENGE)

        with hostile_server(registry) as url:
            client = _client(transport, url)
            answer = client.get_blob("a", digest_of(CONTENT), 100, Deadline.after(5))
    assert answer.body == CONTENT
    assert seen == {"registry": [False, True], "storage": [False]}


def test_a_challenge_after_a_redirect_is_not_answered(transport: Transport) -> None:
    seen: list[bool] = []

    def elsewhere(connection: socket.socket, request: bytes) -> None:
        seen.append(b"authorization" in request.lower())
        connection.sendall(CHALLENGE)

    with (
        hostile_server(elsewhere) as other,
        hostile_server(lambda connection, _request: connection.sendall(_redirect(f"{other}/"))) as url,
    ):
        answer = _client(transport, url).get_manifest("a", "b", Deadline.after(5))
    assert answer.status == 401
    assert seen == [False]


@pytest.mark.parametrize("location", ["/v2/a/manifests/b", "/v2/a/manifests/b?next"])
def test_redirects_end(transport: Transport, location: str) -> None:
    count = 0

    def answer(connection: socket.socket, _request: bytes) -> None:
        nonlocal count
        count += 1
        connection.sendall(_redirect(f"{location}{count}" if "?" in location else location))

    with hostile_server(answer) as url, pytest.raises(RedirectRefused):
        _client(transport, url).get_manifest("a", "b", Deadline.after(5))
    assert count <= 7


def test_nothing_but_get_and_head_is_redirected(transport: Transport) -> None:
    seen: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        seen.append(request.split(b" ")[0])
        connection.sendall(_redirect("/elsewhere"))

    with hostile_server(answer) as url:
        status = _client(transport, url).delete_manifest("a", "b", Deadline.after(5)).status
    assert status == 307
    assert seen == [b"DELETE"]


def test_a_kept_connection_that_was_closed_is_replaced(transport: Transport) -> None:
    connections = 0

    def answer(connection: socket.socket, _request: bytes) -> None:
        nonlocal connections
        connections += 1
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with hostile_server(answer) as url:
        client = _client(transport, url)
        statuses = [client.ping(Deadline.after(5)).status for _request in range(3)]
    assert statuses == [200, 200, 200]
    assert connections == 3


def test_connections_are_kept(transport: Transport) -> None:
    connections = 0

    def answer(connection: socket.socket, request: bytes) -> None:
        nonlocal connections
        connections += 1
        while request:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            request = connection.recv(65536)

    with hostile_server(answer) as url:
        client = _client(transport, url)
        for _request in range(5):
            assert client.ping(Deadline.after(5)).body == b"{}"
        transport.close()
    assert connections == 1


def test_an_answer_that_came_before_the_body_was_sent_is_read(transport: Transport) -> None:
    def answer(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        # Closed with most of the request unread: the client's sending ends in a reset.
        time.sleep(0.2)

    with hostile_server(answer) as url:
        client = _client(transport, url)
        status = client.put_manifest("a", "b", "text/plain", b"x" * 5_000_000, Deadline.after(5)).status
    assert status == 413


def test_a_server_that_says_nothing_is_told_so(transport: Transport) -> None:
    with hostile_server(lambda connection, _request: connection.close()) as url:
        client = _client(transport, url)
        with pytest.raises(ProtocolFault, match="without an answer"):
            client.ping(Deadline.after(5))
