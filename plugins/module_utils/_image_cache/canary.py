# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod that finds out whether a node can mount an image as a volume.

Versions do not tell: an API server with the feature off drops the field (kind issue 3745), and a runtime
without it may mount an empty directory in silence (k3s issue 14323). So a canary looks for a file that is in
the image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
)

_EXPECTED_FILE = "/image/bin/busybox"
_BEGINNING = frozenset({"", "ContainerCreating", "PodInitializing"})


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


def verdict(pod: Mapping[str, Any]) -> str | None:
    """Empty if the canary found the image, the reason if it did not, None while that is open."""
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded":
        return ""
    if status.get("phase") == "Failed":
        return "the volume was mounted, but without the image's files"
    for container in status.get("containerStatuses") or ():
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason", "") not in _BEGINNING:
            return f"{waiting['reason']}: {waiting.get('message', '')}"
    return None


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
