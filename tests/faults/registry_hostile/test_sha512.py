# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content that is named by its sha512 digest is compared with it byte for byte, as that of sha256 is.

The server is ours, since registries that store what is named so are rare.
"""

from __future__ import annotations

import hashlib

import pytest

from tests.faults.registry.conftest import Check
from tests.faults.registry.test_real_registry import message
from tests.faults.registry_hostile.lying_registry import (
    EMPTY_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    index,
    lying_registry,
    manifest,
)
from tests.faults.registry_storage.depots import expected

KIND = ("Content-Type", OCI_MANIFEST)
ANOTHER = EMPTY_CONFIG.replace(b"amd64", b"arm64")


def sha512(content: bytes) -> str:
    return f"sha512:{hashlib.sha512(content).hexdigest()}"


def config_named(content: bytes) -> dict[str, object]:
    kind = "application/vnd.oci.image.config.v1+json"
    return {"mediaType": kind, "digest": sha512(content), "size": len(content)}


CONTENT = manifest(config=config_named(EMPTY_CONFIG))
# One octet at the end is JSON all the same, and the same document.
ALTERED = CONTENT + b" "
WANTED = [expected(REPOSITORY, tags=(sha512(CONTENT),))]
FOR_PLATFORM = [expected(REPOSITORY, tags=("tag",), platforms=("linux/amd64",))]


def stored_at(reference: str) -> str:
    return f"/v2/{REPOSITORY}/manifests/{reference}"


@pytest.mark.parametrize("headers", [(KIND,), (KIND, ("Docker-Content-Digest", sha512(CONTENT)))])
def test_manifest_asked_for_by_digest(check: Check, headers: tuple[tuple[str, str], ...]) -> None:
    with lying_registry() as registry:
        registry.stored[stored_at(sha512(CONTENT))] = Answer(200, CONTENT, headers)
        result = check(url=registry.url, expect=WANTED)
        registry.stored[stored_at(sha512(CONTENT))] = Answer(200, ALTERED, headers)
        altered = check(url=registry.url, expect=WANTED)
    assert result["healthy"], result
    assert result["references"][0]["digest"] == sha512(CONTENT)
    told = message(altered, "expected_references")
    assert f"the bytes received have digest {sha512(ALTERED)}, expected {sha512(CONTENT)}" in told


def test_manifest_whose_tag_is_told_to_have_a_digest(check: Check) -> None:
    headers = (KIND, ("Docker-Content-Digest", sha512(CONTENT)))
    wanted = [expected(REPOSITORY, tags=("tag",))]
    with lying_registry() as registry:
        registry.stored[stored_at("tag")] = Answer(200, CONTENT, headers)
        result = check(url=registry.url, expect=wanted)
        registry.stored[stored_at("tag")] = Answer(200, ALTERED, headers)
        altered = check(url=registry.url, expect=wanted)
    assert result["healthy"], result
    assert result["references"][0]["digest"] == sha512(CONTENT)
    assert "the bytes received have digest sha512:" in message(altered, "expected_references")


def test_configuration_asked_for_by_digest(check: Check) -> None:
    with lying_registry() as registry:
        registry.store_manifest(CONTENT, OCI_MANIFEST, "tag")
        blob = f"/v2/{REPOSITORY}/blobs/{sha512(EMPTY_CONFIG)}"
        registry.stored[blob] = Answer(200, EMPTY_CONFIG)
        result = check(url=registry.url, expect=FOR_PLATFORM, deep=True)
        registry.stored[blob] = Answer(200, ANOTHER)
        altered = check(url=registry.url, expect=FOR_PLATFORM)
    assert result["healthy"], result
    assert result["references"][0]["platforms"] == ["linux/amd64"]
    # Of the same length, and for another platform: that must not be believed.
    assert len(ANOTHER) == len(EMPTY_CONFIG)
    told = message(altered, "expected_references")
    assert "the configuration: the bytes received have digest sha512:" in told
    assert "arm64" not in told


def test_manifest_that_an_index_names(check: Check) -> None:
    entry = {
        "mediaType": OCI_MANIFEST,
        "digest": sha512(CONTENT),
        "size": len(CONTENT),
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    with lying_registry() as registry:
        registry.store_manifest(index([entry]), OCI_INDEX, "tag")
        registry.stored[stored_at(sha512(CONTENT))] = Answer(200, CONTENT, (KIND,))
        registry.stored[f"/v2/{REPOSITORY}/blobs/{sha512(EMPTY_CONFIG)}"] = Answer(200, EMPTY_CONFIG)
        result = check(url=registry.url, expect=FOR_PLATFORM, deep=True)
        registry.stored[stored_at(sha512(CONTENT))] = Answer(200, ALTERED, (KIND,))
        altered = check(url=registry.url, expect=FOR_PLATFORM, deep=True)
    assert result["healthy"], result
    assert "the bytes received have digest sha512:" in message(altered, "blobs")


@pytest.mark.parametrize("length", [64, 127, 129])
def test_sha512_of_a_wrong_length_is_none(check: Check, length: int) -> None:
    named = config_named(EMPTY_CONFIG) | {"digest": f"sha512:{'0' * length}"}
    with lying_registry() as registry:
        registry.store_manifest(manifest(config=named), OCI_MANIFEST, "tag")
        result = check(url=registry.url, expect=FOR_PLATFORM)
    assert "not a sha512 digest: expected 128" in message(result, "expected_references")
    assert not any("/blobs/" in request.path for request in registry.asked)
