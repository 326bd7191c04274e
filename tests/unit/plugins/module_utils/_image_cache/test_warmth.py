# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes may lose the start-up taint: those of which it is sure that they lack nothing."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    WatchedShard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node, Taint
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    read_placement,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    toleration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.warmth import freeable
from tests.unit.plugins.module_utils._image_cache.fleet import (
    NEW,
    OLD,
    A,
    B,
    matrix,
    node,
    pin,
    pod,
    runs,
    waits,
)

COLD = "example.com/cold"
TEXT = f"{COLD}:NoSchedule"


def cold(name: str, *more: str, ready: bool = True, labels: dict[str, str] | None = None) -> Node:
    """A node with the start-up taint, and other taints of these keys."""
    made = node(name, ready=ready, labels=labels)
    return dataclasses.replace(made, taints=tuple(Taint(key, "", "NoSchedule") for key in (COLD, *more)))


def tolerant(selector: dict[str, str] | None = None) -> WatchedShard:
    spec = {"tolerations": [toleration(TEXT)], "nodeSelector": selector or {}}
    placement = read_placement({"spec": {"template": {"spec": spec}}})
    return WatchedShard("s", placement, (pin("pa", A), pin("pb", B)))


def warm(name: str) -> dict[str, object]:
    return pod(name, "s", runs("pa"), runs("pb"))


def test_warm_nodes_are_free_and_others_are_not() -> None:
    nodes = [cold("n2"), cold("n1"), cold("pulls"), cold("none"), node("untainted")]
    pods = [
        warm("n1"),
        warm("n2"),
        warm("untainted"),
        pod("pulls", "s", runs("pa"), waits("pb", "ContainerCreating")),
    ]
    found = matrix(nodes, [tolerant()], pods)
    assert freeable(nodes, found, TEXT, ()) == ["n1", "n2"]
    assert freeable(nodes, found, TEXT, {B}) == ["n1", "n2", "pulls"]
    assert freeable(nodes, found, f"{COLD}:NoExecute", ()) == []


def test_an_image_that_is_not_the_newest_is_warm_enough() -> None:
    found = matrix([cold("n1")], [tolerant()], [pod("n1", "s", runs("pa", OLD), runs("pb"))], a=NEW)
    assert freeable([cold("n1")], found, TEXT, ()) == ["n1"]


def test_a_node_that_joined_after_the_pods_were_read_is_not_free() -> None:
    found = matrix([cold("n1")], [tolerant()], [warm("n1")])
    assert freeable([cold("n1"), cold("late")], found, TEXT, ()) == ["n1"]
    assert freeable([cold("late")], matrix([cold("n1")], []), TEXT, ()) == []


def test_a_node_from_which_another_taint_keeps_the_pods_is_not_free() -> None:
    nodes = [cold("n1", "cni-not-ready")]
    found = matrix(nodes, [tolerant()])
    assert found.excluded == {"n1": "taint cni-not-ready:NoSchedule is not tolerated"}
    assert freeable(nodes, found, TEXT, ()) == []


def test_a_node_that_is_to_have_no_image_is_free() -> None:
    nodes = [cold("n1", labels={"pool": "other"})]
    assert freeable(nodes, matrix(nodes, [tolerant({"pool": "x"})]), TEXT, ()) == ["n1"]


@pytest.mark.parametrize(
    "coming",
    [cold("n1", ready=False), cold("n1", "node.cloudprovider.kubernetes.io/uninitialized")],
)
def test_a_node_that_still_comes_up_may_get_the_labels_that_are_wanted(coming: Node) -> None:
    assert freeable([coming], matrix([coming], [tolerant({"pool": "x"})]), TEXT, ()) == []


def test_what_a_node_told_before_it_went_down_does_not_count() -> None:
    nodes = [cold("n1", ready=False)]
    assert freeable(nodes, matrix(nodes, [tolerant()], [warm("n1")]), TEXT, ()) == []


def test_a_node_that_the_controller_does_not_count_is_not_free_by_presumption() -> None:
    nodes = [cold("n1"), cold("new", "node.kubernetes.io/not-ready")]
    found = Matrix(nodes, [tolerant()], {})
    found.presume_held("s")
    found.finish()
    assert freeable(nodes, found, TEXT, ()) == ["n1"]


def test_without_any_daemonset_all_nodes_are_free() -> None:
    nodes = [cold("n2", "gpu"), cold("n1", ready=False), node("n3")]
    assert freeable(nodes, matrix(nodes, []), TEXT, ()) == ["n1", "n2"]


def test_a_daemonset_whose_images_cannot_be_read_is_no_empty_cache() -> None:
    unread = dataclasses.replace(tolerant(), pins=())
    nodes = [cold("n1", "gpu")]
    assert freeable(nodes, matrix(nodes, [unread]), TEXT, ()) == []
