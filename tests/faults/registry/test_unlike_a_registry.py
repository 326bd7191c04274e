# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that answer 200 and are no registries: fakes, of which there are many kinds."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from tests.faults.registry.conftest import Check, Start
from tests.faults.registry.test_odd_registries import odd_registry
from tests.faults.registry.test_real_registry import message, statuses

Told = tuple[int, dict[str, str], bytes]
STATUS = b'{"status": "UP"}'


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, STATUS, "warn"),
        ({}, b"OK", "warn"),
        ({}, b"[]", "warn"),
        ({"Content-Type": "text/plain"}, b"\n<!DOCTYPE html><p>hello", "fail"),
        ({"Content-Type": "text/plain"}, b"<HTML>", "fail"),
        ({}, b"", "ok"),
        ({}, b"{}\n", "ok"),
        ({}, b"true", "ok"),
        ({"docker-distribution-api-version": "registry/2.0"}, b"OK", "ok"),
    ],
)
def test_an_answer_that_anybody_could_give(
    check: Check, headers: dict[str, str], body: bytes, status: str
) -> None:
    with odd_registry(lambda _request, _body: (200, headers, body)) as url:
        result = check(url=url)
    assert statuses(result)["api"] == status
    assert result["healthy"] is (status != "fail")
    if status == "warn":
        assert "nothing says that it is a registry" in message(result, "api")


@pytest.mark.parametrize("entry", [{"repository": "a"}, {"repository": "a", "all_tags": True}])
def test_a_repository_in_what_is_no_registry(check: Check, entry: dict[str, object]) -> None:
    with odd_registry(lambda _request, _body: (200, {}, STATUS)) as url:
        result = check(url=url, expect=[entry], catalog=True)
    assert statuses(result)["expected_references"] == statuses(result)["catalog"] == "fail"
    assert "is none of a registry: it has no key 'tags'" in message(result, "expected_references")


def test_an_image_that_may_not_be_pulled_without_credentials(check: Check) -> None:
    def closed(request: BaseHTTPRequestHandler, _body: bytes) -> Told:
        if request.path == "/v2/":
            return 200, {}, b"{}"
        return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b"{}"

    with odd_registry(closed) as url:
        result = check(url=url, expect=[{"repository": "a", "tags": ["t"]}])
    assert "HTTP 401: it may not be pulled without credentials" in message(result, "expected_references")


def test_deep_without_anything_expected(start_registry: Start, check: Check) -> None:
    url = start_registry().url
    result = check(url=url, deep=True)
    assert statuses(result)["blobs"] == "skipped"
    assert any(line.startswith("blobs ") and "expect" in line for line in result["table"])
    assert not any(line.startswith("blobs ") for line in check(url=url)["table"])
    assert not any("certificate_equals_secret" in line for line in result["table"])


def test_a_round_trip_although_an_image_is_missing(start_registry: Start, check: Check) -> None:
    url = start_registry().url
    result = check(url=url, expect=[{"repository": "a", "tags": ["t"]}], round_trip=True)
    assert statuses(result)["expected_references"] == "fail"
    assert statuses(result)["round_trip"] == "ok"


def test_tries_are_told(check: Check) -> None:
    nowhere = "http://127.0.0.1:1"
    assert "is unhealthy: connection: " in check(url=nowhere)["msg"]
    assert "is unhealthy after 3 tries: " in check(url=nowhere, retries=2, delay=0)["msg"]
    cut = check(url=nowhere, retries=9, delay=0.4, timeout=1)["msg"]
    assert "of 10 tries (timeout, 1 s, allowed no more): " in cut
