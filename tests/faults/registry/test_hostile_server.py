# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes back: no traceback, never past the deadline, bounded memory, no secret told."""

from __future__ import annotations

import json
import resource
import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check
from tests.faults.registry.hostile_server import hostile_server
from tests.faults.registry.test_real_registry import message, statuses

OK = b"HTTP/1.1 200 OK\r\n"
UNAUTHORIZED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\xfe\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        OK + b"Content-Length: 99999999999999999999\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc",
        OK + b"X: y\r\n" * 200 + b"\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        OK + b"Content-Length: 0\r\n folded: line\r\n\r\n",
        OK + b"X: " + b"y" * 70000 + b"\r\n\r\n",
        OK + b"Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n\xff\xfe\x80!",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 90000\r\n\r\n" + b"[" * 90000,
        b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::bad/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /v2/\r\nContent-Length: 0\r\n\r\n",
        UNAUTHORIZED + b"\r\n",
        UNAUTHORIZED + b'WWW-Authenticate: Bearer realm="\r\n\r\n',
        UNAUTHORIZED + b"WWW-Authenticate: Negotiate\r\n\r\n",
        UNAUTHORIZED + b"WWW-Authenticate: Bearer service=x\r\n\r\n",
        UNAUTHORIZED + b'WWW-Authenticate: Bearer realm="http://[/"\r\n\r\n',
        UNAUTHORIZED + b'WWW-Authenticate: Bearer realm="/\x85\xff"\r\n\r\n',
    ],
)
def test_wrong_answers_are_faults_not_tracebacks(check: Check, answer: bytes) -> None:
    with hostile_server(lambda connection, _request: connection.sendall(answer)) as url:
        result = check(url=url, timeout=3, username=USERNAME, password=PASSWORD)
    assert result["failed"]
    assert statuses(result)["connection"] == "ok"
    assert "fail" in (statuses(result)["api"], statuses(result)["credentials"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from([b"", b"HTTP/1.1 ", OK, UNAUTHORIZED + b"WWW-Authenticate: Bearer "]),
    rest=st.binary(max_size=300),
)
def test_any_bytes(check: Check, head: bytes, rest: bytes) -> None:
    with hostile_server(lambda connection, _request: connection.sendall(head + rest)) as url:
        result = check(url=url, timeout=3, username=USERNAME, password=PASSWORD)
    assert result["healthy"] is False


def _drip(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(OK)
    for _octet in range(200):
        time.sleep(0.05)
        connection.sendall(b"X")


def _silence(connection: socket.socket, _request: bytes) -> None:
    connection.recv(1)


def _endless_continue(connection: socket.socket, _request: bytes) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


@pytest.mark.parametrize("answer", [_drip, _silence, _endless_continue])
def test_never_past_the_deadline(check: Check, answer: object) -> None:
    assert callable(answer)
    started = time.monotonic()
    with hostile_server(answer) as url:
        result = check(url=url, timeout=1)
        took = time.monotonic() - started
    assert result["failed"]
    assert took < 5


def test_memory_is_bounded(check: Check) -> None:
    def endless(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n")
        while True:
            connection.sendall(b"A" * 1_000_000)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with hostile_server(endless) as url:
        result = check(url=url, timeout=5)
    assert "longer than the limit" in message(result, "api")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_no_secret_echoed_and_no_terminal_sequence(check: Check) -> None:
    def echo(connection: socket.socket, request: bytes) -> None:
        authorization = next(
            (line for line in request.split(b"\r\n") if line.startswith(b"Authorization")), b""
        )
        if authorization:
            words = authorization.decode() + PASSWORD + "\x1b[31m"
            body = json.dumps({"errors": [{"code": "X", "message": words}]}).encode()
            head = b"HTTP/1.1 500 Oops\r\nContent-Length: " + str(len(body)).encode()
            connection.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
        else:
            connection.sendall(
                UNAUTHORIZED + b'Connection: close\r\nWWW-Authenticate: Basic realm="r"\r\n\r\n'
            )

    with hostile_server(echo) as url:
        result = check(url=url, username=USERNAME, password=PASSWORD)
    told = message(result, "credentials")
    assert "Authorization: Basic ********" in told
    assert PASSWORD not in json.dumps(result)
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("http://elsewhere.test/v2/x/uploads/1", "names another host"),
        ("", "without saying where"),
        ("http://[/", "cannot be used"),
    ],
)
def test_upload_locations_that_are_not_followed(check: Check, location: str, told: str) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST"):
            head = f"HTTP/1.1 202 Accepted\r\nLocation: {location}\r\n".encode()
        elif request.startswith(b"GET /v2/ "):
            head = OK
        else:
            head = b"HTTP/1.1 404 Not Found\r\n"
        connection.sendall(head + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    with hostile_server(answer) as url:
        result = check(url=url, round_trip=True, timeout=5)
    assert told in message(result, "round_trip")
