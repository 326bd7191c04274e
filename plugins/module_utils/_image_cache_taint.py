# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the start-up taint from nodes; which ones may lose it is decided elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    matches,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError


def remove_startup_taint(client: KubeClient, names: Collection[str], taint: str) -> list[str]:
    """Remove it from the nodes of these names, as far as they still have it.

    :param names: such as ``freeable`` gives them
    :param taint: ``key``, ``key:Effect`` or ``key=value:Effect``
    :returns: the names of the nodes that were changed, sorted
    :raises KubeError: the API server cannot be asked, or does not let this user change nodes
    """
    if not names:
        return []
    freed = []
    for page in client.pages("v1", "Node"):
        for node in page:
            name = node["metadata"]["name"]
            if name in names and _remove(client, name, node.get("spec", {}).get("taints") or (), taint):
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
