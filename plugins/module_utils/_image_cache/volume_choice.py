# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which images are held as volumes, by what is known of the nodes and by what lives already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    read_group,
    read_pins,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.canary import (
    Mounting,
    Verdict,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
    daemonset,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    Verdict as Belonging,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    judge,
    read_placement,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import Group, Shard

Versions = tuple[str, str]


class Choice(NamedTuple):
    """How an image that is wanted as a volume is held; ``warning`` is empty where there is none."""

    strategy: Strategy
    warning: str


def versions_of(node: Node) -> Versions:
    """The pair of versions that decides: the kubelet's, and the container runtime's."""
    return node.kubelet_version, node.runtime_version


def nodes_of(
    entry: ImageEntry, architectures: Iterable[str], settings: PodSettings, nodes: Iterable[Node]
) -> tuple[Node, ...]:
    """Give the nodes that are to have the image.

    :param architectures: those that the image is made for; empty = not known, any
    """
    group = Group(
        entry.reference.registry,
        entry.pull_secret,
        entry.node_selector,
        entry.architectures or frozenset(architectures),
        Strategy.VOLUME,
    )
    placement = read_placement(daemonset(Shard("any", group, (str(entry.reference),)), settings, {}, ""))
    return tuple(node for node in nodes if judge(node, placement).verdict is Belonging.WANTED)


def choose(
    entry: ImageEntry,
    wanted: Sequence[Node],
    verdicts: Mapping[Versions, Verdict],
    daemonsets: Iterable[Mapping[str, Any]],
) -> Choice:
    """Choose how to hold an image that is wanted as a volume.

    One node that cannot mount it puts it on the sleeper. Where that is not known of a node, the image stays
    as it lives, and one that does not live yet is held by the sleeper. What was not tried, as in check mode,
    or as no node of some versions is ready, is taken to be as in the run before.

    :param wanted: the nodes that are to have the image
    :param verdicts: by versions; those that were not tried have none
    :param daemonsets: the live ones of the cache
    """
    told = [(node.name, verdicts[versions_of(node)]) for node in wanted if versions_of(node) in verdicts]
    for name, verdict in told:
        if verdict.mounting is Mounting.UNABLE:
            return _by_sleeper(entry, f"on {name}, {verdict.reason}")
    alive = frozenset(_strategies_alive(entry, daemonsets))
    if alive == {Strategy.SLEEPER} and (len(told) < len(wanted) or not wanted):
        return _by_sleeper(entry, "it is held so now, and was not tried otherwise on all nodes")
    for name, verdict in told:
        if verdict.mounting is not Mounting.UNKNOWN:
            continue
        reason = f"on {name}, it is not known whether images can be mounted: {verdict.reason}"
        if Strategy.VOLUME in alive:
            return Choice(Strategy.VOLUME, f"{entry.reference} stays a volume: {reason}")
        return _by_sleeper(entry, reason)
    return Choice(Strategy.VOLUME, "")


def _by_sleeper(entry: ImageEntry, reason: str) -> Choice:
    return Choice(Strategy.SLEEPER, f"{entry.reference} is held by the sleeper, not as a volume: {reason}")


def _strategies_alive(entry: ImageEntry, daemonsets: Iterable[Mapping[str, Any]]) -> Iterator[Strategy]:
    name = str(entry.reference)
    for obj in daemonsets:
        group = read_group(obj)
        if group is None or name not in read_pins(obj).values():
            continue
        if (group.pull_secret, group.node_selector) == (entry.pull_secret, entry.node_selector):
            yield group.strategy
