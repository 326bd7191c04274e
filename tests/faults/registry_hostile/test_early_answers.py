# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer before they have read, stop reading, or hand out a body in very small pieces."""

from __future__ import annotations

import os
import re
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    BodyTooLarge,
    DeadlineExceeded,
    RedirectRefused,
    TlsFailed,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Body
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import (
    Request,
    Transport,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import Check
from tests.faults.registry.hostile_server import hostile_server
from tests.faults.registry.test_real_registry import message
from tests.faults.registry_hostile.lying_registry import Answer, Asked, lying_registry
from tests.faults.registry_hostile.tls_server import tls_server

TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nLocation: /upload\r\nContent-Length: 0\r\n\r\n"
NOTHING = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
AUTHORITY = Authority("of early answers")


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(client_context(Trust(verify=False)))
    yield transport
    transport.close()


def _too_large_at_once(connection: socket.socket) -> None:
    """Answers a long request as soon as it has its head; then it neither reads nor closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
        while b"\r\n\r\n" in received:
            head, _, received = received.partition(b"\r\n\r\n")
            told = re.search(rb"Content-Length: ([0-9]+)", head)
            length = int(told[1]) if told is not None else 0
            if length > 100_000:
                connection.sendall(TOO_LARGE)
                time.sleep(20)
                return
            while len(received) < length:
                received += connection.recv(65536)
            received = received[length:]
            connection.sendall(ACCEPTED if head.startswith(b"POST") else NOTHING)


@pytest.mark.parametrize("size", [200_000, 20_000_000])
def test_an_early_answer_over_tls_is_read(transport: Transport, size: int) -> None:
    with tls_server(AUTHORITY.issue(), _too_large_at_once) as url:
        request = Request("PUT", parse_url(f"{url}/x"), body=b"x" * size)
        started = time.monotonic()
        assert transport.send(request, Deadline.after(8)).status == 413
    assert time.monotonic() - started < 4


def test_the_largest_request_that_passes_a_proxy_that_answers_early(check: Check) -> None:
    with tls_server(AUTHORITY.issue(), _too_large_at_once) as url:
        result = check(
            url=url, ca=AUTHORITY.pem.decode(), timeout=20, round_trip=True, round_trip_size=20_000_000
        )
    assert "client_max_body_size" in message(result, "round_trip")
    assert "the largest that passes is 99328 octets" in message(result, "round_trip")


def test_a_server_that_stops_reading(transport: Transport) -> None:
    with hostile_server(lambda _connection, _request: time.sleep(5)) as url:
        request = Request("PUT", parse_url(f"{url}/x"), body=b"x" * 20_000_000)
        with pytest.raises(DeadlineExceeded, match="the server stopped reading"):
            transport.send(request, Deadline.after(1.5))


def test_time_that_content_takes_to_make_is_not_the_server_s_fault(transport: Transport) -> None:
    def slow() -> Iterator[bytes]:
        for _ in range(10):
            time.sleep(0.2)
            yield b"x"

    def read(connection: socket.socket, _request: bytes) -> None:
        while connection.recv(65536):
            pass

    with hostile_server(read) as url:
        request = Request("PUT", parse_url(f"{url}/x"), body=Body(10, slow))
        with pytest.raises(DeadlineExceeded) as exceeded:
            transport.send(request, Deadline.after(1.2))
        assert "sending a request" in exceeded.value.message
        assert "stopped reading" not in exceeded.value.message
        stream = transport.connect(parse_url(url).origin, Deadline.after(5))
        stream.deadline = Deadline.after(0)
        with pytest.raises(DeadlineExceeded, match="preparing a request"):
            stream.send(b"x")
        stream.close()


def test_more_open_files_than_select_can_count(check: Check) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]

    def lie(request: Asked) -> Answer | None:
        return Answer(202, b"", (("Location", "/upload"),)) if request.method == "POST" else None

    try:
        with lying_registry(lie) as registry:
            result = check(url=registry.url, timeout=5, round_trip=True, round_trip_size=300_000)
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "HTTP 404" in message(result, "round_trip")


@pytest.mark.parametrize("size", [1, 1024])
def test_chunks_however_small_are_read(transport: Transport, size: int) -> None:
    content = b"x" * (400_000 * size if size == 1 else 40 * 1024 * 1024)

    def answer(connection: socket.socket, _request: bytes) -> None:
        chunk = b"%x\r\n%s\r\n" % (size, content[:size])
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(chunk * (len(content) // size) + b"0\r\n\r\n")

    received = 0

    def count(piece: bytes) -> None:
        nonlocal received
        received += len(piece)

    with hostile_server(answer) as url:
        client = Client(parse_url(url).origin, transport)
        answered = client.get_blob("a", digest_of(b""), len(content), Deadline.after(30), count)
    assert answered.status == 200
    assert received == len(content)


def test_framing_without_an_end_ends(transport: Transport) -> None:
    sent = 0

    def answer(connection: socket.socket, _request: bytes) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"1;" + b"x" * 4000 + b"\r\nx\r\n"
        with suppress(OSError):
            for _ in range(10_000):
                connection.sendall(chunk)
                sent += len(chunk)

    with hostile_server(answer) as url:
        client = Client(parse_url(url).origin, transport)
        with pytest.raises(BodyTooLarge):
            client.get_blob("a", digest_of(b""), 100_000, Deadline.after(10))
    assert sent < 20_000_000


def test_no_cipher_in_common_is_not_taken_for_a_client_certificate_alone(transport: Transport) -> None:
    def prepare(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")

    with (
        tls_server(AUTHORITY.issue(), lambda _connection: None, prepare) as url,
        pytest.raises(TlsFailed, match="no cipher in common"),
    ):
        transport.connect(parse_url(url).origin, Deadline.after(5))


@pytest.mark.parametrize(
    ("location", "told"),
    [("http://127.0.0.1:9/blob", "X-Forwarded-Proto"), ("http://127.0.0.9:9000/blob", "object store")],
)
def test_a_blob_elsewhere_without_tls(transport: Transport, location: str, told: str) -> None:
    def answer(connection: ssl.SSLSocket) -> None:
        connection.recv(65536)
        connection.sendall(
            f"HTTP/1.1 307 There\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        )

    with tls_server(AUTHORITY.issue(), answer) as url:
        client = Client(parse_url(url).origin, transport)
        with pytest.raises(RedirectRefused, match=told):
            client.get_blob("a", digest_of(b""), 100, Deadline.after(5))


def test_making_a_large_image_ends_with_the_time_limit(check: Check) -> None:
    with lying_registry() as registry:
        started = time.monotonic()
        result = check(url=registry.url, timeout=2, round_trip=True, round_trip_size=3 * 1024**3)
    assert time.monotonic() - started < 5
    assert "was over while making the image to push" in message(result, "round_trip")
    assert "the time limit of 2 s" in message(result, "round_trip")
    assert result["capabilities"]["push"] is None
    assert {request.method for request in registry.asked} <= {"GET", "DELETE"}
