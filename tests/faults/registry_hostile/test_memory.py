# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are small to send and large to keep."""

from __future__ import annotations

import time

import pytest

from tests.faults.registry.test_real_registry import message
from tests.faults.registry_hostile.conftest import CheckMeasured
from tests.faults.registry_hostile.lying_registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    Asked,
    digest,
    index,
    lying_registry,
    manifest,
    tags,
)
from tests.faults.registry_storage.depots import expected

MEGABYTE = 1_000_000
LIST = f"/v2/{REPOSITORY}/tags/list"
EVERYTHING = [expected(REPOSITORY, all_tags=True)]


@pytest.mark.parametrize("piece", [b"{}", b"[]", b'{"a":1}'])
def test_an_index_of_very_many_small_things(check_measured: CheckMeasured, piece: bytes) -> None:
    body = b'{"manifests":[' + b",".join([piece] * (4_000_000 // (len(piece) + 1))) + b"]}"

    def lie(request: Asked) -> Answer | None:
        return Answer(200, body, (("Content-Type", OCI_INDEX),)) if "/manifests/" in request.path else None

    with lying_registry(lie) as registry:
        wanted = [expected(REPOSITORY, tags=tuple(f"t{number}" for number in range(40)))]
        result, octets = check_measured(url=registry.url, expect=wanted, connections=8, timeout=10)
    assert "holds more than" in message(result, "expected_references")
    assert octets < 120 * MEGABYTE


def test_indexes_of_very_many_platforms(check_measured: CheckMeasured) -> None:
    def entry(number: int) -> dict[str, object]:
        platform = {"os": f"{number:050d}", "architecture": "a" * 64, "variant": "b" * 64}
        return {"mediaType": OCI_MANIFEST, "digest": digest(b"x"), "size": 2, "platform": platform}

    body = index([entry(number) for number in range(9999)])

    def lie(request: Asked) -> Answer | None:
        if request.path.startswith(LIST):
            return Answer(200, tags([f"t{number}" for number in range(1000)]))
        return Answer(200, body, (("Content-Type", OCI_INDEX),)) if "/manifests/" in request.path else None

    started = time.monotonic()
    with lying_registry(lie) as registry:
        result, octets = check_measured(url=registry.url, expect=EVERYTHING, timeout=6)
    assert time.monotonic() - started < 10
    assert {len(found["platforms"]) for found in result["references"] if found["status"] == "ok"} == {64}
    assert octets < 150 * MEGABYTE


def test_digests_without_an_end(check_measured: CheckMeasured) -> None:
    told = (("Content-Type", OCI_MANIFEST), ("Docker-Content-Digest", "x:" + "a" * 60_000))

    def lie(request: Asked) -> Answer | None:
        if request.path.startswith(LIST):
            return Answer(200, tags([f"t{number}" for number in range(3000)]))
        return Answer(200, manifest(), told) if "/manifests/" in request.path else None

    with lying_registry(lie) as registry:
        result, octets = check_measured(url=registry.url, expect=EVERYTHING, timeout=8)
    assert max(len(found["digest"]) for found in result["references"]) < 200
    assert octets < 50 * MEGABYTE


def test_media_types_without_an_end(check_measured: CheckMeasured) -> None:
    told = (("Content-Type", "x/" + "a" * 60_000),)

    def lie(request: Asked) -> Answer | None:
        if request.path.startswith(LIST):
            return Answer(200, tags([f"t{number}" for number in range(3000)]))
        return Answer(200, manifest(), told) if "/manifests/" in request.path else None

    with lying_registry(lie) as registry:
        result, octets = check_measured(url=registry.url, expect=EVERYTHING, timeout=8)
    assert {found["media_type"] for found in result["references"]} == {""}
    assert octets < 50 * MEGABYTE
