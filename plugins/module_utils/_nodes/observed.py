# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Jobs and pods of actions tell of themselves.

Source: Kubernetes' API (JobStatus, PodStatus, and the node affinity that the DaemonSet controller sets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import ACTION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    HASH_ANNOTATION,
    NODE_ANNOTATION,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    condition,
    dig,
    entries,
    text,
)

_OVER = frozenset({"Succeeded", "Failed"})


def age_of(pod: Mapping[str, Any]) -> str:
    """When the pod was made; later is larger."""
    return text(pod, "metadata", "creationTimestamp") or ""


def is_ended(job: Mapping[str, Any]) -> bool:
    """Whether nothing of the Job runs any more."""
    return any(condition(job, kind).get("status") == "True" for kind in ("Complete", "Failed"))


def is_over(pod: Mapping[str, Any]) -> bool:
    """Whether nothing of the pod runs any more."""
    return text(pod, "status", "phase") in _OVER


def has_begun(pod: Mapping[str, Any]) -> bool:
    """Whether the script was started in the pod."""
    every = (*entries(pod, "status", "initContainerStatuses"), *entries(pod, "status", "containerStatuses"))
    places = (("state", "running"), ("state", "terminated"), ("lastState", "terminated"))
    return any(
        text(status, "name") == ACTION and any(dig(status, *place) for place in places) for status in every
    )


def node_of(pod: Mapping[str, Any]) -> str:
    """The pod's node, be it that it is not scheduled yet; empty where it does not tell."""
    node = text(pod, "spec", "nodeName") or text(pod, "metadata", "annotations", NODE_ANNOTATION)
    if node:
        return node
    # As the DaemonSet controller names it.
    required = ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    for term in entries(pod, "spec", "affinity", *required):
        for one in entries(term, "matchFields"):
            values = dig(one, "values")
            if text(one, "operator") == "In" and isinstance(values, list) and values:
                return str(values[0])
    return ""


def needs(user: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The ConfigMaps and Secrets that a pod, or those of a Job or a DaemonSet, are given."""
    found = set()
    spec = dig(user, "spec", "template", "spec") or dig(user, "spec")
    for container in (*entries(spec, "initContainers"), *entries(spec, "containers")):
        for variable in entries(container, "env"):
            name = text(variable, "valueFrom", "configMapKeyRef", "name")
            found.add(("ConfigMap", name or ""))
    for volume in entries(spec, "volumes"):
        for source in (volume, *entries(volume, "projected", "sources")):
            found.add(("ConfigMap", text(source, "configMap", "name") or ""))
            name = text(source, "secret", "secretName") or text(source, "secret", "name")
            found.add(("Secret", name or ""))
    return found


def is_of_daemonset(pod: Mapping[str, Any]) -> bool:
    """Whether a DaemonSet made the pod."""
    return any(text(owner, "kind") == "DaemonSet" for owner in entries(pod, "metadata", "ownerReferences"))


def content_of(obj: Mapping[str, Any]) -> str:
    """The hash of the content that a Job or a pod runs; empty where it tells none."""
    return text(obj, "metadata", "annotations", HASH_ANNOTATION) or ""
