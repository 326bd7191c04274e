# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw nodes and pods for tests of the matrix, in the forms that an API server gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    SHARD_LABEL,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import Pin
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import Strategy
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    WatchedShard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node, read_node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    read_placement,
)

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
A, B = "docker.io/library/a:1", "quay.io/b/b:2"


@dataclass(frozen=True)
class Expected:
    """What the registry has."""

    digest: str

    def accepts(self, digest: str) -> bool:
        return digest == self.digest


def node(name: str, ready: bool = True, taint: str = "", labels: dict[str, str] | None = None) -> Node:
    return read_node(
        {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": {"taints": [{"key": taint, "effect": "NoSchedule"}] if taint else []},
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}]},
        }
    )


def pin(container: str, reference: str, strategy: Strategy = Strategy.SLEEPER, refreshes: int = 0) -> Pin:
    return Pin(container, reference, strategy, tuple(f"refresh-{container}-{k}" for k in range(refreshes)))


def shard(name: str, *pins: Pin, selector: dict[str, str] | None = None) -> WatchedShard:
    placement = read_placement({"spec": {"template": {"spec": {"nodeSelector": selector or {}}}}})
    return WatchedShard(name, placement, pins)


def matrix(
    nodes: Sequence[Node], shards: Sequence[WatchedShard], pods: Sequence[Any] = (), **expected: str
) -> Matrix:
    """A finished matrix; ``a`` and ``b`` are the digests that the registries have for A and B."""
    references = {"a": A, "b": B}
    made = Matrix(nodes, shards, {references[key]: Expected(digest) for key, digest in expected.items()})
    made.add_pods(pods)
    made.finish()
    return made


def pod(
    on: str,
    of: str,
    *statuses: dict[str, Any],
    created: str = "2026-11-21T09:00:00Z",
    deleted: bool = False,
    **status: Any,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": f"{of}-{on}",
        "creationTimestamp": created,
        "labels": {SHARD_LABEL: of},
    }
    if deleted:
        metadata["deletionTimestamp"] = created
    listed = {"containerStatuses": list(statuses)} if statuses else {}
    return {
        "metadata": metadata,
        "spec": {"nodeName": on},
        "status": {"phase": "Running", "startTime": created, **listed, **status},
    }


def runs(container: str, digest: str = OLD, started: str = "2026-11-21T09:00:00Z") -> dict[str, Any]:
    image_id = f"docker.io/library/x@{digest}" if digest else ""
    return {"name": container, "imageID": image_id, "state": {"running": {"startedAt": started}}}


def waits(container: str, reason: str, message: str = "") -> dict[str, Any]:
    return {
        "name": container,
        "imageID": "",
        "state": {"waiting": {"reason": reason, "message": message}},
    }
