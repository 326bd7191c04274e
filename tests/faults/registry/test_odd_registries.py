# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that do it another way, or wrongly: fakes, since the real one cannot be made to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import OciError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.paging import tags
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import (
    Cleanup,
    upload_in_chunks,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from tests.faults.registry.conftest import PASSWORD, USERNAME, Check
from tests.faults.registry.test_real_registry import message, statuses

Answer = Callable[[BaseHTTPRequestHandler, bytes], tuple[int, dict[str, str], bytes]]


class Odd(BaseHTTPRequestHandler):
    """Calls ``answer`` for each request."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    answer: Answer

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, content = self.answer(self, body)
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()


@contextmanager
def odd_registry(answer: Answer) -> Iterator[str]:
    handler = type("Handler", (Odd,), {"answer": staticmethod(answer)})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}"
    finally:
        listener.shutdown()
        listener.server_close()


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(client_context(Trust(verify=False)))
    yield transport
    transport.close()


def read_tags(transport: Transport, answer: Answer) -> list[str]:
    with odd_registry(answer) as url:
        return list(tags(Client(parse_url(url).origin, transport), "a", Deadline.after(10)))


def test_pages_without_links(transport: Transport) -> None:
    stored = [f"t{number:04}" for number in range(2500)]

    def trow(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        query = parse_qs(urlsplit(request.path).query)
        rest = [tag for tag in stored if tag > query.get("last", [""])[0]]
        return 200, {}, json.dumps({"tags": rest[: int(query["n"][0])]}).encode()

    assert read_tags(transport, trow) == stored


@pytest.mark.parametrize("count", [3, 1000, 1500])
def test_a_registry_without_pages(transport: Transport, count: int) -> None:
    stored = [f"t{number}" for number in range(count)]
    content = json.dumps({"tags": stored}).encode()
    assert read_tags(transport, lambda _request, _body: (200, {}, content)) == stored


def test_smaller_pages_where_they_are_too_large(transport: Transport) -> None:
    asked: list[str] = []

    def strict(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(request.path)
        if "n=1000" in request.path:
            return 400, {}, b"{}"
        return 200, {}, b'{"tags": null}'

    assert read_tags(transport, strict) == []
    assert asked == ["/v2/a/tags/list?n=1000", "/v2/a/tags/list?n=100"]


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ('<http://elsewhere.test/>; rel="next"', "another host"),
        ("</v2/a/tags/list?n=1000>; rel=next", "back to one"),
        ("broken", "angle brackets"),
    ],
)
def test_links_that_are_not_followed(transport: Transport, link: str, told: str) -> None:
    with pytest.raises(OciError, match=told):
        read_tags(transport, lambda _request, _body: (200, {"Link": link}, b'{"tags": ["x"]}'))


def test_endless_pages_end(transport: Transport) -> None:
    count = 0

    def endless(_request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        nonlocal count
        count += 1
        return 200, {"Link": f"</next/{count}>; rel=next"}, b'{"tags": ["x"]}'

    with pytest.raises(OciError, match="more than 1000 pages"):
        read_tags(transport, endless)


def test_a_registry_that_asks_for_patience(transport: Transport) -> None:
    times: list[float] = []

    def busy(_request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        times.append(time.monotonic())
        return (200 if len(times) == 2 else 429), {"Retry-After": "2"}, b"{}"

    with odd_registry(busy) as url:
        client = Client(parse_url(url).origin, transport, patience=Patience(3))
        assert client.ping(Deadline.after(10)).status == 200
        assert 1.9 < times[1] - times[0] < 8
        assert client.ping(Deadline.after(1.5)).status == 429


def test_a_registry_that_is_down_for_good_is_not_asked_for_ever(check: Check) -> None:
    count = 0

    def down(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        nonlocal count
        count += "manifests" in request.path
        return (503 if "manifests" in request.path else 200), {"Retry-After": "0"}, b"{}"

    with odd_registry(down) as url:
        result = check(url=url, expect=[{"repository": "a", "tags": [f"t{number}" for number in range(100)]}])
    assert message(result, "expected_references").startswith("100 of 100 faulty: a:t0: HTTP 503")
    assert 100 < count <= 130


def token_registry(answer: Answer) -> Answer:
    """Wants a token from its own ``/token``, which ``answer`` is asked for."""

    def registry(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if request.path.startswith("/token"):
            return answer(request, body)
        if request.headers.get("Authorization") == "Bearer good":
            return 200, {}, b"{}"
        return 401, {"WWW-Authenticate": 'Bearer realm="/token",service="s",scope="push/pull"'}, b"{}"

    return registry


@pytest.mark.parametrize("identity_token", [None, "refresh"])
def test_a_token_server_of_oauth2_alone(transport: Transport, identity_token: str | None) -> None:
    forms: list[dict[str, list[str]]] = []

    def server(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if request.command != "POST":
            return 405, {}, b""
        forms.append(parse_qs(body.decode()))
        return 200, {}, b'{"access_token": "good"}'

    with odd_registry(token_registry(server)) as url:
        credentials = Credentials("a", "b+c d", identity_token)
        client = Client(parse_url(url).origin, transport, credentials)
        assert client.head_manifest("r", "t", Deadline.after(5)).status == 200
    assert len(forms) == 1
    assert forms[0]["scope"] == ["push/pull repository:r:pull"]
    if identity_token is None:
        assert (forms[0]["grant_type"], forms[0]["password"]) == (["password"], ["b+c d"])
    else:
        assert (forms[0]["grant_type"], forms[0]["refresh_token"]) == (["refresh_token"], ["refresh"])


def test_a_login_that_accepts_anything(check: Check) -> None:
    def server(_request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b'{"token": "good"}'

    with odd_registry(token_registry(server)) as url:
        result = check(url=url, username=USERNAME, password=PASSWORD)
        assert "accepts anything" in message(result, "wrong_credentials_refused")
        untried = check(url=url, username=USERNAME, password=PASSWORD, wrong_credentials=False)
        assert statuses(untried)["wrong_credentials_refused"] == "skipped"


def test_a_clock_that_differs_and_warnings(check: Check) -> None:
    headers = {
        "Date": "Mon, 01 Jan 2024 00:00:00 GMT",
        "Warning": '299 - "moves to another host"',
        "Server": "odd/1",
    }
    with odd_registry(lambda _request, _body: (200, headers, b"{}")) as url:
        result = check(url=url)
    assert statuses(result)["clock"] == "warn"
    assert "behind the one here" in message(result, "clock")
    assert result["registry_warnings"] == ["moves to another host"]
    assert result["versions"] == {"server": "odd/1"}


def test_slow_answers(check: Check) -> None:
    def slow(_request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.05)
        return 200, {}, b"{}"

    with odd_registry(slow) as url:
        result = check(url=url, max_latency_ms=20)
    assert statuses(result)["latency"] == "warn"


def test_an_index_refused_since_accept_got_lost(check: Check) -> None:
    words = "OCI index found, but accept header does not support OCI indexes"
    content = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": words}]}).encode()

    def registry(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return (404, {}, content) if "manifests" in request.path else (200, {}, b"{}")

    with odd_registry(registry) as url:
        result = check(url=url, expect=[{"repository": "a", "tags": ["b"]}])
    assert "drop or change the Accept header" in message(result, "expected_references")


def test_bytes_that_are_not_what_their_digest_says(check: Check) -> None:
    def registry(_request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Docker-Content-Digest": str(digest_of(b"other"))}, b"{}"

    with odd_registry(registry) as url:
        result = check(url=url, expect=[{"repository": "a", "tags": ["b"]}])
    assert "the bytes received have digest" in message(result, "expected_references")


@pytest.mark.parametrize("limit", [700, 300 * 1024])
def test_the_largest_request_that_passes(check: Check, limit: int) -> None:
    def proxy(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if len(body) > limit:
            return 413, {"Connection": "close"}, b""
        if request.command == "POST":
            return 202, {"Location": "/upload"}, b""
        return (200 if request.path == "/v2/" else 400), {}, b"{}"

    with odd_registry(proxy) as url:
        result = check(url=url, round_trip=True, round_trip_size=limit * 3)
    assert "client_max_body_size" in message(result, "round_trip")
    assert f"the largest that passes is {limit} octets" in message(result, "round_trip")


def test_chunks_go_on_where_the_registry_is(transport: Transport) -> None:
    received = bytearray()
    lost = [True]

    def forgetful(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        where = {"Location": f"/upload?state={len(received)}"}
        if request.command == "POST":
            return 202, where, b""
        if request.command == "GET":
            return 204, where | {"Range": f"0-{len(received) - 1}"}, b""
        if request.command == "PUT":
            return (
                (201 if str(digest_of(bytes(received))) in request.path.replace("%3A", ":") else 400),
                {},
                b"",
            )
        first = int(request.headers["Content-Range"].partition("-")[0])
        if first != len(received):
            return 416, {}, b""
        # Takes half of the second chunk and says that it took all.
        cut = lost and first > 0
        received.extend(body[: len(body) // 2] if cut else body)
        if cut:
            lost.clear()
        return 202, where, b""

    content = bytes(range(200))
    with odd_registry(forgetful) as url:
        client = Client(parse_url(url).origin, transport)
        deadline = Deadline.after(5)
        assert upload_in_chunks(client, "a", content, 60, deadline, Cleanup(deadline)).status == 201
    assert bytes(received) == content
