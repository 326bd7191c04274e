# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the pods off a node by the Eviction API, one look at a time, so that many nodes are drained at once.

Source: Kubernetes' documentation of API-initiated eviction.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.drain import (
    DrainRules,
    is_to_go,
    listed,
    pod_name,
    refusal_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig


class DrainState(enum.Enum):
    """How far one drain is."""

    GOING_ON = "going on"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Drain:
    """The drain of one node.

    :ivar node: its name
    :ivar evicted: how many evictions were granted
    :ivar reason: what it waits for, or why it failed; one line
    """

    client: KubeClient
    node: str
    rules: DrainRules
    evicted: int = field(default=0, init=False)
    reason: str = field(default="", init=False)
    _ends_at: float | None = field(default=None, init=False)
    _asked: set[str] = field(default_factory=set, init=False)

    def step(self) -> DrainState:
        """Look once, and ask for what was not granted yet; before the first eviction, judge all pods.

        :raises KubeUnavailableError: the API server could not list the pods
        """
        if self._ends_at is None:
            self._ends_at = time.monotonic() + self.rules.timeout
        found = self.client.list("v1", "Pod", field_selector=f"spec.nodeName={self.node}")
        pods = [pod for pod in found if is_to_go(pod)]
        refusal = refusal_of(pods, self.rules)
        if refusal:
            self.reason = refusal
            return DrainState.FAILED
        if not pods:
            return DrainState.DONE
        try:
            held = [told for pod in pods if (told := self._evict(pod))]
        except KubeError as error:
            self.reason = error.message
            return DrainState.FAILED
        self.reason = listed(held or [f"{pod_name(pod)} has not ended yet" for pod in pods])
        if time.monotonic() < self._ends_at:
            return DrainState.GOING_ON
        self.reason = f"its pods could not be evicted within {self.rules.timeout} seconds: {self.reason}"
        return DrainState.FAILED

    def _evict(self, pod: Mapping[str, Any]) -> str:
        """Why the pod's eviction is not granted; empty where it is, or was."""
        uid = str(dig(pod, "metadata", "uid"))
        if uid in self._asked or dig(pod, "metadata", "deletionTimestamp"):
            return ""
        metadata = pod["metadata"]
        try:
            granted = self.client.evict(metadata["namespace"], metadata["name"], uid)
        except KubeUnavailableError as error:
            # More than one budget for a pod is answered so, too.
            return f"{pod_name(pod)}: {error.message}"
        if not granted:
            return f"{pod_name(pod)} is kept by its PodDisruptionBudget"
        self._asked.add(uid)
        self.evicted += 1
        return ""
