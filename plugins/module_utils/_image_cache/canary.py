# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod that finds out whether a node can mount an image as a volume.

Versions do not tell: an API server with the feature off drops the field (kind issue 3745), and a runtime
without it may mount an empty directory in silence (k3s issue 14323). So a canary looks for a file that is in
the image.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    condition,
    dig,
    entries,
    number,
    text,
)

_EXPECTED_FILE = "/image/bin/busybox"
# What busybox's ``test`` ends with where it did not find the file.
_NOT_FOUND = 1
# The kubelet tells with these that the runtime could not make, or not start, a container of an image it has.
_NOT_MADE = frozenset({"CreateContainerError", "RunContainerError"})
_NOT_STARTED = frozenset({"ContainerCannotRun", "StartError"})
# The runtime was too slow, and is asked again.
_TOO_SLOW = ("context deadline exceeded", "is reserved for")
_NO_IMAGE = frozenset({"ErrImageNeverPull", "ImageInspectError", "ImagePullBackOff", "InvalidImageName"})
# The kubelet's own limit; it tries again.
_TOO_MANY_PULLS = "pull QPS exceeded"


class Mounting(enum.Enum):
    """Whether nodes can mount images as volumes."""

    ABLE = "able"
    UNABLE = "unable"
    UNKNOWN = "unknown"


class Verdict(NamedTuple):
    """What is known of it; ``reason`` is empty for ABLE."""

    mounting: Mounting
    reason: str


ABLE = Verdict(Mounting.ABLE, "")


def canary_pod(name: str, node: str, settings: PodSettings) -> dict[str, Any]:
    """A pod that runs once on this node, and succeeds if the sleeper image is really mounted in it."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    labels = {
        "app.kubernetes.io/name": "image-cache-canary",
        "app.kubernetes.io/instance": settings.instance,
        "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
        "app.kubernetes.io/part-of": "clusterdepot",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": settings.namespace, "labels": labels},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "tolerations": [{"operator": "Exists"}],
            "affinity": {"nodeAffinity": required},
            "imagePullSecrets": [{"name": secret} for secret in settings.image_pull_secrets],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "runAsGroup": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [_container(settings.sleeper_image)],
            "volumes": [
                {
                    "name": "image",
                    "image": {"reference": settings.sleeper_image, "pullPolicy": "IfNotPresent"},
                }
            ],
        },
    }


def keeps_image_volume(stored: Mapping[str, Any]) -> bool:
    """Whether the API server kept the image of a pod's volume."""
    volumes: Sequence[Mapping[str, Any]] = (stored.get("spec") or {}).get("volumes") or ()
    return any((volume.get("image") or {}).get("reference") for volume in volumes)


def verdict(pod: Mapping[str, Any]) -> Verdict | None:
    """Give what the canary found out; None while that is open.

    UNABLE only where the mount itself failed, or what was mounted is empty. What fails before that, such as
    the pull of the image, or for want of room on the node, says nothing about mounts.
    """
    phase = dig(pod, "status", "phase")
    if phase == "Succeeded":
        return ABLE
    if phase == "Failed":
        return _failed(pod)
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return _unknown(text(scheduled, "reason"), text(scheduled, "message"))
    for container in entries(pod, "status", "containerStatuses"):
        waiting = dig(container, "state", "waiting")
        reason, message = text(waiting, "reason") or "", text(waiting, "message") or ""
        if reason in _NOT_MADE and not any(sign in message for sign in _TOO_SLOW):
            return Verdict(Mounting.UNABLE, f"{reason}: {message}")
        if reason in _NO_IMAGE and _TOO_MANY_PULLS not in message:
            return _unknown(reason, message)
    return None


def _failed(pod: Mapping[str, Any]) -> Verdict:
    for container in entries(pod, "status", "containerStatuses"):
        ended = dig(container, "state", "terminated")
        reason, message = text(ended, "reason") or "", text(ended, "message") or ""
        if reason in _NOT_STARTED and "mount" in message:
            return Verdict(Mounting.UNABLE, f"{reason}: {message}")
        # A pod that was evicted or killed may have exit codes, too, but a reason of its own.
        if number(ended, "exitCode") == _NOT_FOUND and not dig(pod, "status", "reason"):
            return Verdict(Mounting.UNABLE, "the volume was mounted, but without the image's files")
        if ended:
            code = number(ended, "exitCode")
            return _unknown(reason or "Error", message or f"the canary ended with exit code {code}")
    return _unknown(text(pod, "status", "reason") or "Failed", text(pod, "status", "message"))


def _unknown(reason: str | None, message: str | None) -> Verdict:
    return Verdict(Mounting.UNKNOWN, ": ".join(filter(None, (reason, message))))


def _container(image: str) -> dict[str, Any]:
    return {
        "name": "canary",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", "test", "-s", _EXPECTED_FILE],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "16Mi"}},
        "volumeMounts": [{"name": "image", "mountPath": "/image", "readOnly": True}],
    }
