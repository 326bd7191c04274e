# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read out of Jobs and pods, be it that they tell nothing yet."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.observed import (
    has_begun,
    is_ended,
    is_of_daemonset,
    is_over,
    needs,
    node_of,
)


def affinity(operator: str, *values: str) -> dict[str, Any]:
    field = {"key": "metadata.name", "operator": operator, "values": list(values)}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def test_what_tells_nothing_is_nothing() -> None:
    empty: dict[str, Any] = {}
    assert not is_ended(empty)
    assert not is_over(empty)
    assert not has_begun(empty)
    assert not is_of_daemonset(empty)
    assert node_of(empty) == ""


@pytest.mark.parametrize(
    ("pod", "node"),
    [
        ({"spec": {"nodeName": "a", **affinity("In", "b")}}, "a"),
        ({"spec": affinity("In", "b")}, "b"),
        ({"spec": affinity("NotIn", "b")}, ""),
        ({"spec": affinity("In")}, ""),
    ],
)
def test_a_pod_is_for_its_node_before_it_is_scheduled(pod: dict[str, Any], node: str) -> None:
    assert node_of(pod) == node


@pytest.mark.parametrize(
    ("place", "state", "begun"),
    [
        ("containerStatuses", {"state": {"running": {"startedAt": "x"}}}, True),
        ("initContainerStatuses", {"state": {"terminated": {"exitCode": 0}}}, True),
        ("containerStatuses", {"state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 1}}}, True),
        ("containerStatuses", {"state": {"waiting": {"reason": "ContainerCreating"}}}, False),
    ],
)
def test_a_script_has_begun_once_its_container_has(place: str, state: dict[str, Any], begun: bool) -> None:
    assert has_begun({"status": {place: [{"name": "action", **state}]}}) is begun
    assert not has_begun({"status": {place: [{"name": "another", **state}]}})


def test_what_is_mounted_or_read_is_needed_of_pods_and_of_what_makes_them() -> None:
    reference = {"configMapKeyRef": {"name": "read"}}
    projected = {"sources": [{"secret": {"name": "projected"}}]}
    spec = {
        "containers": [{"env": [{"name": "A", "valueFrom": reference}]}],
        "volumes": [
            {"configMap": {"name": "mounted"}},
            {"secret": {"secretName": "secret"}},
            {"projected": projected},
        ],
    }
    wanted = {
        ("ConfigMap", "read"),
        ("ConfigMap", "mounted"),
        ("Secret", "secret"),
        ("Secret", "projected"),
    }
    assert wanted <= needs({"spec": spec})
    assert wanted <= needs({"spec": {"template": {"spec": spec}}})
