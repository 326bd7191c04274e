# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task kube_objects_info: what is read, what is not there, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kube_objects_info import (
    ARGUMENT_SPEC,
    run,
)
from tests.faults.kube_apply.control_plane import ControlPlane
from tests.faults.kube_apply.objects import config_map, secret
from tests.faults.kube_apply.plays import HOW, run_task
from tests.faults.kube_apply.task import Task

Entry = dict[str, Any]


def read(plane: ControlPlane, *objects: Entry, **options: Any) -> dict[str, Any]:
    return Task(plane, ARGUMENT_SPEC, run).attempt(objects, check_mode=True, **options)


def names(result: Mapping[str, Any]) -> list[str]:
    return [f"{one['apiVersion']} {one['kind']} {one['metadata']['name']}" for one in result["resources"]]


@pytest.fixture
def filled(kube_apply: Task, namespace: str) -> str:
    """A namespace with two ConfigMaps that have labels, one that has none, and a Secret."""
    labelled = [config_map(namespace, name, {"key": name}) for name in ("a", "b")]
    for one, tier in zip(labelled, ("front", "back"), strict=True):
        one["metadata"]["labels"] = {"app": "shop", "tier": tier}
    kube_apply([*labelled, config_map(namespace, "c", {}), secret(namespace, "s", {"password": "hunter2"})])
    return namespace


def found(namespace: str) -> list[Entry]:
    return [
        {"kind": "Secret", "namespace": namespace, "name": "s"},
        {"kind": "ConfigMap", "namespace": namespace, "name": "absent"},
        {"kind": "ConfigMap", "namespace": namespace, "label_selectors": ["app=shop"]},
        {"kind": "ConfigMap", "namespace": namespace, "label_selectors": ["app=shop", "tier!=front"]},
        {
            "api_version": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "namespace": namespace,
            "name": "absent",
        },
        {"kind": "Namespace", "namespace": "of no account", "name": namespace},
        {"api_version": "v2", "kind": "ConfigMap", "namespace": namespace, "name": "a"},
        {"api_version": "absent.example.com/v1", "kind": "Thing", "name": "a"},
        {"api_version": "absent.example.com/v1", "kind": "Thing", "label_selectors": ["app=shop"]},
        {"kind": "Absent", "name": "a"},
    ]


@pytest.mark.parametrize("keywords", HOW.values(), ids=HOW)
def test_what_is_there_is_given_in_the_order_asked_for(
    control_plane: ControlPlane, tmp_path: Path, filled: str, keywords: Mapping[str, Any]
) -> None:
    parameters = {"kubeconfig": str(control_plane.kubeconfig), "objects": found(filled)}
    result, printed = run_task(tmp_path, "kube_objects_info", parameters, "--check", keywords=keywords)
    assert names(result) == [
        "v1 Secret s",
        "v1 ConfigMap a",
        "v1 ConfigMap b",
        "v1 ConfigMap b",
        f"v1 Namespace {filled}",
    ]
    assert result["resources"][1]["data"] == {"key": "a"}
    assert result["unknown_kinds"] == ["absent.example.com/v1 Thing", "v1 Absent", "v2 ConfigMap"]
    assert result["changed"] is False
    assert "hunter2" not in printed


def test_nothing_is_asked_for(control_plane: ControlPlane) -> None:
    result = read(control_plane)
    assert (result["resources"], result["unknown_kinds"]) == ([], [])


def test_without_a_name_and_a_namespace_all_are_given(
    control_plane: ControlPlane, kube_apply: Task, filled: str
) -> None:
    kube_apply([config_map("default", "elsewhere", {})])
    everywhere = names(read(control_plane, {"kind": "ConfigMap"}))
    there = names(read(control_plane, {"kind": "ConfigMap", "namespace": filled}))
    assert {"v1 ConfigMap a", "v1 ConfigMap b", "v1 ConfigMap c"} <= set(there) <= set(everywhere)
    assert "v1 ConfigMap elsewhere" in set(everywhere) - set(there)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": ""},
        {"name": "."},
        {"name": ".."},
        {"name": "50%"},
        {"name": "../../default/secrets/s"},
        {"namespace": ""},
        {"namespace": ".."},
        {"namespace": "", "name": "a"},
        {"namespace": "..", "name": "a"},
        {"namespace": "50%", "name": "a"},
        {"namespace": "", "label_selectors": ["app"]},
    ],
    ids=str,
)
def test_what_can_be_no_name_leads_nowhere_else(
    control_plane: ControlPlane, filled: str, entry: Entry
) -> None:
    result = read(control_plane, {"kind": "ConfigMap", "namespace": filled, **entry})
    assert not result.get("failed"), result["msg"]
    assert result["resources"] == []


def test_faults_of_all_entries_are_told_at_once(control_plane: ControlPlane) -> None:
    both = {"kind": "ConfigMap", "namespace": "default", "name": "a", "label_selectors": ["app"]}
    result = read(control_plane, both, {"kind": "Pod"}, {**both, "kind": "Secret"})
    assert result["failed"] is True
    assert result["msg"] == (
        "objects[0], ConfigMap: name and label_selectors are given; allowed is one of them; "
        "objects[2], Secret: name and label_selectors are given; allowed is one of them"
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "a"}, "configmap/a needs metadata.namespace, since objects of its kind live in namespaces"),
        ({"label_selectors": ["a b"]}, "unable to parse requirement"),
    ],
)
def test_what_cannot_be_asked_for_is_told(control_plane: ControlPlane, entry: Entry, message: str) -> None:
    result = read(control_plane, {"kind": "ConfigMap", **entry})
    assert result["failed"] is True
    assert message in result["msg"]


def test_an_api_server_that_does_not_answer_is_named(control_plane: ControlPlane, tmp_path: Path) -> None:
    elsewhere = tmp_path / "kubeconfig"
    text = control_plane.kubeconfig.read_text()
    elsewhere.write_text(text.replace(f":{control_plane.port}", ":1"))
    result = read(control_plane, {"kind": "Namespace", "name": "default"}, kubeconfig=str(elsewhere))
    assert result["failed"] is True
    assert f"cannot reach the API server https://127.0.0.1:1 (kubeconfig {elsewhere}" in result["msg"]
