# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task in a playbook: the table in the terminal, and the twin that only reads."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_info import (
    ARGUMENT_SPEC,
    run,
)
from devcluster.ports import free_port
from tests.faults.kube_apply.plays import HOW, run_task
from tests.faults.registry.conftest import PASSWORD, USERNAME, Start
from tests.faults.registry.test_real_registry import statuses


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_the_terminal_shows_the_table(
    start_registry: Start, tmp_path: Path, keywords: Mapping[str, Any]
) -> None:
    url = start_registry(login=True).url
    parameters = {"url": url, "username": USERNAME, "password": PASSWORD, "round_trip": True}
    result, printed = run_task(tmp_path, "registry_health", parameters, keywords=keywords)
    assert result["healthy"], printed
    table = [f"  {line}" for line in result["table"]]
    assert table[0].split() == ["CHECK", "STATUS", "MS", "MESSAGE"]
    assert any(line.startswith("  round_trip") and " ok " in line for line in table)
    # All of it, one line after the other; what nobody asked for is not in it.
    assert "\n".join(table) in printed
    assert "not asked for" not in printed
    assert PASSWORD not in printed


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_the_table_is_shown_of_a_task_that_fails(tmp_path: Path, keywords: Mapping[str, Any]) -> None:
    result, printed = run_task(
        tmp_path, "registry_health", {"url": f"http://127.0.0.1:{free_port()}"}, keywords=keywords
    )
    assert result["failed"]
    assert "\n".join(f"  {line}" for line in result["table"]) in printed
    assert "Traceback" not in printed


def test_nothing_is_shown_of_a_task_whose_log_is_not_wanted(start_registry: Start, tmp_path: Path) -> None:
    result, printed = run_task(
        tmp_path, "registry_health", {"url": start_registry().url}, keywords={"no_log": True}
    )
    assert result["healthy"]
    assert "MESSAGE" not in printed


def test_the_table_of_each_host_is_in_one_piece(start_registry: Start, tmp_path: Path) -> None:
    url = start_registry().url
    hosts = ("one", "two", "three")
    _result, printed = run_task(tmp_path, "registry_health", {"url": url}, hosts=hosts)
    lines = printed.splitlines()
    for host in hosts:
        (start,) = (number for number, line in enumerate(lines) if line == f"  {host}: {url}")
        table = list(takewhile(lambda line: line.startswith("  "), lines[start + 1 :]))[:10]
        assert [line.split()[0] for line in table[:4]] == ["CHECK", "connection", "tls", "api"]


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_an_empty_password_hides_nothing(tmp_path: Path, keywords: Mapping[str, Any]) -> None:
    parameters = {"url": "http://127.0.0.1:1", "username": "alice", "password": ""}
    for module in ("registry_health", "registry_health_info"):
        result, printed = run_task(tmp_path, module, parameters, keywords=keywords)
        assert result["msg"].startswith("password: empty; ")
        # Headings of tasks end with asterisks.
        assert not [line for line in printed.splitlines() if "********" in line.rstrip("*")]


def _info(**parameters: object) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    return run(defaults | parameters, check_mode=False, progress=print)


def test_the_twin_reads_only(start_registry: Start) -> None:
    registry = start_registry(login=True)
    result = _info(url=registry.url, username=USERNAME, password=PASSWORD, catalog=True)
    assert result["healthy"], result
    assert not result["changed"]
    assert statuses(result)["credentials"] == statuses(result)["catalog"] == "ok"
    assert statuses(result)["round_trip"] == "skipped"
    assert registry.stored() == []
    unknown = ("push", "delete", "delete_blob", "mount", "chunked_upload", "range")
    assert [result["capabilities"][name] for name in unknown] == [None] * len(unknown)


def test_the_twin_fails_for_nobody(start_registry: Start) -> None:
    result = _info(url=start_registry(login=True).url, username=USERNAME, password="gu-ess-ed")
    assert result["healthy"] is False
    assert statuses(result)["credentials"] == "fail"
    assert _info(url=f"http://127.0.0.1:{free_port()}")["healthy"] is False


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_the_twin_in_a_playbook(start_registry: Start, tmp_path: Path, keywords: Mapping[str, Any]) -> None:
    healthy, printed = run_task(
        tmp_path, "registry_health_info", {"url": start_registry().url}, keywords=keywords
    )
    assert (healthy["healthy"], healthy["changed"], healthy["failed"]) == (True, False, False)
    assert "\n".join(f"  {line}" for line in healthy["table"]) in printed
    parameters = {"url": f"http://127.0.0.1:{free_port()}"}
    down, printed = run_task(tmp_path, "registry_health_info", parameters, keywords=keywords)
    assert (down["healthy"], down["failed"]) == (False, False), printed
    refused, _printed = run_task(
        tmp_path, "registry_health_info", {**parameters, "round_trip": True}, keywords=keywords
    )
    assert refused["failed"]
    told = "Unsupported parameters for" + (
        " (" if keywords else " clusterdepot.artifacts.registry_health_info: "
    )
    assert told in refused["msg"]
    assert "round_trip. Supported parameters include: " in refused["msg"]
