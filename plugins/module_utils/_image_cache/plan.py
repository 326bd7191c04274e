# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image goes into which DaemonSet.

The images of one DaemonSet are a shard. All of them have one registry, pull secret, node selector, strategy
and set of architectures: a group. Pods are recreated when their DaemonSet changes, so images stay in theirs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.container_names import (
    shard_prefix,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Resolved,
)


@dataclass(frozen=True)
class Group:
    """What all images of a shard have in common.

    :ivar registry: ``host[:port]`` as references name it
    :ivar pull_secret: name of a secret; empty = none
    :ivar node_selector: labels, sorted
    :ivar architectures: as Kubernetes names them; empty = any
    """

    registry: str
    pull_secret: str
    node_selector: tuple[tuple[str, str], ...]
    architectures: frozenset[str]
    strategy: Strategy

    def as_json(self) -> str:
        """Write it in the one form that equal groups have."""
        return json.dumps(
            {
                "architectures": sorted(self.architectures),
                "nodeSelector": dict(self.node_selector),
                "pullSecret": self.pull_secret,
                "registry": self.registry,
                "strategy": self.strategy.value,
            },
            separators=(",", ":"),
            sort_keys=True,
        )


@dataclass(frozen=True)
class Shard:
    """A DaemonSet as it should be; ``references`` in the order of its containers."""

    name: str
    group: Group
    references: tuple[str, ...]


@dataclass(frozen=True)
class LiveShard:
    """A DaemonSet as it is; ``references`` in the order of its containers, each once.

    :ivar group_hash: of ``group_hash``; empty where the DaemonSet does not tell its group
    :ivar digests_hash: that its pods were last recreated for; empty = never
    :ivar architectures: of its group
    """

    name: str
    group_hash: str
    references: tuple[str, ...]
    digests_hash: str
    architectures: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """All shards that are wanted, and the names of live DaemonSets that go, sorted."""

    shards: tuple[Shard, ...]
    removed: tuple[str, ...]


def group_hash(instance: str, group: Group) -> str:
    """Give the identity of a cache's group: 64 hexadecimal digits."""
    return hashlib.sha256(f"{instance}\n{group.as_json()}".encode()).hexdigest()


def make_plan(
    instance: str,
    entries: Sequence[ImageEntry],
    resolutions: Mapping[tuple[str, str], Resolution],
    live: Sequence[LiveShard],
    images_per_pod: int,
    *,
    architectures: Iterable[str] = (),
    taken: Iterable[str] = (),
) -> Plan:
    """Place every entry in one shard of its group.

    An image that is in a live shard of its group stays there, unless the shard has more such than
    ``images_per_pod`` (at least 1); the others fill shards with room in the order of the list, then new ones.

    :param resolutions: by reference and pull secret
    :param architectures: of the nodes; of what an image is made for, only these and those of live shards
        count, so that images made for many do not need a group each. None: all count
    :param taken: names that cannot be used, of DaemonSets that are on their way out
    """
    ordered = sorted(live, key=_by_ordinal)
    nodes = frozenset(architectures)
    known = nodes.union(*(shard.architectures for shard in live)) if nodes else nodes
    groups = _grouped(instance, entries, resolutions, ordered, known)
    alive: dict[str, list[LiveShard]] = defaultdict(list)
    for shard in ordered:
        alive[shard.group_hash].append(shard)
    present = {shard.name for shard in live}
    unusable = present.union(taken)
    used: set[str] = set()
    shards: list[Shard] = []
    for group, references in groups.items():
        identity = group_hash(instance, group)
        kept = _keep(alive[identity], references, images_per_pod)
        names = _free_names(shard_prefix(instance, group.registry, identity), unusable | used)
        filled = _fill(group, references, kept, names, images_per_pod)
        used.update(shard.name for shard in filled)
        shards += filled
    return Plan(tuple(shards), tuple(sorted(present - used)))


def _by_ordinal(shard: LiveShard) -> tuple[int, str]:
    # Names of one group differ in their ordinals alone, so the longer name has the higher one.
    return len(shard.name), shard.name


def _grouped(
    instance: str,
    entries: Sequence[ImageEntry],
    resolutions: Mapping[tuple[str, str], Resolution],
    live: Sequence[LiveShard],
    known: frozenset[str],
) -> dict[Group, dict[str, None]]:
    holders: dict[str, list[LiveShard]] = defaultdict(list)
    for shard in live:
        for reference in shard.references:
            holders[reference].append(shard)
    groups: dict[Group, dict[str, None]] = defaultdict(dict)
    for entry in entries:
        name = str(entry.reference)
        group = Group(
            entry.reference.registry,
            entry.pull_secret,
            entry.node_selector,
            entry.architectures,
            entry.strategy,
        )
        if not group.architectures:
            resolution = resolutions.get((name, entry.pull_secret))
            if isinstance(resolution, Resolved):
                made_for = resolution.architectures()
                group = replace(group, architectures=(made_for & known) or made_for)
            else:
                # A registry that does not answer must not move its images.
                group = _remembered(instance, group, holders.get(name, ()))
        groups[group][name] = None
    return groups


def _remembered(instance: str, group: Group, holders: Iterable[LiveShard]) -> Group:
    """Give the group with the architectures that its image has in the cluster, if it is there."""
    known = [(replace(group, architectures=shard.architectures), shard.group_hash) for shard in holders]
    same = (found for found, identity in known if group_hash(instance, found) == identity)
    return next(same, known[0][0] if known else group)


def _keep(live: Iterable[LiveShard], wanted: Iterable[str], most: int) -> dict[str, list[str]]:
    """Give for each live shard of a group what stays in it."""
    left = set(wanted)
    kept: dict[str, list[str]] = {}
    for shard in live:
        staying = [name for name in shard.references if name in left][:most]
        left.difference_update(staying)
        kept[shard.name] = staying
    return kept


def _fill(
    group: Group,
    wanted: Iterable[str],
    kept: Mapping[str, Sequence[str]],
    names: Iterable[str],
    most: int,
) -> list[Shard]:
    staying = {name for references in kept.values() for name in references}
    coming = iter([name for name in wanted if name not in staying])
    shards: list[Shard] = []
    for name in itertools.chain(kept, names):
        held = list(kept.get(name, ()))
        held += itertools.islice(coming, most - len(held))
        if held:
            shards.append(Shard(name, group, tuple(held)))
        elif name not in kept:
            break
    return shards


def _free_names(prefix: str, taken: Container[str]) -> Iterable[str]:
    return (name for ordinal in itertools.count() if (name := f"{prefix}{ordinal}") not in taken)
