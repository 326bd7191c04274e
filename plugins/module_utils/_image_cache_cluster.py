# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads an image cache back from its cluster: nodes, DaemonSets, and what their pods tell."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    SHARD_LABEL,
    read_expected,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    ExpectedImage,
    Matrix,
    watched_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node, read_node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.refusals import (
    lacking_pods,
    mark_refused,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import Resolved
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_events import (
    creation_refusals,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject, dig

# A pod of twenty containers takes some 40 kB of JSON, and ten times that while Python holds it.
_PAGE_SIZE = 100


@dataclass(frozen=True)
class Cache:
    """Which cache: its namespace, and its name among those of the namespace."""

    namespace: str
    name: str

    @property
    def selector(self) -> str:
        """Finds its DaemonSets and their pods."""
        return f"app.kubernetes.io/name=image-cache,app.kubernetes.io/instance={self.name}"


@dataclass(frozen=True)
class Unjudged:
    """What a registry had in an earlier run: worth telling, but nodes may have something newer by now."""

    digest: str

    def accepts(self, digest: str) -> bool:
        """Always true."""
        del digest
        return True


def read_nodes(client: KubeClient) -> tuple[Node, ...]:
    """Read all nodes. Raises KubeError."""
    return tuple(read_node(obj) for page in client.pages("v1", "Node") for obj in page)


def read_daemonsets(client: KubeClient, cache: Cache) -> tuple[KubeObject, ...]:
    """Read the cache's DaemonSets, those being deleted left out. Raises KubeError."""
    found = client.list("apps/v1", "DaemonSet", cache.namespace, label_selector=cache.selector)
    return tuple(obj for obj in found if not dig(obj, "metadata", "deletionTimestamp"))


def ending_daemonsets(client: KubeClient, cache: Cache) -> frozenset[str]:
    """The names of the cache's DaemonSets that are being deleted. Raises KubeError."""
    found = client.list("apps/v1", "DaemonSet", cache.namespace, label_selector=cache.selector)
    return frozenset(obj["metadata"]["name"] for obj in found if dig(obj, "metadata", "deletionTimestamp"))


def recorded_images(daemonsets: Iterable[KubeObject]) -> dict[str, Resolved]:
    """What the registries had when they were asked last, by reference."""
    found: dict[str, Resolved] = {}
    for obj in daemonsets:
        found.update(read_expected(obj))
    return found


def read_matrix(
    client: KubeClient,
    cache: Cache,
    nodes: Iterable[Node],
    daemonsets: Iterable[KubeObject],
    expected: Mapping[str, ExpectedImage],
    *,
    every_pod: bool = True,
) -> Matrix:
    """Read what the pods tell, page by page.

    :param every_pod: false reads only the pods that do not run, and all pods of those DaemonSets whose counts
      these do not explain; the rest counts as cached, with no digest seen
    :raises KubeError: the API server could not be asked
    """
    shown = list(daemonsets)
    matrix = Matrix(nodes, (watched_shard(obj) for obj in shown), expected)
    if every_pod:
        _add(matrix, _pages(client, cache, cache.selector))
    else:
        _add(matrix, _pages(client, cache, cache.selector, "status.phase!=Running"))
        for obj in shown:
            name = obj["metadata"]["name"]
            if is_observed(obj) and _counts_tell_all(obj, matrix):
                matrix.presume_held(name)
            else:
                _add(matrix, _pages(client, cache, f"{cache.selector},{SHARD_LABEL}={name}"))
    matrix.finish()
    lacking = lacking_pods(matrix)
    if lacking:
        mark_refused(matrix, creation_refusals(client, cache.namespace, lacking))
    return matrix


def _add(matrix: Matrix, pages: Iterator[Iterable[KubeObject]]) -> None:
    with _no_garbage_collection():
        for page in pages:
            matrix.add_pods(page)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A page has no cycles, and goes with its last reference; but it would have all that is kept searched."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _pages(
    client: KubeClient, cache: Cache, label_selector: str, field_selector: str = ""
) -> Iterator[Iterable[KubeObject]]:
    return client.pages(
        "v1",
        "Pod",
        cache.namespace,
        label_selector=label_selector,
        field_selector=field_selector,
        page_size=_PAGE_SIZE,
    )


def _counts_tell_all(daemonset: KubeObject, matrix: Matrix) -> bool:
    """Whether the status counts all nodes, and every pod that is not ready has been seen: it does not run."""
    name = daemonset["metadata"]["name"]
    status = daemonset.get("status") or {}
    if int(status.get("desiredNumberScheduled", 0)) != matrix.nodes_counted(name):
        return False
    not_ready = int(status.get("currentNumberScheduled", 0)) - int(status.get("numberReady", 0))
    return not_ready <= matrix.pods_seen(name)


def is_observed(daemonset: KubeObject) -> bool:
    """Whether the counts of its status are those of its present template, on every node."""
    status = daemonset.get("status") or {}
    desired = status.get("desiredNumberScheduled", 0)
    return bool(
        status.get("observedGeneration") == daemonset["metadata"].get("generation")
        and status.get("updatedNumberScheduled", 0) == desired
        and status.get("currentNumberScheduled", 0) == desired
    )
