# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several tries: until it is healthy, without a password too many, and with the report that tells most."""

from __future__ import annotations

import time
from collections import Counter

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.lying_registry import (
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    Asked,
    lying_registry,
    manifest,
)
from tests.faults.registry_hostile.test_logins import BASIC, LOGIN, RIGHT
from tests.faults.registry_storage.depots import expected

MISSING = [expected("no/such", tags=("x",))]


def test_tries_end_when_it_is_healthy(check: Check) -> None:
    pings = 0

    def lie(request: Asked) -> Answer | None:
        nonlocal pings
        pings += request.path == "/v2/"
        return Answer(503) if pings < 3 else None

    with lying_registry(lie) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "tag")
        result = check(url=registry.url, retries=10, delay=0.01, expect=[expected(REPOSITORY, tags=("tag",))])
    assert result["healthy"], result
    assert "failed" not in result
    assert set(statuses(result).values()) <= {"ok", "skipped"}
    # No try more than it takes.
    assert pings == 3


def test_a_made_up_password_is_sent_once_in_all_tries(check: Check) -> None:
    def lie(request: Asked) -> Answer | None:
        return None if request.authorization == RIGHT else Answer(401, b"", (BASIC,))

    with lying_registry(lie) as registry:
        result = check(url=registry.url, retries=5, delay=0.01, expect=MISSING, **LOGIN)
    sent = Counter(request.authorization for request in registry.asked)
    assert sum(count for value, count in sent.items() if value not in (None, RIGHT)) == 1
    assert sum(request.path == "/v2/" and request.authorization == RIGHT for request in registry.asked) == 6
    assert statuses(result)["wrong_credentials_refused"] == "ok"
    assert statuses(result)["expected_references"] == "fail"


def test_a_login_that_is_put_right_between_two_tries(check: Check) -> None:
    pings = 0

    def lie(request: Asked) -> Answer | None:
        nonlocal pings
        # At first everybody is let in.
        pings += request.authorization is None
        return None if pings < 3 or request.authorization == RIGHT else Answer(401, b"", (BASIC,))

    with lying_registry(lie) as registry:
        result = check(url=registry.url, username=USERNAME, password=PASSWORD, retries=5, delay=0.01)
    assert result["healthy"], result
    assert statuses(result)["anonymous_refused"] == statuses(result)["wrong_credentials_refused"] == "ok"


def test_a_try_that_is_cut_off_hides_no_cause(check: Check) -> None:
    def lie(request: Asked) -> Answer | None:
        if "/manifests/" not in request.path:
            return None
        time.sleep(0.9)
        return Answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

    with lying_registry(lie) as registry:
        started = time.monotonic()
        result = check(url=registry.url, timeout=3.0, retries=100, delay=0.05, expect=MISSING)
        took = time.monotonic() - started
    assert took < 10
    assert "MANIFEST_UNKNOWN" in message(result, "expected_references")
    assert "never pushed" in message(result, "expected_references")
