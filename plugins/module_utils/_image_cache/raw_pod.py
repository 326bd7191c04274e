# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pod a raw pod is: its node, its age, its containers' statuses. Whatever it holds, nothing raises."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, entries, text

_REQUIRED = ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")


class SeenPod(NamedTuple):
    """What is kept of a pod; the greater of two is the newer one.

    :ivar created: RFC 3339 time; may be empty, as all of these
    :ivar alive: it has not failed as a whole
    :ivar started: RFC 3339 time when its kubelet took it on, else ``created``
    """

    created: str
    alive: bool
    name: str
    started: str


def seen_pod(metadata: Mapping[str, Any], status: object) -> SeenPod:
    """Read it from the pod's metadata and status."""
    known = status if isinstance(status, dict) else {}
    created = text(metadata, "creationTimestamp") or ""
    started = text(known, "startTime") or created
    name = text(metadata, "name") or ""
    return SeenPod(sys.intern(created), known.get("phase") != "Failed", name, sys.intern(started))


def node_of(pod: Mapping[str, Any]) -> str:
    """Give the node that a DaemonSet's pod is on or waits for; empty where it tells none."""
    spec = pod.get("spec")
    bound = spec.get("nodeName") if isinstance(spec, dict) else None
    if isinstance(bound, str) and bound:
        return bound
    # The DaemonSet controller leaves the binding to the scheduler and names the node in the pod's affinity.
    for term in entries(dig(pod, *_REQUIRED), "nodeSelectorTerms"):
        for field in entries(term, "matchFields"):
            values = field.get("values")
            if field.get("key") == "metadata.name" and isinstance(values, list) and values:
                return values[0] if isinstance(values[0], str) else ""
    return ""


def statuses_by_name(status: object) -> dict[str, Any]:
    """Give the containerStatuses of a pod's status by the containers' names."""
    listed = status.get("containerStatuses") if isinstance(status, dict) else None
    found = {}
    for entry in listed if isinstance(listed, list) else ():
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str):
            found[name] = entry
    return found
