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
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_errand import (
    Errand,
    Refusals,
    Stage,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.observed import age_of, content_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import (
    Outcome,
    State,
    pod_outcome,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import SeenNode
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject, dig, text


class PodErrand(Errand):
    """The part of a node whose pod a DaemonSet makes: it is watched only.

    Before a node's turn in a rollout its pod is an older one.
    """

    def __init__(
        self,
        cluster: ActionCluster,
        wish: Wish,
        node: SeenNode,
        daemonset: Mapping[str, Any],
        *,
        retries: bool = False,
    ) -> None:
        """Begin; ``retries`` says that the same content failed there before this run."""
        super().__init__(cluster, wish, node, daemonset)
        self._stage = Stage.WATCH
        self._stopped = ""
        self._stopped_after = 0
        # The pods that told a failure before this run, and which will not run their script again.
        self._spent: set[str] = set()
        self._retries = retries
        if node.record is not None and node.record.code != 0 and node.record.run:
            self._spent = {node.record.run}

    def touch(self) -> None:
        """The rollout goes on, so this one's turn may still come."""
        self._began = time.monotonic()

    def stop(self, reason: str) -> None:
        """Wait no more, unless it has begun, or its pod is being made anew, which the next look shows."""
        if not self._stopped:
            self._stopped, self._stopped_after = reason, self._cluster.looks

    def _watch(self, look: Look, refusals: Refusals) -> None:
        newest = self._newest(look)
        if newest is None and self._stopped and self._is_left(look):
            self._leave(self._stopped)
            return
        if newest is None:
            waits = Outcome(self._node.name, State.RUNNING, reason="its pod is not there yet")
            found = self._podless(waits, refusals)
        else:
            found = self._attended(pod_outcome(self._node.name, newest))
        found = self._judged(found)
        if newest is None and found.state is State.LOST:
            self._leave("its DaemonSet made no pod of this content there")
        elif found.over:
            self._run = "" if newest is None else text(newest, "metadata", "uid") or ""
            self._end(found)
        else:
            self.outcome = found

    def _leave(self, reason: str) -> None:
        """Nothing of this content was begun there."""
        self.outcome = Outcome(self._node.name, State.NOT_STARTED, reason=reason)
        self._stage = Stage.END

    def _is_left(self, look: Look) -> bool:
        """Whether there is an older pod that stays; where there is none, the controller makes one anyway."""
        pods = look.pods.get(self._node.name, ())
        return look.number > self._stopped_after and any(
            not dig(pod, "metadata", "deletionTimestamp") and not self._is_newest(pod) for pod in pods
        )

    def _newest(self, look: Look) -> KubeObject | None:
        pods = [pod for pod in look.pods.get(self._node.name, ()) if self._is_newest(pod)]
        if self._retries and look.number > 0:
            # Made anew after the last run, as with an eviction, a pod tells the same failure once more.
            self._spent |= {_uid(pod) for pod in pods if pod_outcome(self._node.name, pod).failed}
            self._retries = False
        for pod in pods:
            if self._is_spent(pod):
                self._cluster.delete_pod(text(pod, "metadata", "name") or "", _uid(pod))
        return max((pod for pod in pods if not self._is_spent(pod)), key=age_of, default=None)

    def _is_spent(self, pod: KubeObject) -> bool:
        return _uid(pod) in self._spent

    def _is_newest(self, pod: KubeObject) -> bool:
        return content_of(pod) == self._wish.action.content_hash and not dig(
            pod, "metadata", "deletionTimestamp"
        )

    def _clear(self) -> None:
        self._stage = Stage.END


def _uid(pod: KubeObject) -> str:
    return text(pod, "metadata", "uid") or ""
