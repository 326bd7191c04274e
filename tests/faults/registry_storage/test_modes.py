# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage and modes of a registry: S3 with and without redirects, read-only, without deletion, as a proxy."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.faults.registry.conftest import Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_gateways.processes import Processes
from tests.faults.registry_storage.depots import HEAD_REFUSED, Depots, expected
from tests.faults.registry_storage.images import ask


@pytest.mark.parametrize("redirects", [True, False])
def test_round_trip_over_s3(depots: Depots, check: Check, redirects: bool) -> None:
    registry = depots.start_on_s3(redirects=redirects, login=True)
    result = check(url=registry.url, round_trip=True, round_trip_size=300_000, **registry.credentials)
    assert result["healthy"], result
    assert statuses(result)["round_trip"] == "ok"
    assert not result["changed"]
    assert result["capabilities"]["delete"] is True
    assert [path for path in registry.data.rglob("link") if path.is_file()] == []


def test_authorization_does_not_reach_the_storage(depots: Depots, check: Check) -> None:
    registry = depots.start_on_s3(redirects=True, login=True)
    image = registry.pusher.image("a/b", "tag")
    redirect = registry.pusher.ask("HEAD", f"/v2/a/b/blobs/{image.blobs[1]}")
    assert redirect.status == 307
    signed = urlsplit(redirect.headers["location"])
    assert signed.port not in (None, registry.port)
    path = f"{signed.path}?{signed.query}"
    assert ask(signed.port or 0, "HEAD", path).status == 200
    # What makes the check below fail if the client did send it.
    assert ask(signed.port or 0, "HEAD", path, None, {"Authorization": "Basic eDp5"}).status == 400
    result = check(
        url=registry.url, expect=[expected("a/b", tags=("tag",))], deep=True, **registry.credentials
    )
    assert result["healthy"], result
    assert statuses(result)["blobs"] == "ok"


def test_head_that_is_refused_behind_a_redirect(depots: Depots, check: Check) -> None:
    registry = depots.start_on_s3(redirects=True, rules=HEAD_REFUSED)
    image = registry.pusher.image("a/b", "tag", layers=(b"x" * 100_000,))
    parameters = {"url": registry.url, "expect": [expected("a/b", tags=("tag",))], "deep": True}
    result = check(**parameters)
    assert result["healthy"], result
    assert statuses(result)["blobs"] == "ok"
    registry.blob(image.blobs[1]).write_bytes(b"x" * 99_999)
    assert statuses(check(**parameters))["blobs"] == "fail"
    registry.blob(image.blobs[1]).unlink()
    assert statuses(check(**parameters))["blobs"] == "fail"


def test_registry_that_panics_in_the_middle_of_an_upload(depots: Depots, check: Check) -> None:
    registry = depots.start_on_s3(redirects=True, gateway="")
    result = check(url=registry.url, round_trip=True, timeout=10)
    assert statuses(result)["round_trip"] == "fail"
    assert "closed the connection without an answer" in message(result, "round_trip")


def test_storage_that_is_down(depots: Depots, check: Check, running: Processes) -> None:
    registry = depots.start_on_s3(redirects=False)
    registry.pusher.image("a/b", "tag")
    running.stop("rclone")
    result = check(url=registry.url, round_trip=True, timeout=5)
    assert statuses(result)["round_trip"] == "fail"
    told = message(result, "round_trip")
    assert "storage" in told or "time limit" in told


def test_read_only(depots: Depots, check: Check) -> None:
    writable = depots.start("writable")
    writable.pusher.image("a/b", "tag")
    registry = depots.start("read-only", data=writable.data, read_only=True)
    parameters = {"url": registry.url, "expect": [expected("a/b", tags=("tag",))], "deep": True}
    assert check(**parameters)["healthy"]
    result = check(**parameters, round_trip=True)
    assert "read-only" in message(result, "round_trip")
    assert not result["changed"]


def test_deletion_that_is_disabled(depots: Depots, check: Check) -> None:
    registry = depots.start(delete=False)
    result = check(url=registry.url, round_trip=True, round_trip_size=1_000_000)
    assert result["healthy"]
    assert result["changed"]
    assert result["capabilities"]["delete"] is False
    again = check(url=registry.url, round_trip=True, round_trip_size=1_000_000)
    assert again["healthy"]
    assert not again["changed"]


def test_proxy_in_front_of_another(depots: Depots, check: Check, running: Processes) -> None:
    origin = depots.start("origin", login=True)
    image = origin.pusher.image("a/b", "tag")
    proxy = depots.start(
        "proxy", sections={"proxy": {"remoteurl": origin.url, **origin.credentials, "ttl": "1h"}}
    )
    parameters = {"url": proxy.url, "expect": [expected("a/b", tags=("tag",))], "deep": True}
    result = check(**parameters)
    assert result["healthy"], result
    assert result["references"][0]["digest"] == image.digest
    pushed = check(url=proxy.url, round_trip=True)
    assert statuses(pushed)["round_trip"] == "fail"
    assert "pull-through proxy" in message(pushed, "round_trip")
    assert not pushed["changed"]
    running.stop("origin")
    gone = check(url=proxy.url, expect=[expected("a/b", tags=("another",))], timeout=20)
    assert statuses(gone)["api"] == "ok"
    assert statuses(gone)["expected_references"] == "fail"


def test_what_the_registry_can_do(depots: Depots, check: Check) -> None:
    registry = depots.start()
    registry.pusher.image("a/b", "tag")
    result = check(url=registry.url, round_trip=True, catalog=True, expect=[expected("a/b", tags=("tag",))])
    assert result["healthy"], result
    known = result["capabilities"]
    assert known["catalog"] is True
    assert known["delete"] is True
    # Distribution 3 answers 404 where the specification has the list of referrers.
    assert known["referrers"] is False
    assert statuses(result)["catalog"] == "ok"
    assert statuses(result)["referrers"] != "fail"
    assert result["registry_warnings"] == []
