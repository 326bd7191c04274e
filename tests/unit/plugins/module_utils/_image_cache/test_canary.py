# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canary that tries image volumes: its pod, and what its answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.canary import (
    ABLE,
    Mounting,
    canary_pod,
    keeps_image_volume,
    verdict,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
)

SETTINGS = PodSettings("image-cache", "main", 300, "docker.io/library/busybox:1.36", ("pull",), (), {}, "")


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {
        "status": {
            "phase": "Pending",
            "containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}],
        }
    }


def test_the_canary_mounts_the_image_it_runs_on_the_node_it_is_for() -> None:
    spec = canary_pod("c", "node-7", SETTINGS)["spec"]
    assert spec["volumes"] == [
        {"name": "image", "image": {"reference": SETTINGS.sleeper_image, "pullPolicy": "IfNotPresent"}}
    ]
    (container,) = spec["containers"]
    assert container["volumeMounts"] == [{"name": "image", "mountPath": "/image", "readOnly": True}]
    assert container["command"] == ["/bin/busybox", "test", "-s", "/image/bin/busybox"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-7"]}]}
    assert spec["automountServiceAccountToken"] is False


def test_an_api_server_that_drops_the_field_is_noticed() -> None:
    pod = canary_pod("c", "node-7", SETTINGS)
    assert keeps_image_volume(pod)
    dropped = {"spec": {"volumes": [{"name": "image", "emptyDir": {}}]}}
    assert not keeps_image_volume(dropped)
    assert not keeps_image_volume({})


def failed(of_pod: str = "", **terminated: Any) -> dict[str, Any]:
    status = {"phase": "Failed", "containerStatuses": [{"state": {"terminated": terminated}}]}
    return {"status": {**status, "reason": of_pod} if of_pod else status}


@pytest.mark.parametrize(
    "pod",
    [
        {},
        {"status": {"phase": "Pending"}},
        {"status": {"phase": "Running"}},
        waiting("ContainerCreating"),
        waiting("ErrImagePull", "pull QPS exceeded"),
        waiting("ImagePullBackOff", 'Back-off pulling image "b": ErrImagePull: pull QPS exceeded'),
        waiting("CreateContainerError", "context deadline exceeded"),
        waiting("CreateContainerError", 'failed to reserve container name "c": name "c" is reserved for "d"'),
    ],
)
def test_a_canary_that_has_not_ended_says_nothing_yet(pod: dict[str, Any]) -> None:
    assert verdict(pod) is None


def test_a_canary_that_found_its_image_proves_that_it_can_be_mounted() -> None:
    assert verdict({"status": {"phase": "Succeeded"}}) == ABLE


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        (
            waiting("CreateContainerError", "mount.HostPath is empty"),
            "CreateContainerError: mount.HostPath is empty",
        ),
        (failed(exitCode=1, reason="Error"), "the volume was mounted, but without the image's files"),
        (
            failed(exitCode=128, reason="StartError", message='error mounting "x"'),
            'StartError: error mounting "x"',
        ),
    ],
)
def test_a_failed_or_empty_mount_proves_that_it_cannot(pod: dict[str, Any], reason: str) -> None:
    assert verdict(pod) == (Mounting.UNABLE, reason)


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        (
            waiting("ImagePullBackOff", "docker.io/library/busybox:1.36: not found"),
            "ImagePullBackOff: docker.io/library/busybox:1.36: not found",
        ),
        (
            {"status": {"phase": "Failed", "reason": "OutOfpods", "message": "no room"}},
            "OutOfpods: no room",
        ),
        (failed("Evicted", exitCode=1, reason="Error"), "Error: the canary ended with exit code 1"),
        (failed(exitCode=137, reason="OOMKilled"), "OOMKilled: the canary ended with exit code 137"),
        (
            failed(exitCode=128, reason="StartError", message="exec format error"),
            "StartError: exec format error",
        ),
        (
            {
                "status": {
                    "conditions": [
                        {
                            "type": "PodScheduled",
                            "status": "False",
                            "reason": "Unschedulable",
                            "message": "Too many pods",
                        }
                    ]
                }
            },
            "Unschedulable: Too many pods",
        ),
    ],
)
def test_what_fails_for_another_reason_proves_nothing(pod: dict[str, Any], reason: str) -> None:
    assert verdict(pod) == (Mounting.UNKNOWN, reason)
