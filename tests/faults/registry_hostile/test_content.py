# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests and blobs that are not what they say, or far too much of it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Result
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.conftest import CheckMeasured
from tests.faults.registry_hostile.lying_registry import (
    EMPTY_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    Asked,
    LyingRegistry,
    digest,
    index,
    lying_registry,
    manifest,
)
from tests.faults.registry_storage.depots import expected

MEGABYTE = 1_000_000
TAGGED = f"/v2/{REPOSITORY}/manifests/tag"
WANTED = [expected(REPOSITORY, tags=("tag",), platforms=("linux/amd64",))]
LAYER = b"the bytes of a layer"
LAYER_NAMED = {
    "mediaType": "application/vnd.oci.image.layer.v1.tar",
    "digest": digest(LAYER),
    "size": len(LAYER),
}


def told(result: Result) -> str:
    """What is told of the tag, which must be a fault in words for a terminal."""
    assert result["failed"], result
    names = [name for name in ("expected_references", "blobs") if statuses(result).get(name) == "fail"]
    assert names, result
    text = " ".join(message(result, name) for name in names)
    assert text.isprintable()
    return text


def test_the_fake_is_healthy_where_nothing_is_wrong(check: Check) -> None:
    with lying_registry() as registry:
        registry.store_blob(EMPTY_CONFIG)
        registry.store_blob(LAYER)
        registry.store_manifest(manifest([LAYER_NAMED]), OCI_MANIFEST, "tag")
        result = check(url=registry.url, expect=WANTED, deep=True)
    assert result["healthy"], result


Spoil = Callable[[bytes], Answer]
KIND = ("Content-Type", OCI_MANIFEST)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: Answer(200, content, (KIND, ("Docker-Content-Digest", digest(b"another")))),
        lambda content: Answer(200, content, (KIND, ("Docker-Content-Digest", "sha256:abc"))),
        lambda content: Answer(200, content, (KIND,), length=len(content) + 10),
        lambda content: Answer(200, content, (KIND,), length=len(content) - 10),
        lambda content: Answer(200, content, (("Content-Type", OCI_INDEX),)),
        lambda content: Answer(200, content, (("Content-Type", "text/html"),)),
        lambda content: Answer(200, content[:50], (KIND,)),
        lambda _: Answer(200, b"<html>" + b"\xff" * 100, (KIND,)),
        lambda _: Answer(200, b"", (KIND,)),
        lambda _: Answer(204, b"", (KIND,)),
        lambda _: Answer(500, b"\x1b[31m\xff" * 100),
        lambda _: Answer(302, b"", (("Location", TAGGED),)),
    ],
)
def test_manifest_that_is_not_what_it_says(check: Check, spoil: Spoil) -> None:
    with lying_registry() as registry:
        registry.stored[TAGGED] = spoil(manifest())
        result = check(url=registry.url, expect=WANTED, timeout=5)
    assert told(result)


def _named(**changes: object) -> bytes:
    return manifest([LAYER_NAMED | changes])


@pytest.mark.parametrize(
    "content",
    [
        _named(digest="sha256:../../../../etc/passwd"),
        _named(digest="md5:d41d8cd98f00b204e9800998ecf8427e"),
        _named(digest="../../_catalog"),
        _named(digest=None),
        _named(digest=["sha256:" + "0" * 64]),
        _named(digest="sha256:" + "0" * 64 + "\r\nX-Injected: 1"),
        _named(size=-1),
        _named(size="20"),
        _named(size=True),
        _named(size=2**200),
        _named(size=1.5),
        _named(size=None),
        manifest([1, None, "x", []]),
        manifest([], config=[]),
        manifest([], config="sha256:abc"),
        json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": {"a": 1}}).encode(),
        json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(),
        b'{"schemaVersion": 2, "layers": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"schemaVersion": NaN}',
        b"[" * 200_000,
    ],
)
def test_manifest_of_nonsense(check: Check, content: bytes) -> None:
    with lying_registry() as registry:
        registry.store_blob(EMPTY_CONFIG)
        registry.store_manifest(content, OCI_MANIFEST, "tag")
        result = check(url=registry.url, expect=WANTED, deep=True, timeout=5)
    assert told(result)
    assert not any(".." in request.path or "_catalog" in request.path for request in registry.asked)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["digest", "size", "mediaType", "platform", "os", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=JSON, layers=JSON, manifests=JSON, kind=st.sampled_from([OCI_INDEX, OCI_MANIFEST, "x", ""]))
def test_any_document(check: Check, config: object, layers: object, manifests: object, kind: str) -> None:
    document = {"schemaVersion": 2, "config": config, "layers": layers, "manifests": manifests}
    content = json.dumps(document).encode()
    with lying_registry() as registry:
        registry.store_manifest(content, kind, "tag")
        result = check(url=registry.url, expect=WANTED, deep=True, timeout=5)
    assert result["healthy"] is False


