# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that keeps the specification in a way of its own, as Trow does: reported as it is, no fault.

Ours, since Trow is not among what the tests build. It has three of Trow's ways: the scope of its challenge
is "push/pull", pages of tags come without Link, and DELETE of a blob is 405 where that of a manifest is 202.
Otherwise it can do as little as is allowed: uploads in one piece, no mounts, no referrers, no ranges, no
catalogue.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import OCI_MANIFEST
from tests.faults.registry.conftest import PASSWORD, USERNAME, Check
from tests.faults.registry.test_odd_registries import odd_registry
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.lying_registry import manifest

BASIC = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
CHALLENGE = 'Bearer realm="/login",service="trow_registry",scope="push/pull"'
PATH = re.compile(r"/v2/(?P<name>[a-z0-9/-]+)/(?P<kind>tags|manifests|blobs)/(?P<rest>.+)\Z")
Told = tuple[int, dict[str, str], bytes]


@dataclass
class LikeTrow:
    """What is stored, and every request as method and path."""

    manifests: dict[tuple[str, str], bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def store(self, name: str, tag: str, content: bytes) -> None:
        """As a push does."""
        self.manifests |= {(name, tag): content, (name, str(digest_of(content))): content}

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> Told:
        self.asked.append((request.command, request.path))
        path = urlsplit(request.path).path
        authorization = request.headers.get("Authorization")
        if path == "/login":
            return (200, {}, b'{"token": "good"}') if authorization == BASIC else (401, {}, b"")
        if authorization != "Bearer good":
            return 401, {"WWW-Authenticate": CHALLENGE}, b"{}"
        if path == "/v2/":
            return 200, {}, b"{}"
        found = PATH.match(path)
        if found is None:
            return 404, {}, b"{}"
        query = parse_qs(urlsplit(request.path).query)
        if found["kind"] == "tags":
            return self._tags(found["name"], query)
        if found["kind"] == "manifests":
            return self._manifest(request.command, found["name"], found["rest"], body)
        return self._blob(request, found["rest"], query, body)

    def _tags(self, name: str, query: dict[str, list[str]]) -> Told:
        last, most = query.get("last", [""])[0], int(query["n"][0])
        names = sorted(tag for owner, tag in self.manifests if owner == name and ":" not in tag)
        page = [tag for tag in names if tag > last][:most]
        return 200, {}, json.dumps({"name": name, "tags": page}).encode()

    def _manifest(self, method: str, name: str, reference: str, body: bytes) -> Told:
        if method == "PUT":
            self.store(name, reference, body)
            return 201, {}, b""
        content = self.manifests.get((name, reference))
        if content is None:
            return 404, {}, b"{}"
        if method == "DELETE":
            self.manifests = {
                key: value for key, value in self.manifests.items() if key[0] != name or value != content
            }
            return 202, {}, b""
        told = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": str(digest_of(content))}
        return 200, told, content

    def _blob(
        self, request: BaseHTTPRequestHandler, rest: str, query: dict[str, list[str]], body: bytes
    ) -> Told:
        if request.command == "POST":
            return 202, {"Location": f"{urlsplit(request.path).path}one"}, b""
        if request.command == "PUT":
            self.blobs[unquote(query["digest"][0])] = body
            return 201, {}, b""
        if request.command in ("DELETE", "PATCH"):
            return 405, {}, b""
        content = self.blobs.get(rest)
        return (404, {}, b"{}") if content is None else (200, {}, content)


@pytest.fixture
def trow() -> LikeTrow:
    return LikeTrow()


def test_its_ways_are_capabilities_and_no_faults(check: Check, trow: LikeTrow) -> None:
    trow.store("a", "t", manifest())
    before = dict(trow.manifests)
    with odd_registry(trow) as url:
        result = check(
            url=url,
            username=USERNAME,
            password=PASSWORD,
            expect=[{"repository": "a", "tags": ["t"]}],
            catalog=True,
            round_trip=True,
        )
    assert result["healthy"], result
    assert {name for name, status in statuses(result).items() if status == "warn"} == set()
    seen = {
        "authentication": "bearer",
        "catalog": False,
        "chunked_upload": False,
        "delete": True,
        "delete_blob": False,
        "mount": False,
        "push": True,
        "range": False,
        "referrers": False,
    }
    assert {name: result["capabilities"].get(name) for name in seen} == seen
    assert message(result, "catalog").startswith("not offered, which is no fault")
    assert message(result, "referrers").startswith("no API for them, so clients use a tag instead")
    assert message(result, "round_trip") == (
        "pushed, pulled byte for byte, deleted; single blobs cannot be deleted here, "
        "the registry collects them by itself"
    )
    assert result["leftovers"] == []
    # What it cannot delete was asked for, and stays until it collects what no manifest names.
    assert "DELETE" in {method for method, path in trow.asked if "/blobs/sha256:" in path}
    assert trow.manifests == before


class KeepsWhatItHas(LikeTrow):
    """Says that it deletes, and then does not."""

    def _manifest(self, method: str, name: str, reference: str, body: bytes) -> Told:
        if method == "DELETE" and (name, reference) in self.manifests:
            return 403, {}, b""
        return super()._manifest(method, name, reference, body)


def test_what_it_keeps_is_told(check: Check) -> None:
    keeper = KeepsWhatItHas()
    with odd_registry(keeper) as url:
        result = check(url=url, username=USERNAME, password=PASSWORD, round_trip=True)
    assert result["capabilities"]["delete"] is None
    assert statuses(result)["round_trip"] == "warn"
    assert result["changed"]
    (left,) = result["leftovers"]
    assert left.startswith("image clusterdepot-health/probe:probe-")


def test_every_tag_of_its_pages_is_looked_at(check: Check, trow: LikeTrow) -> None:
    names = [f"t{number:04}" for number in range(1205)]
    for name in names:
        trow.store("a", name, manifest())
    trow.manifests["a", names[-1]] = b"{"
    with odd_registry(trow) as url:
        result = check(
            url=url, username=USERNAME, password=PASSWORD, expect=[{"repository": "a", "all_tags": True}]
        )
    assert [entry["reference"] for entry in result["references"]] == [f"a:{name}" for name in names]
    faulty = [entry["reference"] for entry in result["references"] if entry["status"] != "ok"]
    assert faulty == [f"a:{names[-1]}"]
    pages = dict.fromkeys(path for _method, path in trow.asked if "/tags/list" in path)
    assert list(pages)[:2] == ["/v2/a/tags/list?n=1000", "/v2/a/tags/list?n=1000&last=t0999"]


def test_its_scope_is_passed_on_as_it_is(check: Check, trow: LikeTrow) -> None:
    with odd_registry(trow) as url:
        result = check(url=url, username=USERNAME, password=PASSWORD)
        refused = check(url=url, username=USERNAME, password="wrong")
    assert statuses(result)["credentials"] == statuses(result)["wrong_credentials_refused"] == "ok"
    assert statuses(refused)["credentials"] == "fail"
    scopes = [parse_qs(urlsplit(path).query).get("scope") for _method, path in trow.asked if "/login" in path]
    assert scopes
    assert all(found == ["push/pull"] for found in scopes)


@dataclass
class VerifiesNothing(LikeTrow):
    """Whatever digest it is told, it takes the content, as Trow does; behind a limit of 4000 octets.

    ``deletes``: blobs too, which Trow does not. ``believes``: it keeps it under the digest that it is told.
    """

    deletes: bool = False
    believes: bool = False

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> Told:
        if len(body) > 4000:
            return 413, {"Connection": "close"}, b""
        return super().__call__(request, body)

    def _blob(
        self, request: BaseHTTPRequestHandler, rest: str, query: dict[str, list[str]], body: bytes
    ) -> Told:
        if request.command == "PUT":
            told = unquote(query["digest"][0])
            self.blobs[told if self.believes else str(digest_of(body))] = body
            return 201, {}, b""
        if request.command == "DELETE" and self.deletes:
            return (404 if self.blobs.pop(rest, None) is None else 202), {}, b""
        return super()._blob(request, rest, query, body)


@pytest.mark.parametrize("believes", [False, True])
@pytest.mark.parametrize("deletes", [False, True])
def test_what_it_stores_under_a_wrong_digest_is_told(check: Check, deletes: bool, believes: bool) -> None:
    registry = VerifiesNothing(deletes=deletes, believes=believes)
    with odd_registry(registry) as url:
        result = check(url=url, username=USERNAME, password=PASSWORD, round_trip=True, round_trip_size=6000)
    told = message(result, "round_trip")
    assert "the largest that passes is between 3000 octets" in told
    assert "the registry verifies no digests" in told
    # No more than one was stored, and what of it is still there is told.
    assert len(registry.blobs) == (0 if deletes else 1)
    assert result["leftovers"] == [f"blob clusterdepot-health/probe@{digest}" for digest in registry.blobs]
    assert result["changed"] is not deletes
