# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads, mounts, lists and referrers as other registries do them: fakes, since the real one does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    DeadlineExceeded,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import OCI_INDEX
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.paging import tags
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.referrers import (
    fallback_tag,
    referrers,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import (
    Cleanup,
    mount_blob,
    upload_blob,
    upload_in_chunks,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from tests.faults.registry.conftest import Check
from tests.faults.registry.test_odd_registries import odd_registry
from tests.faults.registry.test_real_registry import message
from tests.faults.registry_hostile.lying_registry import (
    OCI_MANIFEST,
    Answer,
    Asked,
    digest,
    index,
    lying_registry,
    manifest,
)

SUBJECT = digest_of(b"subject")


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(client_context(Trust(verify=False)))
    yield transport
    transport.close()


def _client(transport: Transport, url: str) -> Client:
    return Client(parse_url(url).origin, transport)


class _WithoutChunks:
    """Takes whole blobs alone, and keeps them; ``methods`` are those of the requests that came."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.methods: list[str] = []

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(request.path)
        name = parts.path.rpartition("/")[2]
        self.methods.append(request.command)
        if request.command == "POST":
            return 202, {"Location": "/upload"}, b""
        if request.command == "PATCH":
            return 405, {}, b""
        if request.command == "PUT":
            key = parse_qs(parts.query)["digest"][0] if parts.path == "/upload" else name
            self.stored |= {key: body, str(digest_of(body)): body}
            return 201, {}, b""
        if request.command == "DELETE":
            return (202 if self.stored.pop(name, None) is not None else 404), {}, b""
        if request.path == "/v2/":
            return 200, {}, b"{}"
        if name not in self.stored:
            return 404, {}, b"{}"
        return 200, {"Content-Type": OCI_MANIFEST}, self.stored[name]


def test_blobs_are_pushed_whole_where_chunks_are_refused(check: Check) -> None:
    registry = _WithoutChunks()
    with odd_registry(registry) as url:
        result = check(url=url, round_trip=True, timeout=10)
    assert result["capabilities"]["chunked_upload"] is False, message(result, "round_trip")
    assert "pulled byte for byte" in message(result, "round_trip")
    assert registry.methods.count("PATCH") == 1


@pytest.mark.parametrize(("shortest", "sizes"), [("", [50, 50, 20]), ("70", [70, 50]), ("x", [50, 50, 20])])
def test_chunks_are_as_long_as_the_registry_wants(
    transport: Transport, shortest: str, sizes: list[int]
) -> None:
    received: list[bytes] = []

    def strict(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if request.command == "POST":
            told = {"OCI-Chunk-Min-Length": shortest} if shortest else {}
            return 202, {"Location": "/upload"} | told, b""
        if request.command == "PATCH":
            received.append(body)
            return 202, {"Location": "/upload"}, b""
        return 201, {}, b""

    content = bytes(range(120))
    with odd_registry(strict) as url:
        deadline = Deadline.after(5)
        assert (
            upload_in_chunks(_client(transport, url), "a", content, 50, deadline, Cleanup(deadline)).status
            == 201
        )
    assert list(map(len, received)) == sizes
    assert b"".join(received) == content


def test_a_mount_that_becomes_an_upload_is_cancelled(transport: Transport) -> None:
    def lie(request: Asked) -> Answer | None:
        if request.method == "POST":
            return Answer(202, b"", (("Location", "/upload/1?state=x"),))
        return Answer(204) if request.method == "DELETE" else None

    deadline = Deadline.after(5)
    with lying_registry(lie) as registry:
        client = _client(transport, registry.url)
        assert mount_blob(client, "a", SUBJECT, "b", deadline, Cleanup(deadline)) is False
    assert [(request.method, request.path) for request in registry.asked] == [
        ("POST", f"/v2/a/blobs/uploads/?mount={str(SUBJECT).replace(':', '%3A')}&from=b"),
        ("DELETE", "/upload/1?state=x"),
    ]


@pytest.mark.parametrize("status", [201, 403])
def test_a_mount_that_is_done_or_refused(transport: Transport, status: int) -> None:
    deadline = Deadline.after(5)
    with lying_registry(lambda _request: Answer(status)) as registry:
        client = _client(transport, registry.url)
        if status == 201:
            assert mount_blob(client, "a", SUBJECT, "b", deadline, Cleanup(deadline)) is True
        else:
            with pytest.raises(UnexpectedStatus, match="mounting a blob: HTTP 403"):
                mount_blob(client, "a", SUBJECT, "b", deadline, Cleanup(deadline))
    assert len(registry.asked) == 1


def test_the_user_s_own_time_limit_is_told(transport: Transport) -> None:
    deadline = Deadline.after(0.2)
    with lying_registry() as registry, pytest.raises(DeadlineExceeded) as exceeded:
        upload_blob(_client(transport, registry.url), "a", b"x", deadline.before(0.2), Cleanup(deadline))
    assert "the time limit of 0.2 s (0.2 s of it kept for cleaning up)" in exceeded.value.message


def _referring() -> bytes:
    content = manifest()
    return index([{"mediaType": OCI_MANIFEST, "digest": digest(content), "size": len(content)}])


@pytest.mark.parametrize("media_type", [OCI_INDEX, "application/json"])
def test_referrers_by_the_api(transport: Transport, media_type: str) -> None:
    with lying_registry() as registry:
        registry.stored[f"/v2/a/referrers/{SUBJECT}"] = Answer(
            200, _referring(), (("Content-Type", media_type),)
        )
        found = referrers(_client(transport, registry.url), "a", SUBJECT, Deadline.after(5))
    assert found.supported
    assert [str(each.digest) for each in found.found] == [digest(manifest())]
    assert len(registry.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_referrers_by_the_fallback_tag(transport: Transport, status: int) -> None:
    def lie(request: Asked) -> Answer | None:
        return Answer(status) if "/referrers/" in request.path else None

    with lying_registry(lie) as registry:
        registry.stored[f"/v2/a/manifests/{fallback_tag(SUBJECT)}"] = Answer(
            200, _referring(), (("Content-Type", OCI_INDEX),)
        )
        found = referrers(_client(transport, registry.url), "a", SUBJECT, Deadline.after(5))
        none = referrers(_client(transport, registry.url), "b", SUBJECT, Deadline.after(5))
    assert not found.supported
    assert [str(each.digest) for each in found.found] == [digest(manifest())]
    assert none.found == ()


def _listed(transport: Transport, url: str) -> list[str]:
    return list(tags(_client(transport, url), "a", Deadline.after(10)))


@pytest.mark.parametrize("count", [1, 99, 100, 101, 300, 350])
@pytest.mark.parametrize("inclusive", [False, True])
def test_fewer_than_asked_for_on_each_page_without_a_word(
    transport: Transport, count: int, inclusive: bool
) -> None:
    stored = [f"t{number:04}" for number in range(count)]

    def clamp(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        last = parse_qs(urlsplit(request.path).query).get("last", [""])[0]
        rest = [tag for tag in stored if tag > last or (inclusive and tag == last)]
        return 200, {}, json.dumps({"tags": rest[:100]}).encode()

    with odd_registry(clamp) as url:
        assert _listed(transport, url) == stored


@pytest.mark.parametrize("status", [200, 400, 404, 405, 501])
def test_a_list_that_knows_no_second_page(transport: Transport, status: int) -> None:
    asked: list[str] = []

    def whole(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(request.path)
        return (status if "last=" in request.path else 200), {}, b'{"tags": ["c", "a", "b"]}'

    with odd_registry(whole) as url:
        assert _listed(transport, url) == ["c", "a", "b"]
    assert asked == ["/v2/a/tags/list?n=1000", "/v2/a/tags/list?n=1000&last=b"]


def test_a_second_page_that_fails_is_not_passed_over(transport: Transport) -> None:
    def broken(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        return (500 if "last=" in request.path else 200), {}, b'{"tags": ["a"]}'

    with odd_registry(broken) as url, pytest.raises(UnexpectedStatus, match="HTTP 500"):
        _listed(transport, url)


def test_the_last_page_of_several_with_links_is_the_end(transport: Transport) -> None:
    asked: list[str] = []

    def linking(request: BaseHTTPRequestHandler, _body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(request.path)
        if "last=" in request.path:
            return 200, {}, b'{"tags": ["c"]}'
        return 200, {"Link": '</v2/a/tags/list?last=b>; rel="next"'}, b'{"tags": ["a", "b"]}'

    with odd_registry(linking) as url:
        assert _listed(transport, url) == ["a", "b", "c"]
    assert len(asked) == 2


def test_a_registry_that_is_healthy_at_the_second_try(check: Check) -> None:
    tries = 0

    def lie(_request: Asked) -> Answer | None:
        nonlocal tries
        tries += 1
        return Answer(503) if tries == 1 else None

    with lying_registry(lie) as registry:
        failed = check(url=registry.url, timeout=10)
        tries = 0
        result = check(url=registry.url, timeout=10, retries=2, delay=0)
    assert failed["failed"]
    assert result["healthy"], result
