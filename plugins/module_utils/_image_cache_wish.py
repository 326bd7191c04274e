# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What image_cache_sync is asked for, and what it finds before it changes anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
    hash_of_digests,
    read_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import ImageEntry
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    ExpectedImage,
    Matrix,
    count_cells,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.same_image import (
    Key,
    Lookup,
    accept_same_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import (
    DIGEST_DIFFERS,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_cluster import (
    Cache,
    Unjudged,
    is_observed,
    read_matrix,
    recorded_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wait import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject


@dataclass(frozen=True)
class Wish:
    """What is wanted.

    :ivar settings: its namespace and instance name the cache
    :ivar resolve: asks the registries what references point at; gives nothing where they are not to be asked
    :ivar disk_factor: octets on a node's disk for each compressed octet
    :ivar threshold: percent that must be cached, less what ``patience`` allows to fail
    :ivar startup_taint: ``key``, ``key:Effect`` or ``key=value:Effect``; empty = none
    """

    entries: Sequence[ImageEntry]
    settings: PodSettings
    images_per_pod: int
    resolve: Lookup
    disk_factor: float
    patience: Patience
    threshold: float
    startup_taint: str

    @property
    def cache(self) -> Cache:
        """Which cache is meant."""
        return Cache(self.settings.namespace, self.settings.instance)

    @property
    def secrets(self) -> dict[str, str]:
        """The pull secret of each reference."""
        return {str(entry.reference): entry.pull_secret for entry in self.entries}


@dataclass(frozen=True)
class Situation:
    """What is there.

    :ivar resolved: what the registries said now, by reference
    :ivar recorded: what they said in an earlier run, by reference; of references that are still wanted
    :ivar matrix: of the live DaemonSets; None where there are none
    :ivar held: what nodes have in place of what the registries have, by digest, as far as it was looked up
    """

    nodes: tuple[Node, ...]
    daemonsets: tuple[KubeObject, ...]
    resolutions: Mapping[Key, Resolution]
    resolved: Mapping[str, Resolved]
    recorded: Mapping[str, Resolved]
    matrix: Matrix | None
    held: Mapping[str, Resolved] = field(default_factory=dict)

    @property
    def architectures(self) -> frozenset[str]:
        """Those of the nodes."""
        return frozenset(node.architecture for node in self.nodes if node.architecture)

    @property
    def known(self) -> dict[str, Resolved]:
        """What a reference stands for, as far as it is or was known."""
        return {**self.recorded, **self.resolved}

    @property
    def judging(self) -> dict[str, ExpectedImage]:
        """What nodes are compared with: what was recorded may be outdated itself, and judges nobody."""
        return {**{name: Unjudged(found.digest) for name, found in self.recorded.items()}, **self.resolved}


def survey(
    client: KubeClient,
    wish: Wish,
    nodes: tuple[Node, ...],
    daemonsets: tuple[KubeObject, ...],
    resolutions: Mapping[Key, Resolution],
) -> Situation:
    """Read what the pods tell. Raises KubeError."""
    recorded = recorded_images(daemonsets)
    resolved = {
        name: _with_known_digests(found, recorded.get(name))
        for (name, _secret), found in resolutions.items()
        if isinstance(found, Resolved)
    }
    still = {name: found for name, found in recorded.items() if name in wish.secrets}
    situation = Situation(nodes, daemonsets, resolutions, resolved, still, None)
    if not daemonsets:
        return situation
    matrix = read_matrix(
        client, wish.cache, nodes, daemonsets, situation.judging, every_pod=wish.patience.every_pod
    )
    return recognize(replace(situation, matrix=matrix), wish)


def recognize(situation: Situation, wish: Wish) -> Situation:
    """The same, with those digests recognized that nodes tell for the registry's present images."""
    if situation.matrix is None:
        return situation
    found = accept_same_images(
        situation.matrix,
        situation.resolved,
        wish.secrets,
        {node.name: node.architecture for node in situation.nodes},
        wish.resolve,
        _renewed(situation),
    )
    return replace(situation, resolved=found.resolved, held=found.held)


def _with_known_digests(found: Resolved, recorded: Resolved | None) -> Resolved:
    if recorded is None or recorded.digest != found.digest:
        return found
    return replace(found, same=found.same | recorded.same)


def _renewed(situation: Situation) -> set[str]:
    """The references whose pods were started anew because of what the registries have now."""
    renewed: set[str] = set()
    for obj in situation.daemonsets:
        shard = read_shard(obj)
        wanted = wanted_hash(shard.references, situation.resolved)
        if shard.digests_hash.startswith(wanted) and is_observed(obj):
            renewed.update(shard.references)
    return renewed


def renewal_hash(shard: str, references: Sequence[str], situation: Situation) -> str:
    """What the pods' template of a shard is to carry so that its pods are started anew, and only once.

    It is made of what the registries have and of what nodes have in its place. So where a new start does not
    help, as behind a mirror that lags, there is no other one; and a tag that came back is pulled again.
    """
    held = {
        cell.digest
        for column in (situation.matrix.columns() if situation.matrix is not None else ())
        if column.shard == shard
        for cell, _count in count_cells(column.cells)
        if cell.reason == DIGEST_DIFFERS
    }
    return (
        wanted_hash(references, situation.resolved)
        + hashlib.sha256(repr(sorted(held)).encode()).hexdigest()[:24]
    )


def wanted_hash(references: Sequence[str], resolved: Mapping[str, Resolved]) -> str:
    """The part of ``renewal_hash`` that is made of what the registries have."""
    return f"{hash_of_digests(references, resolved)[:24]}-"
