# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Round trips where something is not allowed: what can be done is told, and what stays is always the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Start
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry.token_server import token_server
from tests.faults.registry_gateways.gateways import Gateways

PROBE = "image clusterdepot-health/probe:probe"


def _refusing(method: str, status: int) -> str:
    return f"client_max_body_size 0; if ($request_method = {method}) {{ return {status}; }}"


@pytest.mark.parametrize(
    ("status", "capability", "told"),
    [
        (401, False, "these credentials may not delete"),
        (403, False, "these credentials may not delete"),
        (405, False, "deleting is disabled in this registry"),
        (500, None, "whether it deletes is not known (HTTP 500)"),
    ],
)
def test_deleting_is_not_allowed(
    start_registry: Start,
    check: Check,
    gateways: Gateways,
    status: int,
    capability: bool | None,
    told: str,
) -> None:
    backend = start_registry()
    gateway = gateways.nginx(backend.port, server=_refusing("DELETE", status))
    first = check(url=gateway.url, round_trip=True)
    assert statuses(first)["round_trip"] == "ok"
    assert told in message(first, "round_trip")
    assert first["capabilities"]["delete"] is capability
    assert first["capabilities"]["delete_blob"] is None
    assert first["changed"]
    assert PROBE in first["leftovers"]
    stored = backend.stored()
    again = check(url=gateway.url, round_trip=True)
    assert again["healthy"]
    assert not again["changed"]
    assert "the probe of an earlier run is still there" in message(again, "round_trip")
    assert [path for path in backend.stored() if path not in stored] == []


def test_single_blobs_cannot_be_deleted(start_registry: Start, check: Check, gateways: Gateways) -> None:
    blobs = 'set $asked "$request_method $uri"; if ($asked ~ "^DELETE .*/blobs/sha256:") { return 405; }'
    gateway = gateways.nginx(start_registry().port, server=f"client_max_body_size 0; {blobs}")
    result = check(url=gateway.url, round_trip=True)
    assert statuses(result)["round_trip"] == "ok"
    assert (result["capabilities"]["delete"], result["capabilities"]["delete_blob"]) == (True, False)
    assert "single blobs cannot be deleted here" in message(result, "round_trip")
    assert result["leftovers"] == []


@pytest.mark.parametrize(("status", "capability"), [(401, False), (403, False), (405, False), (500, None)])
def test_pushing_is_not_allowed(
    start_registry: Start, check: Check, gateways: Gateways, status: int, capability: bool | None
) -> None:
    gateway = gateways.nginx(start_registry().port, server=_refusing("POST", status))
    result = check(url=gateway.url, round_trip=True)
    assert statuses(result)["round_trip"] == "fail"
    assert result["capabilities"]["push"] is capability
    assert result["leftovers"] == []


@pytest.mark.parametrize(
    ("status", "told"),
    [(403, "but not pull from it"), (404, "gone right after the push"), (500, "the storage cannot be read")],
)
def test_a_pull_right_after_the_push_fails(
    start_registry: Start, check: Check, gateways: Gateways, status: int, told: str
) -> None:
    manifests = 'set $asked "$request_method $uri"; if ($asked ~ "^GET .*/manifests/") '
    server = f"client_max_body_size 0; {manifests} {{ return {status}; }}"
    result = check(url=gateways.nginx(start_registry().port, server=server).url, round_trip=True)
    assert statuses(result)["round_trip"] == "fail"
    assert f"pulling the manifest just pushed: HTTP {status}: " in message(result, "round_trip")
    assert told in message(result, "round_trip")
    assert "may not push" not in message(result, "round_trip")
    assert result["capabilities"]["push"] is True
    assert result["leftovers"] == []


def test_every_capability_has_its_key(start_registry: Start, check: Check) -> None:
    for result in (
        check(url=start_registry().url),
        check(url="http://127.0.0.1:1", timeout=2),
    ):
        assert set(result["capabilities"]) == {
            "authentication",
            "catalog",
            "chunked_upload",
            "delete",
            "delete_blob",
            "mount",
            "push",
            "range",
            "referrers",
        }
        assert result["capabilities"]["push"] is None
    assert result["capabilities"]["authentication"] is None


@pytest.mark.parametrize("action", ["delete", "push"])
def test_a_token_server_that_grants_less(
    start_registry: Start, check: Check, tmp_path: Path, action: str
) -> None:
    def granted(scope: str) -> bool:
        return action not in scope.rpartition(":")[2].split(",")

    with token_server(tmp_path, USERNAME, PASSWORD, granted=granted) as server:
        registry = start_registry(auth=server.registry_settings)
        result = check(url=registry.url, username=USERNAME, password=PASSWORD, round_trip=True)
    assert statuses(result)["credentials"] == "ok"
    assert result["capabilities"][action] is False
    if action == "delete":
        assert statuses(result)["round_trip"] == "ok"
        assert "these credentials may not delete" in message(result, "round_trip")
        assert PROBE in result["leftovers"]
    else:
        assert statuses(result)["round_trip"] == "fail"
        assert "may not push" in message(result, "round_trip")
