# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bearer flow: a real registry that verifies tokens, and a token server that signs them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Start
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry.token_server import token_server


def test_round_trip_with_tokens(start_registry: Start, check: Check, tmp_path: Path) -> None:
    with token_server(tmp_path, USERNAME, PASSWORD) as server:
        registry = start_registry(auth=server.registry_settings)
        result = check(url=registry.url, username=USERNAME, password=PASSWORD, round_trip=True)
    assert result["healthy"], result
    assert not result["changed"]
    assert statuses(result)["anonymous_refused"] == "ok"
    assert statuses(result)["wrong_credentials_refused"] == "ok"
    assert result["capabilities"]["authentication"] == "bearer"
    assert result["capabilities"]["push"] is True
    assert result["capabilities"]["mount"] is True
    # The registry's own spelling, which comes along, has the actions in either order.
    assert any("repository:clusterdepot-health/probe:pull,push" in scopes for scopes in server.asked)
    # A token is asked for once per scope, not once per request.
    assert len(server.asked) <= 8


def test_wrong_password_echoed_by_the_token_server(
    start_registry: Start, check: Check, tmp_path: Path
) -> None:
    with token_server(tmp_path, USERNAME, PASSWORD) as server:
        registry = start_registry(auth=server.registry_settings)
        result = check(url=registry.url, username=USERNAME, password="gu-ess-ed")
    assert "refused the user name or password" in message(result, "credentials")
    assert "********" in message(result, "credentials")
    encoded = base64.b64encode(f"{USERNAME}:gu-ess-ed".encode()).decode()
    assert server.authorizations.count(f"Basic {encoded}") == 1
    assert "gu-ess-ed" not in json.dumps(result)
    assert encoded not in json.dumps(result)


def test_tokens_for_everybody_are_a_warning(start_registry: Start, check: Check, tmp_path: Path) -> None:
    with token_server(tmp_path, USERNAME, PASSWORD, anonymous=True) as server:
        registry = start_registry(auth=server.registry_settings)
        with_login = check(url=registry.url, username=USERNAME, password=PASSWORD)
        without = check(url=registry.url)
    assert statuses(with_login)["anonymous_refused"] == "warn"
    assert statuses(without)["credentials"] == "ok"


def test_credentials_are_not_sent_to_another_host(
    start_registry: Start, check: Check, tmp_path: Path
) -> None:
    with token_server(tmp_path, USERNAME, PASSWORD) as server:
        registry = start_registry(auth=server.registry_settings)
        url = f"http://localhost:{registry.port}"
        refused = check(url=url, address="127.0.0.1", username=USERNAME, password=PASSWORD)
        assert [value for value in server.authorizations if value is not None] == []
        allowed = check(
            url=url, address="127.0.0.1", username=USERNAME, password=PASSWORD, token_hosts=["127.0.0.1"]
        )
    assert "another host" in message(refused, "credentials")
    assert allowed["healthy"], allowed
