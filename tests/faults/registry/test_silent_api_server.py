# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time limit of registry_health holds for the API server too, from which it reads secrets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeUnavailableError,
    connect,
)
from tests.faults.registry.conftest import Check

NAMED = {"namespace": "default", "name": "login"}


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[str]:
    """Of an API server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        named = {"cluster": "c", "user": "u"}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "c", "cluster": {"server": f"http://127.0.0.1:{listener.getsockname()[1]}"}}
            ],
            "users": [{"name": "u", "user": {"token": "of-a-test"}}],
            "contexts": [{"name": "x", "context": named}],
            "current-context": "x",
        }
        path = tmp_path / "kubeconfig"
        # JSON is YAML.
        path.write_text(json.dumps(document))
        yield str(path)


@pytest.mark.parametrize("option", ["credentials_secret", "docker_config_secret", "certificate_secret"])
def test_reading_a_secret_ends_with_the_time_limit(check: Check, kubeconfig: str, option: str) -> None:
    started = time.monotonic()
    result = check(url="http://127.0.0.1:1", kubeconfig=kubeconfig, timeout=1.0, **{option: NAMED})
    assert 0.9 < time.monotonic() - started < 6
    assert result["failed"]
    assert "cannot reach the API server" in result["msg"]
    assert "no answer in time" in result["msg"]


def test_with_no_time_left_nothing_is_asked(kubeconfig: str) -> None:
    client = connect(kubeconfig, None, ends_at=time.monotonic())
    with pytest.raises(KubeUnavailableError, match="time limit was over before the API server"):
        client.get("v1", "Secret", "default", "login")
