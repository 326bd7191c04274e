# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a workload is not ready."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.pods import (
    condition_reason,
    event_reason,
    first_reason,
    newest_pods,
    pod_reason,
)


def pod(name: str = "p", **status: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name, "namespace": "n"}, "status": status}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {
        "name": "main",
        "ready": False,
        "state": {"waiting": {"reason": reason, "message": message}},
        **more,
    }


def terminated(code: int, message: str = "", **more: Any) -> dict[str, Any]:
    state = {"terminated": {"exitCode": code, "message": message, "reason": "Error"}}
    return {"name": "main", "ready": False, "state": state, **more}


UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
CASES: list[tuple[str, dict[str, Any], str | None, bool]] = [
    ("starting", pod(containerStatuses=[waiting("ContainerCreating")]), None, False),
    ("initialising", pod(containerStatuses=[waiting("PodInitializing")]), None, False),
    ("no status", pod(), None, False),
    (
        "pull",
        pod(containerStatuses=[waiting("ImagePullBackOff", "Back-off\n pulling")]),
        "pod p: ImagePullBackOff: Back-off pulling",
        True,
    ),
    (
        "config",
        pod(containerStatuses=[waiting("CreateContainerConfigError", 'secret "x" not found')]),
        None,
        True,
    ),
    (
        "init first",
        pod(
            initContainerStatuses=[waiting("ErrImagePull", "a")],
            containerStatuses=[waiting("PodInitializing")],
        ),
        "pod p: ErrImagePull: a",
        True,
    ),
    (
        "crash",
        pod(
            containerStatuses=[
                waiting(
                    "CrashLoopBackOff",
                    "back-off",
                    lastState={"terminated": {"exitCode": 3, "message": "bad\n"}},
                )
            ]
        ),
        "pod p: CrashLoopBackOff: container main ended with exit code 3: bad (back-off)",
        True,
    ),
    (
        "first exit",
        pod(containerStatuses=[terminated(1, "x")]),
        "pod p: Error: container main ended with exit code 1: x",
        False,
    ),
    ("second exit", pod(containerStatuses=[terminated(1, restartCount=1)]), None, True),
    (
        "running after crashes",
        pod(
            containerStatuses=[
                {
                    "name": "main",
                    "ready": False,
                    "restartCount": 4,
                    "state": {"running": {}},
                    "lastState": {"terminated": {"exitCode": 2, "reason": "Error"}},
                }
            ]
        ),
        "pod p: Error: container main ended with exit code 2",
        True,
    ),
    ("good end", pod(containerStatuses=[terminated(0)]), None, False),
    ("unschedulable", pod(conditions=[UNSCHEDULABLE]), "pod p: Unschedulable: 0/1 nodes", False),
    (
        "evicted",
        pod(phase="Failed", reason="Evicted", message="low on disk"),
        "pod p: Evicted: low on disk",
        False,
    ),
]


@pytest.mark.parametrize(
    ("one", "text", "failing"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_pod_reason(one: dict[str, Any], text: str | None, failing: bool) -> None:
    found = pod_reason(one)
    if text is not None:
        assert str(found) == text
    assert (found is not None and found.failing) == failing


def test_a_failing_pod_is_told_before_a_waiting_one() -> None:
    pods = [pod("a", conditions=[UNSCHEDULABLE]), pod("b", containerStatuses=[waiting("ErrImagePull", "m")])]
    assert str(first_reason(pods)) == "pod b: ErrImagePull: m"
    assert str(first_reason(pods[:1])) == "pod a: Unschedulable: 0/1 nodes"
    assert first_reason([]) is None


def test_the_newest_warning_is_told() -> None:
    events = [
        {
            "type": "Warning",
            "reason": "FailedMount",
            "message": "old",
            "lastTimestamp": "2026-01-01T00:00:00Z",
        },
        {"type": "Warning", "reason": "FailedMount", "message": "new", "eventTime": "2026-01-02T00:00:00Z"},
        {"type": "Normal", "reason": "Pulling", "message": "x", "lastTimestamp": "2026-01-03T00:00:00Z"},
    ]
    assert str(event_reason("pod p", events)) == "pod p: FailedMount: new"
    assert event_reason("pod p", events[2:]) is None


def test_pods_that_cannot_be_created() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "forbidden"}
    found = condition_reason({"status": {"conditions": [failure]}})
    assert found is not None
    assert found.failing
    assert condition_reason({"status": {}}) is None


def owned(name: str, owner: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-{name}", "ownerReferences": [{"uid": owner}], **metadata}}


@given(st.permutations([1, 2, 3]), st.integers(1, 3))
def test_only_pods_of_the_newest_revision_count(order: list[int], current: int) -> None:
    revision = "deployment.kubernetes.io/revision"
    workload = {
        "kind": "Deployment",
        "metadata": {"uid": "d", "annotations": {revision: str(current)}},
    }
    sets = [owned(f"rs{number}", "d", annotations={revision: str(number)}) for number in order]
    pods = [owned(f"p{number}", f"uid-rs{number}") for number in order]
    leaving = owned("leaving", f"uid-rs{current}", deletionTimestamp="2026-01-01T00:00:00Z")
    found = newest_pods(workload, sets, [*pods, leaving])
    assert [one["metadata"]["name"] for one in found] == [f"p{current}"]


def test_other_workloads_know_their_newest_pods() -> None:
    stateful = {"kind": "StatefulSet", "metadata": {"uid": "s"}, "status": {"updateRevision": "b"}}
    pods = [owned(name, "s", labels={"controller-revision-hash": name}) for name in ("a", "b")]
    assert [one["metadata"]["name"] for one in newest_pods(stateful, [], pods)] == ["b"]
    generation = {"deprecated.daemonset.template.generation": "2"}
    daemon = {"kind": "DaemonSet", "metadata": {"uid": "d", "annotations": generation}}
    pods = [owned(name, "d", labels={"pod-template-generation": name}) for name in ("1", "2")]
    assert [one["metadata"]["name"] for one in newest_pods(daemon, [], pods)] == ["2"]
    job = {"kind": "Job", "metadata": {"uid": "j"}}
    assert [one["metadata"]["name"] for one in newest_pods(job, [], [owned("x", "j"), owned("y", "k")])] == [
        "x"
    ]
