# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an interrupted run of an action left in the cluster, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import (
    Look,
    is_ended,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import job_name, make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import ACTION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import SeenNode
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import POD_ANNOTATION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    dig,
    entries,
    text,
)


@dataclass(frozen=True)
class Leftovers:
    """What was found.

    :ivar under_way: Jobs of just this content, by node, whose results are still to be written down
    :ivar spent: names of Jobs that are of no use any more
    :ivar cordoned: nodes that this action cordoned, where nothing of it is under way
    """

    under_way: Mapping[str, KubeObject]
    spent: tuple[str, ...]
    cordoned: tuple[str, ...]


def find_leftovers(wish: Wish, nodes: Mapping[str, SeenNode], look: Look) -> Leftovers:
    """Judge the action's Jobs, and who cordoned nodes.

    :param wish: as ``prepare`` gives it, where there are Jobs
    """
    judged = _Judging(wish, look)
    expected = {job_name(wish.action, node.uid): node for node in nodes.values()} if look.jobs else {}
    under_way: dict[str, KubeObject] = {}
    spent = []
    for name, job in look.jobs.items():
        node = expected.get(name)
        if dig(job, "metadata", "deletionTimestamp"):
            continue
        if node is not None and judged.is_under_way(job, node):
            under_way[node.name] = job
        elif is_ended(job) or (node is not None and not judged.has_begun(job)):
            spent.append(name)
    cordoned = sorted(node.name for node in nodes.values() if node.marked and node.name not in under_way)
    return Leftovers(under_way, tuple(spent), tuple(cordoned))


class _Judging:
    """Decides on one Job after the other."""

    def __init__(self, wish: Wish, look: Look) -> None:
        self._wish, self._look = wish, look
        self._configuration = action_configuration(wish.action, wish.storage, wish.settings, wish.pod_files)

    def is_under_way(self, job: KubeObject, node: SeenNode) -> bool:
        """Whether what comes of the Job is what is wanted now, and is still to be written down."""
        if self._wish.rolls_out:
            return False
        if node.record is not None and node.record.run == text(job, "metadata", "uid"):
            return False
        return self.has_begun(job) or self._is_as_wanted(job, node)

    def has_begun(self, job: KubeObject) -> bool:
        """Whether the script was started."""
        pods = self._look.pods.get(text(job, "metadata", "uid") or "", ())
        statuses = (entry for pod in pods for entry in entries(pod, "status", "containerStatuses"))
        return any(
            text(status, "name") == ACTION and (dig(status, "state", "running") or _has_ended(status))
            for status in statuses
        )

    def _is_as_wanted(self, job: KubeObject, node: SeenNode) -> bool:
        """Whether the pod is the one that would be made now; a setting may have kept it from its start."""
        wish = self._wish
        wanted = make_job(
            wish.action,
            wish.storage,
            wish.settings,
            self._configuration,
            node.name,
            node.uid,
            cordons=wish.cordons,
        )
        told = text(job, "metadata", "annotations", POD_ANNOTATION)
        return told == text(wanted, "metadata", "annotations", POD_ANNOTATION)


def _has_ended(status: Mapping[str, Any]) -> bool:
    return bool(dig(status, "state", "terminated") or dig(status, "lastState", "terminated"))
