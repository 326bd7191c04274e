# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits without end, warnings in floods, and slow answers."""

from __future__ import annotations

import itertools
import time

import pytest

from tests.faults.registry.conftest import Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.lying_registry import (
    EMPTY_CONFIG,
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    Asked,
    lying_registry,
    manifest,
)
from tests.faults.registry_storage.depots import expected

WANTED = [expected(REPOSITORY, tags=("tag",))]


@pytest.mark.parametrize(
    "retry_after",
    [
        None,
        "0",
        "-5",
        "1",
        "99999999999999999999",
        "1e999",
        "NaN",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "soon",
        "\xff",
        "",
    ],
)
def test_rate_limit_that_never_ends(check: Check, retry_after: str | None) -> None:
    headers = () if retry_after is None else (("Retry-After", retry_after),)
    started = time.monotonic()
    with lying_registry(lambda _: Answer(429, b"", headers)) as registry:
        result = check(url=registry.url, timeout=2)
        took = time.monotonic() - started
    assert result["failed"]
    assert statuses(result)["api"] == "fail"
    assert took < 6
    # A server that asks for fewer requests must not get a storm of them.
    assert len(registry.asked) < 20


def test_rate_limit_in_the_middle(check: Check) -> None:
    refused = itertools.count()

    def lie(request: Asked) -> Answer | None:
        if "/manifests/" in request.path and next(refused) < 2:
            return Answer(429, b"", (("Retry-After", "0"),))
        return None

    with lying_registry(lie) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "tag")
        result = check(url=registry.url, expect=WANTED, timeout=10)
    assert result["healthy"], result


def test_flood_of_warnings(check: Check) -> None:
    number = itertools.count()

    def lie(request: Asked) -> Answer | None:
        flood = tuple(
            ("Warning", f'299 - "warning {next(number)} {"x" * 1000}\\" \x9b31m {request.path}"')
            for _ in range(60)
        )
        if request.path == "/v2/":
            return Answer(200, b"{}", flood)
        return Answer(200, manifest(), (("Content-Type", OCI_MANIFEST), *flood))

    tagged = tuple(f"t{number}" for number in range(50))
    with lying_registry(lie) as registry:
        result = check(url=registry.url, expect=[expected(REPOSITORY, tags=tagged)], timeout=20)
    warnings = result["registry_warnings"]
    assert 0 < len(warnings) <= 200
    assert sum(map(len, warnings)) < 200_000
    assert all(text.isprintable() for text in warnings)


def test_a_warning_is_told_once_and_changes_nothing(check: Check) -> None:
    warning = (("Warning", '299 - "this registry, \\"old\\", ends soon"'), ("Warning", '199 - "other"'))

    def lie(request: Asked) -> Answer | None:
        if request.path == "/v2/":
            return Answer(200, b"{}", warning)
        return Answer(200, manifest(), (("Content-Type", OCI_MANIFEST), *warning))

    with lying_registry(lie) as registry:
        result = check(url=registry.url, expect=[expected(REPOSITORY, tags=("a", "b"))])
    assert result["healthy"], result
    assert result["registry_warnings"] == ['this registry, "old", ends soon']


def test_slow_answers_are_a_warning_where_asked_for(check: Check) -> None:
    def lie(_request: Asked) -> Answer | None:
        time.sleep(0.06)
        return None

    with lying_registry(lie) as registry:
        slow = check(url=registry.url, max_latency_ms=30)
        assert slow["healthy"]
        assert statuses(slow)["latency"] == "warn"
        assert "30" in message(slow, "latency")
        assert statuses(check(url=registry.url, max_latency_ms=5000))["latency"] == "ok"


def test_slow_blobs_end_with_the_time_limit(check: Check) -> None:
    def lie(request: Asked) -> Answer | None:
        if "/blobs/" in request.path:
            time.sleep(0.5)
            return Answer(200, EMPTY_CONFIG)
        return None

    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "size": len(EMPTY_CONFIG)}
    layers = [layer | {"digest": f"sha256:{number:064x}"} for number in range(200)]
    started = time.monotonic()
    with lying_registry(lie) as registry:
        registry.store_manifest(manifest(layers), OCI_MANIFEST, "tag")
        result = check(url=registry.url, expect=WANTED, deep=True, timeout=2)
        took = time.monotonic() - started
    assert result["failed"]
    assert took < 6
