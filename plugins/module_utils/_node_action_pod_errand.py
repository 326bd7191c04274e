# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's part of an action whose pods a DaemonSet makes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import (
    ActionCluster,
    Look,
    age_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_errand import (
    Errand,
    Refusals,
    Stage,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import (
    Outcome,
    State,
    pod_outcome,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import SeenNode
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import HASH_ANNOTATION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject, dig, text


class PodErrand(Errand):
    """The part of a node whose pod a DaemonSet makes: it is watched only.

    Before a node's turn in a rollout its pod is an older one.
    """

    def __init__(
        self, cluster: ActionCluster, wish: Wish, node: SeenNode, daemonset: Mapping[str, Any]
    ) -> None:
        super().__init__(cluster, wish, node, daemonset)
        self._stage = Stage.WATCH
        self._stopped = ""
        # The pod that the last run told a failure of, which will not run its script again.
        self._spent = node.record.run if node.record is not None and node.record.code != 0 else ""

    def touch(self) -> None:
        """The rollout goes on, so this one's turn may still come."""
        self._began = time.monotonic()

    def stop(self, reason: str) -> None:
        """Wait no more, unless it has begun."""
        self._stopped = reason

    def _watch(self, look: Look, refusals: Refusals) -> None:
        newest = self._newest(look)
        if newest is None and self._stopped:
            self.outcome = Outcome(self._node.name, State.NOT_STARTED, reason=self._stopped)
            self._stage = Stage.END
            return
        if newest is None:
            waits = Outcome(self._node.name, State.RUNNING, reason="its pod is not there yet")
            found = self._podless(waits, refusals)
        else:
            found = self._attended(pod_outcome(self._node.name, newest))
        found = self._judged(found)
        if found.over:
            self._run = "" if newest is None else text(newest, "metadata", "uid") or ""
            self._end(found)
        else:
            self.outcome = found

    def _newest(self, look: Look) -> KubeObject | None:
        pods = [pod for pod in look.pods.get(self._node.name, ()) if self._is_newest(pod)]
        for pod in pods:
            if self._is_spent(pod):
                self._cluster.delete_pod(text(pod, "metadata", "name") or "", self._spent)
        return max((pod for pod in pods if not self._is_spent(pod)), key=age_of, default=None)

    def _is_spent(self, pod: KubeObject) -> bool:
        return self._spent != "" and text(pod, "metadata", "uid") == self._spent

    def _is_newest(self, pod: KubeObject) -> bool:
        told = text(pod, "metadata", "annotations", HASH_ANNOTATION)
        return told == self._wish.action.content_hash and not dig(pod, "metadata", "deletionTimestamp")

    def _clear(self) -> None:
        self._stage = Stage.END
