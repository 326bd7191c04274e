# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that repeats the password wherever it may write: it is in no part of the result."""

from __future__ import annotations

import json
import time

import pytest

from tests.faults.registry.conftest import Check
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

# The second stands by itself wherever this server repeats it.
PASSWORDS = ("sesame-open-71", "q7z")


def _error(message: str) -> bytes:
    return json.dumps({"errors": [{"code": "DENIED", "message": message}]}).encode()


@pytest.mark.parametrize("password", PASSWORDS)
def test_password_told_everywhere(check: Check, password: str) -> None:
    entry = {
        "mediaType": OCI_MANIFEST,
        "digest": digest(b"x"),
        "size": 1,
        "platform": {"os": "linux", "architecture": password},
    }

    def lie(request: Asked) -> Answer | None:
        if request.authorization is None:
            return Answer(401, b"", (("WWW-Authenticate", 'Basic realm="r"'),))
        told = (("Warning", f'299 - "is {password}"'),)
        if request.path.endswith("/manifests/digest"):
            return Answer(200, manifest(), (*told, ("Docker-Content-Digest", f"x:{password}")))
        if request.path.endswith("/manifests/index"):
            return Answer(200, index([entry]), (*told, ("Content-Type", OCI_INDEX)))
        if request.path.endswith("/manifests/type"):
            return Answer(200, b"{}", (*told, ("Content-Type", f"text/{password}")))
        if "/manifests/" in request.path:
            return Answer(403, _error(f"not with {password}"), told)
        return None

    with lying_registry(lie) as registry:
        references = ("digest", "index", "type", "refused")
        result = check(
            url=registry.url,
            username="u",
            password=password,
            wrong_credentials=False,
            expect=[expected(REPOSITORY, tags=references)],
        )
    # A digest of an algorithm that nobody can verify is doubtful, whatever it says.
    assert [entry["status"] for entry in result["references"]] == ["warn", "ok", "fail", "fail"]
    assert result["registry_warnings"] == ["is ********"]
    assert json.dumps(result).count("********") >= 5
    assert password not in json.dumps(result)


@pytest.mark.parametrize("password", ["Sesame-Open-71", "Two  Blanks-71", "Schlüssel-71"])
def test_password_that_comes_back_in_another_spelling(check: Check, password: str) -> None:
    config = b'{"architecture":"amd64","os":"linux"}'
    descriptor = {"digest": digest(config), "size": len(config)}

    def lie(request: Asked) -> Answer | None:
        if request.authorization is None:
            return Answer(401, b"", (("WWW-Authenticate", 'Basic realm="r"'),))
        told = (("Content-Type", f"x/{password.encode().decode('latin-1')}"),)
        if request.path.endswith("/manifests/type"):
            return Answer(200, b'{"mediaType": "y"}', told)
        if request.path.endswith("/manifests/known"):
            return Answer(200, json.dumps({"config": descriptor, "layers": []}).encode(), told)
        if request.path.endswith("/manifests/index"):
            named = {"os": "linux", "architecture": f"a.{password}"}
            entry = {"mediaType": OCI_MANIFEST, **descriptor, "platform": named}
            return Answer(200, index([entry]), (("Content-Type", OCI_INDEX),))
        if "/manifests/" in request.path:
            return Answer(403, _error(f"not with {password.upper()} or {password}"))
        return None

    with lying_registry(lie) as registry:
        result = check(
            url=registry.url,
            username="u",
            password=password,
            wrong_credentials=False,
            expect=[expected(REPOSITORY, tags=("type", "known", "index", "refused"))],
        )
    kind, known, listed, refused = result["references"]
    # A media type that nobody knows is not shown.
    assert (kind["media_type"], known["media_type"], listed["media_type"]) == ("", "", OCI_INDEX)
    assert [kind["status"], refused["status"]] == ["fail", "fail"]
    assert listed["platforms"] == ["linux/a.********"]
    shown = json.dumps(result, ensure_ascii=False).casefold()
    for spelling in (password, " ".join(password.split()), password.encode().decode("latin-1")):
        assert spelling.casefold() not in shown


def test_password_across_the_cut_of_what_is_told_of_an_image(check: Check) -> None:
    password = PASSWORDS[0]

    def lie(request: Asked) -> Answer | None:
        if request.authorization is None:
            return Answer(401, b"", (("WWW-Authenticate", 'Basic realm="r"'),))
        if "/manifests/" not in request.path:
            return None
        # Nothing listens there. What is shown of it ends at one octet or another within the password.
        nowhere = f"http://127.0.0.1:1/{'x' * int(request.path.rpartition('/')[2])}{password}"
        return Answer(307, b"", (("Location", nowhere),))

    with lying_registry(lie) as registry:
        result = check(
            url=registry.url,
            username="u",
            password=password,
            wrong_credentials=False,
            expect=[expected(REPOSITORY, tags=tuple(map(str, range(300, 325))))],
        )
    told = [entry["message"] for entry in result["references"]]
    assert len(told) == 25
    assert all("xxx" in message for message in told)
    assert any("********" in message for message in told)
    assert f"x{password[0]}" not in json.dumps(result)


def test_password_that_is_cut_off(check: Check) -> None:
    password = PASSWORDS[0]

    def lie(request: Asked) -> Answer | None:
        if request.authorization is None:
            return Answer(401, b"", (("WWW-Authenticate", 'Basic realm="r"'),))
        # What is shown of an error ends at one octet or another within the password.
        length = int(request.path.rpartition("/")[2]) if "/manifests/" in request.path else 0
        return Answer(403, _error("x" * length + password * 20)) if length else None

    lengths = range(150, 200)
    with lying_registry(lie) as registry:
        result = check(
            url=registry.url,
            username="u",
            password=password,
            wrong_credentials=False,
            expect=[expected(REPOSITORY, tags=tuple(map(str, lengths)))],
        )
    assert len(result["references"]) == len(lengths)
    assert all("xxx" in entry["message"] for entry in result["references"])
    assert password[:4] not in json.dumps(result)


def test_very_many_long_secrets_end_with_the_time_limit(check: Check) -> None:
    issued = 0

    def lie(request: Asked) -> Answer | None:
        nonlocal issued
        if request.path.startswith("/token"):
            issued += 1
            # As alike as they can be, and the error below repeats how they begin.
            token = f"{'abcd' * 90}{issued:06}".ljust(16_000, "t")
            return Answer(200, json.dumps({"token": token, "expires_in": 1}).encode())
        if request.path == "/v2/":
            return None
        if "/tags/list" in request.path:
            return Answer(200, tags([f"t{number}" for number in range(20_000)]))
        if (request.authorization or "").startswith("Bearer ") and "/manifests/" in request.path:
            return Answer(404, _error("abcd" * 90))
        return Answer(401, b"", (("WWW-Authenticate", f'Bearer realm="/token?{issued}"'),))

    started = time.monotonic()
    with lying_registry(lie) as registry:
        result = check(url=registry.url, timeout=6, expect=[expected(REPOSITORY, all_tags=True)])
        took = time.monotonic() - started
    assert took < 10
    assert issued > 128
    assert "abcdabcd" not in json.dumps(result)
