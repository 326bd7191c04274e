# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of algorithms that are not registered: what nobody can verify does not count as verified."""

from __future__ import annotations

import pytest

from tests.faults.registry.conftest import Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.lying_registry import (
    EMPTY_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    digest,
    index,
    lying_registry,
    manifest,
)
from tests.faults.registry_storage.depots import expected

MD5 = "md5:d41d8cd98f00b204e9800998ecf8427e"
UNVERIFIED = "nobody can verify: only sha256 and sha512 are registered"


@pytest.mark.parametrize("told", [MD5, "echo:anything", "sha256+b64:YWJj"])
def test_a_tag_has_the_digest_of_its_bytes(check: Check, told: str) -> None:
    headers = (("Content-Type", OCI_MANIFEST), ("Docker-Content-Digest", told))
    with lying_registry() as registry:
        registry.stored[f"/v2/{REPOSITORY}/manifests/tag"] = Answer(200, manifest(), headers)
        result = check(url=registry.url, expect=[expected(REPOSITORY, tags=("tag",))])
    (found,) = result["references"]
    assert (found["status"], found["digest"]) == ("warn", digest(manifest()))
    assert UNVERIFIED in found["message"]
    assert result["healthy"]
    assert statuses(result)["expected_references"] == "warn"
    assert UNVERIFIED in message(result, "expected_references")


def test_a_manifest_that_is_asked_for_by_such_a_digest_fails(check: Check) -> None:
    with lying_registry() as registry:
        registry.stored[f"/v2/{REPOSITORY}/manifests/{MD5}"] = Answer(
            200, manifest(), (("Content-Type", OCI_MANIFEST),)
        )
        result = check(url=registry.url, expect=[expected(REPOSITORY, tags=(MD5,))])
    assert result["references"][0]["status"] == "fail"
    assert f"the manifest: its digest is of the algorithm md5, which {UNVERIFIED}" in result["msg"]


def test_a_configuration_that_is_named_by_such_a_digest_fails(check: Check) -> None:
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": MD5,
        "size": len(EMPTY_CONFIG),
    }
    with lying_registry() as registry:
        registry.store_manifest(manifest(config=config), OCI_MANIFEST, "tag")
        registry.stored[f"/v2/{REPOSITORY}/blobs/{MD5}"] = Answer(200, EMPTY_CONFIG)
        result = check(
            url=registry.url, expect=[expected(REPOSITORY, tags=("tag",), platforms=("linux/amd64",))]
        )
    assert f"the configuration: its digest is of the algorithm md5, which {UNVERIFIED}" in result["msg"]


def test_a_manifest_that_an_index_names_by_such_a_digest_fails(check: Check) -> None:
    entry = {"mediaType": OCI_MANIFEST, "digest": MD5, "size": len(manifest())}
    with lying_registry() as registry:
        registry.store_manifest(index([entry]), OCI_INDEX, "tag")
        registry.stored[f"/v2/{REPOSITORY}/manifests/{MD5}"] = Answer(
            200, manifest(), (("Content-Type", OCI_MANIFEST),)
        )
        result = check(url=registry.url, deep=True, expect=[expected(REPOSITORY, tags=("tag",))])
    assert statuses(result)["blobs"] == "fail"
    assert UNVERIFIED in message(result, "blobs")
    assert [found["status"] for found in result["references"]] == ["fail"]
