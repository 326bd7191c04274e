# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tag lists that never end, lead elsewhere, or are no lists."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Result
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.conftest import CheckMeasured
from tests.faults.registry_hostile.lying_registry import (
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    Asked,
    LyingRegistry,
    lying_registry,
    manifest,
    tags,
)
from tests.faults.registry_storage.depots import expected

MEGABYTE = 1_000_000
LIST = f"/v2/{REPOSITORY}/tags/list"
EVERYTHING = [expected(REPOSITORY, all_tags=True)]


def fault(result: Result) -> str:
    """What is told of a tag list that cannot be read."""
    assert result["failed"]
    assert statuses(result)["expected_references"] == "fail", result
    told = message(result, "expected_references")
    assert "\x1b" not in told
    return told


def asked_lists(registry: LyingRegistry) -> list[str]:
    return [request.path for request in registry.asked if request.path.startswith(LIST)]


def test_endless_pages(check: Check) -> None:
    count = 0

    def lie(request: Asked) -> Answer | None:
        nonlocal count
        if not request.path.startswith(LIST):
            return None
        count += 1
        link = ("Link", f'<{LIST}?n=1000&next_page=token-{count}>; rel="next"')
        return Answer(200, tags([f"t{count}"]), (link,))

    started = time.monotonic()
    with lying_registry(lie) as registry:
        result = check(url=registry.url, expect=EVERYTHING, timeout=10)
    assert fault(result)
    assert time.monotonic() - started < 14


@pytest.mark.parametrize(
    "link", [f"<{LIST}?last=a>", f"<{LIST}?last=b>", "<?last=a>", f"<{LIST}?last=a>; rel=prev"]
)
def test_pages_in_a_circle(check: Check, link: str) -> None:
    def lie(request: Asked) -> Answer | None:
        if not request.path.startswith(LIST):
            return None
        other = f"<{LIST}?last={'b' if request.path.endswith('a') else 'a'}>" if "last=b" in link else link
        shown = other if "rel" in other else f'{other}; rel="next"'
        return Answer(200, tags(["one"]), (("Link", shown),))

    with lying_registry(lie) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "one")
        result = check(url=registry.url, expect=EVERYTHING, timeout=5)
    assert len(asked_lists(registry)) <= 4
    if "prev" in link:
        assert result["healthy"], result
    else:
        assert fault(result)


@pytest.mark.parametrize("credentials", [{}, {"username": USERNAME, "password": PASSWORD}])
def test_next_page_at_another_place_is_not_asked_for(check: Check, credentials: dict[str, str]) -> None:
    with lying_registry() as elsewhere:

        def lie(request: Asked) -> Answer | None:
            if credentials and request.authorization is None:
                return Answer(401, b"", (("WWW-Authenticate", 'Basic realm="r"'),))
            if not request.path.startswith(LIST):
                return None
            link = ("Link", f'<{elsewhere.url}{LIST}?last=one>; rel="next"')
            return Answer(200, tags(["one"]), (link,))

        with lying_registry(lie) as registry:
            registry.store_manifest(manifest(), OCI_MANIFEST, "one")
            result = check(
                url=registry.url, expect=EVERYTHING, timeout=5, wrong_credentials=False, **credentials
            )
    assert fault(result)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    "link",
    [
        "",
        "<",
        "<>",
        '<>; rel="next"',
        "<http://[/>; rel=next",
        "\xff\xfe",
        "<" + "x" * 20_000 + ">; rel=next",
    ],
)
def test_links_that_cannot_be_read(check: Check, link: str) -> None:
    def lie(request: Asked) -> Answer | None:
        return Answer(200, tags(["one"]), (("Link", link),)) if request.path.startswith(LIST) else None

    with lying_registry(lie) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "one")
        result = check(url=registry.url, expect=EVERYTHING, timeout=5)
    # Whether such a link is none or a fault is the client's to say, in time and in words.
    assert "expected_references" in statuses(result)
    assert len(asked_lists(registry)) <= 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"tags": 1}',
        b'{"tags": {"a": 1}}',
        b'{"tags": [1, null, [], {}]}',
        b"{}",
        b'{"tags": ["../../../_catalog"]}',
        b'{"tags": ["a b", "\\u0000", "\\u001b[31m", ""]}',
        b'{"tags": ["x\\r\\nX-Injected: 1"]}',
        b'{"tags": ["\\ud800"]}',
        b'{"tags": [' + b"[" * 100_000,
        b"\xff\xfe\x00",
        json.dumps({"tags": ["t" * 5000]}).encode(),
    ],
)
def test_tags_that_are_none(check: Check, body: bytes) -> None:
    with lying_registry() as registry:
        registry.stored[LIST] = Answer(200, body)
        result = check(url=registry.url, expect=EVERYTHING, timeout=5)
    assert fault(result)
    assert not any("_catalog" in request.path for request in registry.asked)
    assert not any("\x1b" in line for line in result["table"])


@pytest.mark.parametrize("body", [b'{"name": "a/b"}', b'{"tags": null}', b'{"tags": []}'])
def test_no_tags_at_all_is_not_passed_over(check: Check, body: bytes) -> None:
    with lying_registry() as registry:
        registry.stored[LIST] = Answer(200, body)
        result = check(url=registry.url, expect=EVERYTHING, timeout=5)
    assert statuses(result)["expected_references"] in ("warn", "fail")
    assert "no tags" in message(result, "expected_references")


def _million_tags() -> Iterator[bytes]:
    yield b'{"name":"a/b","tags":["first"'
    for number in range(200_000):
        yield b',"' + b"tag-%0200d" % number + b'"'
    yield b"]}"


def test_a_page_without_an_end_takes_no_memory(check_measured: CheckMeasured) -> None:
    def lie(request: Asked) -> Answer | None:
        return Answer(200, _million_tags(), length=None) if request.path.startswith(LIST) else None

    with lying_registry(lie) as registry:
        result, octets = check_measured(url=registry.url, expect=EVERYTHING, timeout=10)
    assert "limit" in fault(result)
    assert octets < 60 * MEGABYTE


def test_many_tags_that_are_not_there(check_measured: CheckMeasured) -> None:
    names = [f"t{number}" for number in range(100_000)]

    def lie(request: Asked) -> Answer | None:
        return Answer(200, tags(names)) if request.path.startswith(LIST) else None

    started = time.monotonic()
    with lying_registry(lie) as registry:
        result, octets = check_measured(url=registry.url, expect=EVERYTHING, timeout=3)
    assert fault(result)
    # Starting the interpreter twice is not what is bounded here.
    assert time.monotonic() - started < 9
    assert octets < 150 * MEGABYTE
