# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HAProxy with rendered routes, and raw requests to it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    Rendered,
    RenderOptions,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request
from devcluster.ports import free_port
from tests.faults.registry_gateways.processes import ProcessError, installed

LOOPBACK = "127.0.0.1"
TIMEOUT_SECONDS = 10
START_SECONDS = 15.0
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")


@dataclass(frozen=True)
class Response:
    """What the proxy said; ``headers`` by their names in lower case."""

    code: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def location(self) -> str:
        """Empty where there is none."""
        return self.headers.get("location", "")


class Connection:
    """One connection, kept open from request to request while the proxy does."""

    def __init__(self, address: str, port: int, source: str = LOOPBACK) -> None:
        self._place = (address, port)
        self._source = source
        self._socket: socket.socket | None = None
        self._received = b""

    def close(self) -> None:
        """Ends it; the next request makes a new one."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._received = None, b""

    @property
    def is_open(self) -> bool:
        """Whether the next request goes over a connection that is there."""
        return self._socket is not None

    def ask_to_the_end(self, octets: bytes) -> bytes:
        """Sends a request to which the end of the connection ends the answer; all of it."""
        with socket.create_connection(self._place, TIMEOUT_SECONDS, (self._source, 0)) as own:
            own.sendall(octets)
            return b"".join(iter(lambda: own.recv(65536), b""))

    def ask(self, octets: bytes, *, has_body: bool = True) -> Response:
        """Sends a whole request. Raises OSError where there is no whole answer.

        :param has_body: whether the answer has one: not to HEAD
        """
        if self._socket is None:
            self._socket = socket.create_connection(self._place, TIMEOUT_SECONDS, (self._source, 0))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(octets)
        response = self._response(has_body=has_body)
        if response.headers.get("connection", "") == "close":
            self.close()
        return response

    def _response(self, *, has_body: bool) -> Response:
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        status = _STATUS.match(first)
        assert status is not None, first
        pairs = (line.decode("latin-1").partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", 0)) if has_body else 0
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return Response(int(status[1]), headers, body)

    def _receive(self) -> None:
        assert self._socket is not None
        octets = self._socket.recv(65536)
        if not octets:
            self.close()
            raise ConnectionError("the proxy closed the connection")
        self._received += octets


@dataclass
class Proxy:
    """A running HAProxy.

    :ivar log: what it wrote, access log and messages
    """

    process: subprocess.Popen[bytes]
    log: Path
    _connections: dict[tuple[str, str, int], Connection] = field(default_factory=dict)

    def connection(self, options: RenderOptions, source: str = LOOPBACK) -> Connection:
        """The one from this address of the loopback network to the proxy that has these options."""
        key = (source, options.address, options.http_port)
        return self._connections.setdefault(key, Connection(options.address, options.http_port, source))

    def ask(self, options: RenderOptions, request: Request) -> Response:
        """The answer to a request of the resolver's kind."""
        connection = self.connection(options, str(request.source))
        octets, has_body = wire(request), request.method != "HEAD"
        try:
            return connection.ask(octets, has_body=has_body)
        except ConnectionError:
            # An idle connection may have been closed meanwhile.
            connection.close()
            return connection.ask(octets, has_body=has_body)

    def drain(self) -> None:
        """Tells it to end once it is idle, as a kubelet does."""
        self.process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        """Ends it and waits for its end."""
        for connection in self._connections.values():
            connection.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log_lines(self) -> list[str]:
        """The access log: one object of JSON in each line."""
        return [line for line in self.log.read_text("latin-1").splitlines() if line.startswith("{")]


def wire(request: Request) -> bytes:
    """The request as it is sent."""
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def write(rendered: Rendered, folder: Path) -> Path:
    """Puts the files into the folder; the path of the main one."""
    for name, text in rendered.files.items():
        (folder / name).write_text(text, encoding="ascii")
    return folder / "haproxy.cfg"


def check(files: Sequence[Path]) -> str:
    """What HAProxy dislikes, warnings included; empty for nothing."""
    command = [*_command(files), "-dW", "-c"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    disliked = done.returncode != 0 or "[ALERT]" in done.stderr or "[WARNING]" in done.stderr
    return f"{done.returncode}: {done.stderr}" if disliked else ""


def _command(files: Sequence[Path]) -> list[str]:
    return [installed("haproxy"), *(word for file in files for word in ("-f", str(file)))]


def options_for(folder: Path) -> RenderOptions:
    """For a proxy on free ports, with its files in the folder."""
    return RenderOptions(
        http_port=free_port(),
        metrics_port=free_port(),
        folder=str(folder),
        address=LOOPBACK,
        threads=1,
        max_connections=1000,
    )


@contextmanager
def running(files: Sequence[Path], options: RenderOptions, log: Path) -> Iterator[Proxy]:
    """Starts a proxy with these main files and ends it with the block.

    :param options: of the one that is waited for
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_command(files), "-db"], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    proxy = Proxy(process, log)
    try:
        _wait_for(proxy, options)
        yield proxy
    finally:
        proxy.stop()


def _wait_for(proxy: Proxy, options: RenderOptions) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and proxy.process.poll() is None:
        try:
            socket.create_connection((options.address, options.metrics_port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise ProcessError(f"HAProxy does not listen: {proxy.log.read_text(errors='replace')[-1000:]}")
