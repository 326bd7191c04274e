# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.drain import (
    DrainRules,
    is_to_go,
    read_drain_rules,
    refusal_of,
)
from tests.unit.plugins.module_utils._nodes.json_like import json_like


def pod(kind: str = "ReplicaSet", **more: Any) -> dict[str, Any]:
    owners = [{"kind": kind, "controller": True}] if kind else []
    metadata = {"name": "p", "namespace": "n", "ownerReferences": owners, **more.pop("metadata", {})}
    return {"metadata": metadata, "spec": more.pop("spec", {}), "status": more}


@pytest.mark.parametrize(
    ("found", "goes"),
    [
        (pod(), True),
        (pod(""), True),
        (pod("DaemonSet"), False),
        (pod("", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}}), False),
        (pod(phase="Succeeded"), False),
        (pod("Job", metadata={"labels": {"app.kubernetes.io/name": "node-action"}}), False),
    ],
)
def test_which_pods_go(found: dict[str, Any], goes: bool) -> None:
    assert is_to_go(found) is goes


def test_what_would_be_lost_is_refused_unless_it_is_allowed() -> None:
    pods = [pod(""), pod(spec={"volumes": [{"name": "x", "emptyDir": {}}]})]
    told = refusal_of(pods, DrainRules())
    assert "no controller would make anew n/p" in told
    assert "emptyDir would be lost of n/p" in told
    assert refusal_of(pods, DrainRules(delete_emptydir_data=True, unmanaged=True)) == ""
    # What is on its way out already is lost anyway.
    assert refusal_of([pod("", metadata={"deletionTimestamp": "now"})], DrainRules()) == ""


def test_rules_are_read_with_all_their_faults() -> None:
    assert read_drain_rules(None) == (DrainRules(), [])
    assert read_drain_rules({"timeout": 5, "unmanaged": True}) == (DrainRules(5, unmanaged=True), [])
    _rules, faults = read_drain_rules({"timeout": 0, "unmanaged": "yes", "force": True})
    assert [fault.where for fault in faults] == ["drain", "drain.timeout", "drain.unmanaged"]


@given(json_like(("timeout", "delete_emptydir_data", "unmanaged"), ("a", "300")))
def test_no_rules_raise(raw: object) -> None:
    rules, faults = read_drain_rules(raw)
    assert faults or isinstance(rules, DrainRules)
