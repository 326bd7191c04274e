# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the start-up taint from nodes that have all their images."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import cold_nodes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    matches,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError


def remove_startup_taint(
    client: KubeClient, matrix: Matrix, taint: str, allowed: Collection[str]
) -> list[str]:
    """Remove it from every node that has it and lacks no image.

    :param taint: ``key``, ``key:Effect`` or ``key=value:Effect``
    :param allowed: references that a node may lack
    :returns: the names of these nodes, sorted
    :raises KubeError: the API server cannot be asked, or does not let this user change nodes
    """
    cold = cold_nodes(matrix, allowed)
    freed = []
    for page in client.pages("v1", "Node"):
        for node in page:
            name = node["metadata"]["name"]
            if name not in cold and _remove(client, name, node.get("spec", {}).get("taints") or (), taint):
                freed.append(name)
    return sorted(freed)


def _remove(client: KubeClient, node: str, taints: Sequence[Mapping[str, Any]], taint: str) -> bool:
    places = [place for place, entry in enumerate(taints) if matches(entry, taint)]
    if not places:
        return False
    # From behind, so that the places of the others stay; the tests keep it from taking another's taint.
    operations = [
        operation
        for place in reversed(places)
        for operation in (
            {"op": "test", "path": f"/spec/taints/{place}", "value": taints[place]},
            {"op": "remove", "path": f"/spec/taints/{place}"},
        )
    ]
    try:
        client.patch("v1", "Node", None, node, operations)
    except KubeError as error:
        # The node changed, or went, in between: the next run looks again.
        if error.status in (404, 409, 422):
            return False
        raise
    return True
