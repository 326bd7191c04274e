# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes are warm, so that their start-up taint may go.

A node keeps the taint in case of doubt: the next run looks again, while workloads that came too early stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import cold_nodes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    matches,
)

# Kubernetes' well-known taints: until a cloud's controller takes it away, labels of the node may be missing.
_UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized"


def freeable(nodes: Iterable[Node], matrix: Matrix, taint: str, allowed: Collection[str]) -> list[str]:
    """Give the nodes whose start-up taint may go: those that lack no image, and those that are to have none.

    A node that the matrix did not read keeps it, and so does one that another taint keeps the cache's pods
    from, that is not ready, or that its cloud has not set up yet. Without any DaemonSet there is nothing to
    wait for, and all nodes of the matrix are free; a matrix for that has to be made with these nodes.

    :param taint: ``key``, ``key:Effect`` or ``key=value:Effect``
    :param allowed: references that a node may lack
    :returns: names of nodes that carry the taint, sorted
    """
    tainted = {node.name for node in nodes if node.name in matrix.nodes and _carries(node, taint)}
    if not matrix.has_daemonsets:
        return sorted(tainted)
    kept = cold_nodes(matrix, allowed) | matrix.excluded.keys()
    return sorted(name for name in tainted - kept if _is_up(matrix.nodes[name]))


def _carries(node: Node, text: str) -> bool:
    return any(
        matches({"key": taint.key, "value": taint.value, "effect": taint.effect}, text)
        for taint in node.taints
    )


def _is_up(node: Node) -> bool:
    return node.ready and all(taint.key != _UNINITIALIZED for taint in node.taints)
