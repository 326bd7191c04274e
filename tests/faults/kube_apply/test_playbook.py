# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task in a playbook: inside the controller and as a module it does and tells the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kube_apply.control_plane import ControlPlane
from tests.faults.kube_apply.objects import claim, config_map, deployment, secret
from tests.faults.kube_apply.plays import HOW, run_task


def play(
    plane: ControlPlane,
    folder: Path,
    objects: Sequence[Mapping[str, Any]],
    keywords: Mapping[str, Any],
    *options: str,
) -> tuple[dict[str, Any], str]:
    """Run one task; give its result and everything that was printed."""
    defaults = {"group/clusterdepot.artifacts.artifacts": {"kubeconfig": str(plane.kubeconfig)}}
    parameters = {"objects": objects, "wait_timeout": 2}
    return run_task(folder, "kube_apply", parameters, *options, keywords=keywords, module_defaults=defaults)


def telling(result: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in result.items()
        if key in ("changed", "objects", "diff", "msg", "faults", "failed")
    }


@pytest.fixture
def objects(namespace: str) -> list[dict[str, Any]]:
    return [config_map(namespace, "c", {"a": "b"}), secret(namespace, "s", {"password": "hunter2"})]


def test_both_ways_predict_the_same(
    control_plane: ControlPlane, tmp_path: Path, objects: list[dict[str, Any]]
) -> None:
    results = [
        telling(play(control_plane, tmp_path, objects, keywords, "--check", "--diff")[0])
        for keywords in HOW.values()
    ]
    assert results[0] == results[1]
    assert results[0]["changed"] is True
    assert "password: (hidden)" in results[0]["diff"]["after"]


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_it_applies_and_shows_no_secret(
    control_plane: ControlPlane, tmp_path: Path, objects: list[dict[str, Any]], keywords: Mapping[str, Any]
) -> None:
    first, printed = play(control_plane, tmp_path, objects, keywords, "--diff", "-vvv")
    again, _printed = play(control_plane, tmp_path, objects, keywords)
    assert (first["changed"], again["changed"]) == (True, False)
    assert "diff" not in again
    assert "aHVudGVyMg" not in printed
    assert "hunter2" not in printed
    assert "hunter2" not in json.dumps(first)


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_a_refusal_is_a_sentence(
    control_plane: ControlPlane, tmp_path: Path, namespace: str, keywords: Mapping[str, Any]
) -> None:
    result, printed = play(control_plane, tmp_path, [claim(namespace, "c", size="much")], keywords)
    assert result["failed"] is True
    assert 'spec.resources.requests.storage "much" is no size' in result["msg"]
    assert "Traceback" not in printed


def test_the_controller_prints_progress(control_plane: ControlPlane, tmp_path: Path, namespace: str) -> None:
    result, printed = play(control_plane, tmp_path, [deployment(namespace, "d")], {})
    assert result["failed"] is True
    assert "s: deployment/d 0 of 1" in printed
