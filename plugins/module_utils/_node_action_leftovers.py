# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an interrupted run of an action left in the cluster, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import Look
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import job_name, make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.observed import (
    age_of,
    content_of,
    has_begun,
    is_ended,
    is_of_daemonset,
    is_over,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import SeenNode
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    NODE_ANNOTATION,
    POD_ANNOTATION,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    dig,
    text,
)


@dataclass(frozen=True)
class Leftovers:
    """What was found.

    :ivar under_way: Jobs of just this content, by node, whose results are still to be written down
    :ivar spent: names of Jobs that are of no use any more: they have ended, or not begun
    :ivar reached: nodes on which something of the action was begun, or may be, that is not written down, each
      with the hash of its content
    :ivar awaited: nodes with pods of it that are to end, or to go, before anything else is begun there
    :ivar cordoned: nodes that this action cordoned, where nothing of it runs
    """

    under_way: Mapping[str, KubeObject]
    spent: tuple[str, ...]
    reached: Mapping[str, str]
    awaited: frozenset[str]
    cordoned: tuple[str, ...]


def find_leftovers(wish: Wish, nodes: Mapping[str, SeenNode], look: Look) -> Leftovers:
    """Judge the action's Jobs, and who cordoned nodes.

    :param wish: as ``prepare`` gives it, where there are Jobs
    """
    judged = _Judging(wish, look)
    expected = {job_name(wish.action, node.uid): node for node in nodes.values()} if look.jobs else {}
    under_way: dict[str, KubeObject] = {}
    others: dict[str, KubeObject] = {}
    for name, job in look.jobs.items():
        node, goes = expected.get(name), dig(job, "metadata", "deletionTimestamp")
        if node is not None and not goes and judged.is_under_way(job, node):
            under_way[node.name] = job
        else:
            others[name] = job
    spent = [
        name
        for name, job in others.items()
        if not dig(job, "metadata", "deletionTimestamp") and (is_ended(job) or not judged.has_begun(job))
    ]
    pods = {
        name: found
        for name, every in look.on_node.items()
        if name not in under_way and (found := _to_go(every, stays=wish.rolls_out))
    }
    open_pods = {name: [pod for pod in found if not is_over(pod)] for name, found in pods.items()}
    busy = {name for name, found in open_pods.items() if any(map(has_begun, found))}
    cordoned = [name for name, node in nodes.items() if node.marked and name not in {*under_way, *busy}]
    return Leftovers(
        under_way,
        tuple(spent),
        {name: content for name, content in _reached(nodes, others, pods).items() if name not in under_way},
        frozenset(name for name, found in open_pods.items() if found),
        tuple(sorted(cordoned)),
    )


def _reached(
    nodes: Mapping[str, SeenNode],
    jobs: Mapping[str, KubeObject],
    pods: Mapping[str, Iterable[KubeObject]],
) -> dict[str, str]:
    """Where something was begun, or may be."""
    found: dict[str, str] = {}
    # Where there was a record, it was taken back before the Job was made.
    for job in jobs.values():
        name = text(job, "metadata", "annotations", NODE_ANNOTATION) or ""
        if name in nodes and nodes[name].record is None:
            found[name] = content_of(job)
    for name, every in pods.items():
        if name not in nodes:
            continue
        # The controller of a DaemonSet writes nothing down.
        told = every if nodes[name].record is None else [pod for pod in every if is_of_daemonset(pod)]
        newest = max(told, key=age_of, default=None)
        if newest is not None:
            found[name] = content_of(newest)
    return {name: content for name, content in found.items() if content}


def _to_go(pods: Iterable[KubeObject], *, stays: bool) -> list[KubeObject]:
    """Without those of a DaemonSet that stays."""
    return [pod for pod in pods if not (stays and is_of_daemonset(pod))]


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
        return any(map(has_begun, self._look.pods.get(text(job, "metadata", "uid") or "", ())))

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
