# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    parse_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import Platform

BLOB = Descriptor("text/plain", digest_of(b"x"), 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def image(**changed: object) -> bytes:
    document = {"schemaVersion": 2, "config": BLOB.as_json(), "layers": [BLOB.as_json()]} | changed
    return json.dumps(document).encode()


def index(*platforms: dict[str, str] | None, **changed: object) -> bytes:
    entries = [BLOB.as_json() | ({"platform": platform} if platform else {}) for platform in platforms]
    return json.dumps({"schemaVersion": 2, "manifests": entries} | changed).encode()


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_images(media_type: str) -> None:
    read = parse_manifest(image(mediaType=media_type), media_type)
    assert (read.media_type, read.blobs, read.is_index) == (media_type, (BLOB, BLOB), False)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_indexes(media_type: str) -> None:
    arm = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    attestation = {"os": "unknown", "architecture": "unknown"}
    read = parse_manifest(index(arm, attestation, None, mediaType=media_type), media_type)
    assert read.is_index
    assert read.platforms == (Platform("linux", "arm64"),)
    selected = read.select(Platform("linux", "arm64"))
    assert selected is not None
    assert selected.descriptor == BLOB
    assert read.select(Platform("linux", "amd64")) is None


def test_a_document_without_media_type_is_what_the_answer_says() -> None:
    assert parse_manifest(index(), OCI_INDEX).media_type == OCI_INDEX
    assert parse_manifest(index(), "application/json").media_type == OCI_INDEX


@pytest.mark.parametrize(
    ("body", "media_type", "told"),
    [
        (b"<html>", OCI_MANIFEST, "not JSON"),
        (b"[]", OCI_MANIFEST, "not a JSON object"),
        (image(mediaType=OCI_MANIFEST), OCI_INDEX, "the answer that it is"),
        (image(config=None), OCI_MANIFEST, "no configuration"),
        (image(layers="x"), OCI_MANIFEST, "no list"),
        (image(layers=[1]), OCI_MANIFEST, "not an object"),
        (image(layers=[{"size": 1}]), OCI_MANIFEST, "without a digest"),
        (image(layers=[BLOB.as_json() | {"size": True}]), OCI_MANIFEST, "without a size"),
        (image(layers=[BLOB.as_json() | {"size": -1}]), OCI_MANIFEST, "without a size"),
        (image(layers=[BLOB.as_json() | {"digest": "sha256:x"}]), OCI_MANIFEST, "not a sha256 digest"),
        (b'{"schemaVersion": 1}', "application/vnd.docker.distribution.manifest.v1+json", "schema 1"),
        (b"{}", "text/html", "not known"),
    ],
)
def test_refused(body: bytes, media_type: str, told: str) -> None:
    with pytest.raises(SyntaxFault, match=told):
        parse_manifest(body, media_type)


@given(
    key=st.sampled_from(["mediaType", "manifests", "config", "layers", "schemaVersion"]),
    value=JSON,
    media_type=st.sampled_from([OCI_INDEX, OCI_MANIFEST, "", "text/html"]),
)
def test_any_document_is_read_or_refused(key: str, value: object, media_type: str) -> None:
    with suppress(SyntaxFault):
        parse_manifest(image(**{key: value}), media_type)
    with suppress(SyntaxFault):
        parse_manifest(index(None, **{key: value}), media_type)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(SyntaxFault):
        parse_manifest(body, OCI_MANIFEST)


@pytest.mark.parametrize("length", [100, 127, 128, 5000])
def test_a_media_type_is_told_whole_or_not_at_all(length: int) -> None:
    unknown = "x" * length
    with pytest.raises(SyntaxFault) as known_by_none:
        parse_manifest(json.dumps({"mediaType": unknown}).encode(), unknown)
    with pytest.raises(SyntaxFault) as contradicting:
        parse_manifest(image(mediaType=unknown), OCI_MANIFEST)
    for fault in (known_by_none, contradicting):
        assert (unknown in fault.value.message) == (length <= 127)
        assert ("xx" in fault.value.message) == (length <= 127)
