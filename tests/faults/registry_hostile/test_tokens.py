# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token servers that give nonsense, too much, or a token that never helps."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.conftest import CheckMeasured
from tests.faults.registry_hostile.lying_registry import Answer, Asked, lying_registry

MEGABYTE = 1_000_000
LOGIN = {"username": USERNAME, "password": PASSWORD}


def _challenge(realm: str) -> Answer:
    value = f'Bearer realm="{realm}",service="s",scope="repository:a/b:pull"'
    return Answer(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}', (("WWW-Authenticate", value),))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"token": null}',
        b'{"token": 5}',
        b'{"token": ["a"]}',
        b'{"token": ""}',
        b'{"token": "a\\r\\nX-Injected: 1"}',
        b'{"token": "\\u0000"}',
        b'{"token": "\\ud800"}',
        b'{"token": "' + b"t" * 500_000 + b'"}',
        b'{"token": ' + b"[" * 50_000,
        b"<html>\xff",
    ],
)
def test_tokens_that_are_none(check: Check, body: bytes) -> None:
    def lie(request: Asked) -> Answer | None:
        if request.path.startswith("/token"):
            return Answer(200, body)
        return _challenge("/token")

    with lying_registry(lie) as registry:
        result = check(url=registry.url, timeout=5, **LOGIN)
    assert result["failed"]
    assert statuses(result)["credentials"] == "fail"
    assert len(message(result, "credentials")) < 700
    assert len(registry.asked) < 30


@pytest.mark.parametrize("lifetime", [0, -1, 1, 10**30, "soon", None, 1e308])
def test_token_that_never_helps(check: Check, lifetime: object) -> None:
    def lie(request: Asked) -> Answer | None:
        if request.path.startswith("/token"):
            return Answer(200, json.dumps({"token": "useless", "expires_in": lifetime}).encode())
        return _challenge("/token")

    started = time.monotonic()
    with lying_registry(lie) as registry:
        result = check(url=registry.url, timeout=5, **LOGIN)
        took = time.monotonic() - started
    assert statuses(result)["credentials"] == "fail"
    assert len(registry.asked) < 30
    assert took < 9


def test_token_without_an_end(check_measured: CheckMeasured) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"token": "'
        for _ in range(200):
            yield b"t" * MEGABYTE

    def lie(request: Asked) -> Answer | None:
        return Answer(200, endless()) if request.path.startswith("/token") else _challenge("/token")

    with lying_registry(lie) as registry:
        result, octets = check_measured(url=registry.url, timeout=8, **LOGIN)
    assert statuses(result)["credentials"] == "fail"
    assert octets < 30 * MEGABYTE


def test_token_server_that_sends_on(check: Check) -> None:
    with lying_registry() as elsewhere:

        def lie(request: Asked) -> Answer | None:
            if request.path.startswith("/token"):
                return Answer(307, b"", (("Location", f"{elsewhere.url}/token"),))
            return _challenge("/token")

        with lying_registry(lie) as registry:
            result = check(url=registry.url, timeout=5, **LOGIN)
    assert statuses(result)["credentials"] == "fail"
    assert {request.authorization for request in elsewhere.asked} <= {None}