def test_gigantic_manifest_takes_no_memory(check_measured: CheckMeasured) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"schemaVersion":2,"layers":["'
        for _ in range(300):
            yield b"x" * MEGABYTE

    with lying_registry() as registry:
        registry.stored[TAGGED] = Answer(200, endless(), (KIND,), length=None)
        result, octets = check_measured(url=registry.url, expect=WANTED, timeout=10)
    assert "limit" in told(result)
    assert octets < 60 * MEGABYTE


def test_index_that_names_very_many_images(check_measured: CheckMeasured) -> None:
    entry = {
        "mediaType": OCI_MANIFEST,
        "size": 2,
        "platform": {"os": "linux", "architecture": "s390x"},
    }
    entries = [entry | {"digest": digest(str(number).encode())} for number in range(20_000)]
    started = time.monotonic()
    with lying_registry() as registry:
        registry.store_manifest(index(entries), OCI_INDEX, "tag")
        result, octets = check_measured(url=registry.url, expect=WANTED, deep=True, timeout=4)
    assert told(result)
    assert time.monotonic() - started < 10
    assert octets < 150 * MEGABYTE


def test_manifest_that_names_very_many_layers(check_measured: CheckMeasured) -> None:
    # More than 10,000 are refused unseen.
    layers = [LAYER_NAMED | {"digest": digest(str(number).encode())} for number in range(9_990)]
    started = time.monotonic()
    with lying_registry(_late) as registry:
        registry.store_blob(EMPTY_CONFIG)
        registry.store_manifest(manifest(layers), OCI_MANIFEST, "tag")
        result, octets = check_measured(url=registry.url, expect=WANTED, deep=True, timeout=3)
    assert "the time limit was over before all that it needs was looked at" in told(result)
    # Only those that there was time for were asked for.
    asked = [request for request in registry.asked if "/blobs/" in request.path]
    assert 20 < len(asked) < 400
    assert time.monotonic() - started < 9
    assert octets < 150 * MEGABYTE


def _late(request: Asked) -> Answer | None:
    if "/blobs/" not in request.path or request.path.endswith(digest(EMPTY_CONFIG)):
        return None
    time.sleep(0.01)
    return Answer(200, LAYER)


def test_indexes_in_indexes(check: Check) -> None:
    with lying_registry() as registry:
        kind, content = OCI_MANIFEST, manifest()
        for _ in range(200):
            name = registry.store_manifest(content, kind)
            entries = [{"mediaType": kind, "digest": name, "size": len(content)}] * 3
            kind, content = OCI_INDEX, index(entries)
        registry.store_manifest(content, OCI_INDEX, "tag")
        started = time.monotonic()
        result = check(url=registry.url, expect=WANTED, deep=True, timeout=4)
    assert time.monotonic() - started < 9
    assert told(result)
    # Three ways into each of 200 indexes are 3^200; that far no one may go.
    assert len(registry.asked) < 2000


def _redirecting(registry: LyingRegistry, where: Callable[[int], str]) -> None:
    counter = itertools.count()

    def lie(request: Asked) -> Answer | None:
        if "/blobs/" not in request.path:
            return None
        return Answer(307, b"", (("Location", where(next(counter))),))

    registry.lie = lie


@pytest.mark.parametrize(
    "where",
    [
        lambda _: f"/v2/{REPOSITORY}/blobs/{digest(LAYER)}",
        lambda number: f"/v2/{REPOSITORY}/blobs/{digest(LAYER)}?{number}",
        lambda _: "",
        lambda _: "http://[::",
        lambda _: "ftp://127.0.0.1/blob",
        lambda _: "http://user:password@127.0.0.1/",
        lambda _: "http://127.0.0.1:1/gone",
    ],
)
def test_redirects_of_blobs_that_lead_nowhere(check: Check, where: Callable[[int], str]) -> None:
    with lying_registry() as registry:
        registry.store_manifest(manifest([LAYER_NAMED]), OCI_MANIFEST, "tag")
        _redirecting(registry, where)
        result = check(url=registry.url, expect=WANTED, deep=True, timeout=5)
    assert told(result)
    assert len(registry.asked) < 60


def test_credentials_are_not_sent_where_a_blob_is_said_to_be(check: Check) -> None:
    with lying_registry() as elsewhere, lying_registry() as registry:
        registry.store_manifest(manifest([LAYER_NAMED]), OCI_MANIFEST, "tag")
        challenge = (("WWW-Authenticate", 'Basic realm="r"'),)
        elsewhere.lie = lambda _: Answer(401, b"", challenge)

        def lie(request: Asked) -> Answer | None:
            if request.authorization is None:
                return Answer(401, b"", challenge)
            if "/blobs/" in request.path:
                return Answer(307, b"", (("Location", f"{elsewhere.url}/blob"),))
            return None

        registry.lie = lie
        result = check(
            url=registry.url,
            expect=WANTED,
            deep=True,
            username=USERNAME,
            password=PASSWORD,
            wrong_credentials=False,
            timeout=5,
        )
    assert told(result)
    assert elsewhere.asked
    assert {request.authorization for request in elsewhere.asked} == {None}


@pytest.mark.parametrize("length", [0, 1, 19, 21, 2**40])
def test_blob_of_a_wrong_length(check: Check, length: int) -> None:
    with lying_registry() as registry:
        registry.store_blob(EMPTY_CONFIG)
        registry.store_manifest(manifest([LAYER_NAMED]), OCI_MANIFEST, "tag")
        registry.stored[f"/v2/{REPOSITORY}/blobs/{digest(LAYER)}"] = Answer(200, LAYER, length=length)
        result = check(url=registry.url, expect=WANTED, deep=True, timeout=5)
    assert statuses(result)["blobs"] == "fail"
    assert str(length) in message(result, "blobs")
