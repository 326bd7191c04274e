# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fake nodes and pods: what they look like, and that the collection reads them as they are meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    read_expected,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    watched_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import read_node
from benchmarks.fake_image_cache import ImageCache
from benchmarks.fake_objects import ARM_EVERY, HEALTHY, Trouble, image_id, node, node_name, pod, pod_status

NODES = 10
CACHE = ImageCache(images=12, images_per_pod=5)
TROUBLE = Trouble(
    failing_nodes=frozenset({node_name(0), node_name(1)}),
    failing_images=frozenset(CACHE.references()[:3]),
    pulling_nodes=frozenset({node_name(2)}),
    unscheduled_nodes=frozenset({node_name(3)}),
)


def stored(cache: ImageCache) -> list[dict[str, Any]]:
    """The DaemonSets with what the API server adds to them."""
    return [one | {"metadata": one["metadata"] | {"uid": "u"}} for one in cache.daemonsets()]


def made(daemonset: Mapping[str, Any], name: str, trouble: Trouble = HEALTHY) -> dict[str, Any]:
    """A pod with its status."""
    found = pod(daemonset, name, trouble)
    return found | {"status": pod_status(found["spec"], name, trouble)}


def states_seen(cache: ImageCache, trouble: Trouble) -> dict[str, int]:
    """What the collection's own matrix makes of a fleet, states that nothing is in left out."""
    daemonsets = stored(cache)
    expected = {name: found for one in daemonsets for name, found in read_expected(one).items()}
    matrix = Matrix([read_node(node(n)) for n in range(NODES)], map(watched_shard, daemonsets), expected)
    matrix.add_pods(made(one, node_name(n), trouble) for one in daemonsets for n in range(NODES))
    matrix.finish()
    return {state.value: count for state, count in matrix.totals().items() if count}


def test_a_healthy_fleet_has_all_images_with_the_digests_that_are_expected() -> None:
    assert states_seen(CACHE, HEALTHY) == {"cached": NODES * CACHE.images}


def test_moving_images_are_as_healthy() -> None:
    assert states_seen(ImageCache(images=3, moving=True), HEALTHY) == {"cached": NODES * 3}


def test_trouble_is_seen_in_the_numbers_that_it_foretells() -> None:
    foretold = TROUBLE.counts(NODES, CACHE.images)
    assert foretold == {"cached": 90, "failed": 6, "pulling": 12, "unscheduled": 12}
    assert states_seen(CACHE, TROUBLE) == foretold


def test_only_pods_without_trouble_run() -> None:
    first, second, third = stored(CACHE)
    phases = Counter(
        made(one, node_name(n), TROUBLE)["status"]["phase"]
        for one in (first, second, third)
        for n in range(4)
    )
    # The failing images are all in the first pod.
    assert phases == {"Running": 4, "Pending": 8}
    assert made(second, node_name(0), TROUBLE)["status"]["phase"] == "Running"


def test_a_pod_that_is_not_scheduled_names_its_node_in_its_affinity_only() -> None:
    spec = pod(stored(CACHE)[0], node_name(3), TROUBLE)["spec"]
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert "nodeName" not in spec
    assert [term["matchFields"][0]["values"] for term in required["nodeSelectorTerms"]] == [[node_name(3)]]


def test_pods_have_names_of_their_own_and_the_labels_that_their_daemonset_selects() -> None:
    daemonsets = stored(CACHE)
    pods = [pod(one, node_name(n)) for one in daemonsets for n in range(NODES)]
    assert len({one["metadata"]["name"] for one in pods}) == len(pods)
    for one in daemonsets:
        selected = one["spec"]["selector"]["matchLabels"].items()
        assert sum(selected <= found["metadata"]["labels"].items() for found in pods) == NODES


def test_a_pod_has_a_container_for_each_image_and_two_where_that_moves() -> None:
    for cache, containers in ((CACHE, [5, 5, 2]), (ImageCache(images=12, moving=True), [20, 4])):
        assert [
            len(one["spec"]["template"]["spec"]["containers"]) for one in cache.daemonsets()
        ] == containers


def test_one_node_in_a_few_is_of_another_architecture() -> None:
    nodes = [read_node(node(n)) for n in range(2 * ARM_EVERY)]
    assert Counter(one.architecture for one in nodes) == {"arm64": 2, "amd64": 2 * (ARM_EVERY - 1)}
    assert all(one.ready and one.allocatable_bytes == 500 * 2**30 for one in nodes)


def test_the_identity_of_an_image() -> None:
    given = "sha256:" + "1" * 64
    assert image_id(f"host:5000/a/b:1@{given}") == f"host:5000/a/b@{given}"
    name, _, digest = image_id("host:5000/a/b:1").partition("@")
    assert name == "host:5000/a/b"
    assert len(digest) == len(given)
    assert image_id("host:5000/a/b:1") != image_id("host:5000/a/b:2")
