# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canary that tries image volumes: its pod, and what its answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.canary import (
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


@pytest.mark.parametrize(
    "pod",
    [{}, {"status": {"phase": "Pending"}}, waiting("ContainerCreating"), {"status": {"phase": "Running"}}],
)
def test_a_canary_that_has_not_ended_says_nothing_yet(pod: dict[str, Any]) -> None:
    assert verdict(pod) is None


def test_what_a_canary_says_in_the_end() -> None:
    assert verdict({"status": {"phase": "Succeeded"}}) == ""
    assert "without the image's files" in str(verdict({"status": {"phase": "Failed"}}))
    refused = waiting("CreateContainerError", "mount.HostPath is empty")
    assert verdict(refused) == "CreateContainerError: mount.HostPath is empty"
