# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy between real clients and real servers, all on loopback."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from devcluster.certificates import Subject, authority, issue
from devcluster.egress import HEAD_LIMIT, Egress, is_refused
from devcluster.ports import free_port

LARGE = 3 * 2**20
STEP_SECONDS = 10.0
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def accept_all(_: str) -> bool:
    """Instead of is_refused, which rightly keeps a proxy from this test's servers."""
    return False


@asynccontextmanager
async def proxy(refused: Callable[[str], bool] = accept_all) -> AsyncIterator[int]:
    server = await Egress(refused).listen("127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def far_server(handler: Handler) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def answer_to(port: int, request: bytes) -> bytes:
    """All that the proxy sends until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(STEP_SECONDS):
        answer = await reader.read()
    writer.close()
    return answer


async def tunnel(port: int, target: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"CONNECT localhost:{target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    async with asyncio.timeout(STEP_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head == b"HTTP/1.1 200 Connection established\r\n\r\n"
    return reader, writer


def test_much_data_passes_both_ways_and_the_end_of_one_is_told_to_the_other() -> None:
    async def scenario() -> bytes:
        async with far_server(echo) as target, proxy() as port, asyncio.timeout(STEP_SECONDS):
            reader, writer = await tunnel(port, target)
            sending = asyncio.create_task(send(writer))
            received = await reader.read(-1)
            await sending
            return received

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * LARGE)
        await writer.drain()
        writer.write_eof()

    assert asyncio.run(scenario()) == b"x" * LARGE


def test_a_client_that_breaks_off_is_not_waited_for() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def far(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            ended.set()
            writer.close()

        async with far_server(far) as target, proxy() as port, asyncio.timeout(STEP_SECONDS):
            _, writer = await tunnel(port, target)
            # With this option a closed socket is reset instead of ended (socket(7)).
            own = writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()
            await ended.wait()

    asyncio.run(scenario())


async def refusal(request: bytes, refused: Callable[[str], bool] = accept_all) -> bytes:
    async with proxy(refused) as port:
        return await answer_to(port, request)


def test_loopback_is_refused_by_the_proxy_as_it_runs() -> None:
    async def scenario() -> bytes:
        async with far_server(echo) as target:
            return await refusal(f"CONNECT localhost:{target} HTTP/1.1\r\n\r\n".encode(), is_refused)

    assert asyncio.run(scenario()) == b"HTTP/1.1 403 Forbidden\r\n\r\n"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "nobody.invalid", "a" * 70 + ".example", "..", "\xe4\xf6\xfc", "a\0b"]
)
def test_a_server_that_is_not_there_is_a_bad_gateway(host: str) -> None:
    request = f"CONNECT {host}:{free_port()} HTTP/1.1\r\n\r\n".encode("latin-1")
    assert asyncio.run(refusal(request)) == b"HTTP/1.1 502 Bad Gateway\r\n\r\n"


@pytest.mark.parametrize("line", [b"GET http://a/ HTTP/1.1", b"CONNECT a:\xb2 HTTP/1.1", b"\xff", b""])
def test_another_request_is_not_allowed(line: bytes) -> None:
    assert asyncio.run(refusal(line + b"\r\n\r\n")) == b"HTTP/1.1 405 Method Not Allowed\r\n\r\n"


def test_a_head_without_an_end_is_cut_off() -> None:
    assert asyncio.run(refusal(b"CONNECT " + b"a" * 2 * HEAD_LIMIT)) == b""


@dataclass(frozen=True)
class Secure:
    """A web server with a certificate of the test's own authority."""

    port: int
    authority: Path


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        """Nothing: what is logged would look like a failure."""


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Secure]:
    issue(tmp_path, "server", Subject("server", dns_names=("localhost",)), authority(tmp_path, "authority"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Secure(server.server_address[1], tmp_path / "authority.crt")
    server.shutdown()
    thread.join()
    server.server_close()


def test_tls_passes_from_end_to_end(secure: Secure) -> None:
    def get(port: int) -> bytes:
        context = ssl.create_default_context(cafile=str(secure.authority))
        client = http.client.HTTPSConnection("127.0.0.1", port, timeout=STEP_SECONDS, context=context)
        client.set_tunnel("localhost", secure.port)
        client.request("GET", "/v2/")
        answer = client.getresponse().read()
        client.close()
        return answer

    async def scenario() -> bytes:
        async with proxy() as port:
            return await asyncio.to_thread(get, port)

    assert asyncio.run(scenario()) == b"/v2/"
