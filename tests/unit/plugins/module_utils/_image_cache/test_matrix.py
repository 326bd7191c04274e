# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of every image on every node."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    SHARD_LABEL,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
    daemonset,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import Strategy
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import (
    cold_nodes,
    longest_pull,
    outdated,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    WatchedShard,
    watched_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    read_placement,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import Group, Shard
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import Cell, State
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
    shard,
    waits,
)

ONE = shard("s", pin("pa", A))
CACHED = Cell(State.CACHED, OLD, "", "")
NO_POD = Cell(State.UNSCHEDULED, "", "NoPod", "no pod yet")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def cells(found: Matrix) -> dict[tuple[str, str], Cell]:
    return {
        (name, column.pin.reference): cell
        for column in found.columns()
        for name, cell in zip(column.nodes, column.cells, strict=True)
    }


def test_each_pin_on_each_node_where_it_belongs() -> None:
    nodes = [node("n1", labels={"pool": "x"}), node("n2")]
    shards = [ONE, shard("t", pin("pb", B), selector={"pool": "x"})]
    found = cells(matrix(nodes, shards, [pod("n1", "s", runs("pa")), pod("n1", "t", runs("pb", NEW))]))
    assert found == {
        ("n1", A): CACHED,
        ("n2", A): NO_POD,
        ("n1", B): Cell(State.CACHED, NEW, "", ""),
    }


def test_a_rendered_daemonset_can_be_watched() -> None:
    group = Group("docker.io", "", (("pool", "x"),), frozenset({"amd64"}), Strategy.SLEEPER)
    known = {A: Resolved(OLD, {"linux/amd64": PlatformImage(NEW, ())})}
    wanted = PodSettings("cache", "c", 3600, "docker.io/library/busybox:1.36", (), (), {}, "")
    watched = watched_shard(daemonset(Shard("s", group, (A,)), wanted, known, ""))
    (of_a,) = watched.pins
    assert (watched.name, of_a.reference, len(of_a.refresh_containers)) == ("s", A, 1)
    linux = {"kubernetes.io/os": "linux", "pool": "x"}
    nodes = [
        node("n1", labels={**linux, "kubernetes.io/arch": "amd64"}),
        node("n2", labels={**linux, "kubernetes.io/arch": "amd64"}),
        node("n3", labels={**linux, "kubernetes.io/arch": "arm64"}),
    ]
    found = Matrix(nodes, [watched], known)
    refreshed = runs(of_a.refresh_containers[0], NEW, "2026-11-21T09:30:00Z")
    found.add_pods([pod("n1", "s", runs(of_a.container, OLD), refreshed)])
    found.add_pods([pod("n2", "s", runs(of_a.container, f"sha256:{'c' * 64}"))])
    found.finish()
    assert {name: cell.state for (name, _image), cell in cells(found).items()} == {
        "n1": State.CACHED,
        "n2": State.STALE,
    }
    assert cells(found)["n1", A].digest == NEW
    assert found.expected_digest(A) == OLD


def test_an_excluded_node_has_its_reason_and_no_cells() -> None:
    found = matrix([node("n1"), node("n2", taint="gpu")], [ONE], [pod("n2", "s", runs("pa"))])
    assert set(cells(found)) == {("n1", A)}
    assert found.excluded == {"n2": "taint gpu:NoSchedule is not tolerated"}


def test_digests_are_compared_with_the_registry() -> None:
    pods = [pod("n1", "s", runs("pa", OLD)), pod("n2", "s", runs("pa", NEW)), pod("n3", "s", runs("pa", ""))]
    found = matrix([node(f"n{k}") for k in (1, 2, 3)], [ONE], pods, a=NEW)
    assert cells(found) == {
        ("n1", A): Cell(State.STALE, OLD, "DigestDiffers", f"the registry has {NEW}"),
        ("n2", A): Cell(State.CACHED, NEW, "", ""),
        ("n3", A): Cell(State.CACHED, "", "", ""),
    }
    assert outdated(found) == {"s": (A,)}
    assert found.expected_digest(A) == NEW
    assert found.expected_digest(B) == ""


def test_refresh_containers_belong_to_their_pin() -> None:
    of_a = pin("pa", A, refreshes=2)
    refreshed = runs("refresh-pa-1", NEW, "2026-11-21T09:30:00Z")
    pods = [pod("n1", "s", runs("pa", OLD), runs("pb", OLD), refreshed)]
    found = matrix([node("n1")], [shard("s", of_a, pin("pb", B))], pods)
    assert cells(found)["n1", A].digest == NEW
    assert cells(found)["n1", B].digest == OLD


def test_a_refresh_that_fails_makes_stale_but_not_outdated() -> None:
    pods = [pod("n1", "s", runs("pa", OLD), waits("refresh-pa-0", "ErrImagePull", "refused"))]
    found = matrix([node("n1")], [shard("s", pin("pa", A, refreshes=1))], pods, a=NEW)
    words = "not refreshed since 2026-11-21T09Z: ErrImagePull: refused"
    assert cells(found)["n1", A] == Cell(State.STALE, OLD, "ErrImagePull", words)
    assert outdated(found) == {}


def test_an_image_volume_tells_no_digest() -> None:
    volume = shard("s", pin("pa", A, Strategy.VOLUME, refreshes=1))
    pods = [pod("n1", "s", runs("pa", OLD), runs("refresh-pa-0", OLD))]
    assert cells(matrix([node("n1")], [volume], pods, a=NEW))["n1", A] == Cell(State.CACHED, "", "", "")


def test_a_pin_that_the_pod_does_not_have_yet_is_to_come() -> None:
    found = matrix([node("n1")], [shard("s", pin("pa", A), pin("pb", B))], [pod("n1", "s", runs("pa"))])
    assert cells(found)["n1", A] == CACHED
    assert cells(found)["n1", B].state is State.PULLING


def test_a_pod_without_statuses_is_pulling() -> None:
    found = matrix([node("n1")], [ONE], [pod("n1", "s", phase="Pending")])
    assert cells(found)["n1", A].state is State.PULLING
    assert found.unsettled() == 1


def test_a_pod_that_waits_for_its_node_names_it_in_its_affinity() -> None:
    words = "0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match the pod's node affinity."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
    waiting = pod("", "s", phase="Pending", conditions=[condition])
    fields = [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    waiting["spec"] = {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    }
    found = matrix([node("n1"), node("n2")], [ONE], [waiting])
    assert cells(found) == {
        ("n1", A): Cell(State.UNSCHEDULED, "", "Unschedulable", words),
        ("n2", A): NO_POD,
    }
    assert found.unsettled() == 1


def test_an_evicted_pod() -> None:
    words = "The node was low on resource: ephemeral-storage."
    gone = pod("n1", "s", phase="Failed", reason="Evicted", message=words)
    assert cells(matrix([node("n1")], [ONE], [gone]))["n1", A] == Cell(
        State.UNSCHEDULED, "", "Evicted", words
    )


def test_an_evicted_pod_does_not_hide_the_one_of_the_same_second() -> None:
    gone, new = pod("n1", "s", phase="Failed", reason="Evicted"), pod("n1", "s", runs("pa"))
    for pods in ([gone, new], [new, gone]):
        assert cells(matrix([node("n1")], [ONE], pods))["n1", A] == CACHED


def test_the_sleeper_that_fails_fails_all_of_its_pod() -> None:
    status = {
        **waits("sleeper", "ImagePullBackOff", 'Back-off pulling image "b": ErrImagePull: no'),
        "image": "b",
    }
    pods = [
        pod(
            "n1",
            "s",
            waits("pa", "PodInitializing"),
            waits("pb", "PodInitializing"),
            phase="Pending",
            initContainerStatuses=[status],
        )
    ]
    found = matrix([node("n1")], [shard("s", pin("pa", A), pin("pb", B))], pods)
    assert set(cells(found).values()) == {Cell(State.FAILED, "", "ErrImagePull", "sleeper image b: no")}


@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_pod_that_stays_counts(turned: bool) -> None:
    pods = [
        pod("n1", "s", runs("pa", OLD), created="2026-11-21T08:00:00Z"),
        pod("n1", "s", runs("pa", NEW), created="2026-11-21T08:00:05Z"),
        pod("n1", "s", waits("pa", "ErrImagePull"), created="2026-11-21T08:00:09Z", deleted=True),
    ]
    found = matrix([node("n1")], [ONE], pods[::-1] if turned else pods)
    assert cells(found)["n1", A] == Cell(State.CACHED, NEW, "", "")


def test_a_pod_that_is_being_deleted_alone_leaves_its_node_without() -> None:
    found = matrix([node("n1")], [ONE], [pod("n1", "s", runs("pa"), deleted=True)])
    cell = cells(found)["n1", A]
    assert (cell.state, cell.reason, cell.settled) == (State.UNSCHEDULED, "NoPod", False)
    assert "being deleted" in cell.message


def test_a_node_that_is_not_ready() -> None:
    nodes = [node(name, ready=False) for name in ("held", "old", "pulls", "none", "failed")]
    pods = [
        pod("held", "s", runs("pa", NEW)),
        pod("old", "s", runs("pa", OLD)),
        pod("pulls", "s", waits("pa", "ContainerCreating")),
        pod("failed", "s", waits("pa", "ErrImagePull", "refused")),
    ]
    found = matrix(nodes, [ONE], pods, a=NEW)
    words = "the node is not ready; this is what it told last"
    nothing = Cell(State.UNSCHEDULED, "", "NodeNotReady", "the node is not ready")
    assert cells(found) == {
        ("held", A): Cell(State.STALE, NEW, "NodeNotReady", words),
        ("old", A): Cell(State.STALE, OLD, "NodeNotReady", words),
        ("pulls", A): nothing,
        ("none", A): nothing,
        ("failed", A): Cell(State.FAILED, "", "ErrImagePull", "refused"),
    }
    assert (found.unsettled(), outdated(found)) == (0, {})


def test_pods_of_others_and_on_nodes_without_cells_are_passed_over() -> None:
    other = pod("n1", "s", runs("pa"))
    del other["metadata"]["labels"]
    pods = [other, pod("n1", "unknown", runs("pa")), pod("n9", "s", runs("pa")), pod("", "s", runs("pa"))]
    assert cells(matrix([node("n1")], [ONE], pods)) == {("n1", A): NO_POD}


def test_totals_and_percent() -> None:
    nodes = [node(f"n{k}") for k in range(4)]
    pods = [
        pod("n0", "s", runs("pa"), waits("pb", "ErrImagePull")),
        pod("n1", "s", runs("pa"), waits("pb", "ErrImagePull")),
        pod("n2", "s", runs("pa"), waits("pb", "ContainerCreating")),
    ]
    found = matrix(nodes, [shard("s", pin("pa", A), pin("pb", B))], pods)
    assert found.totals() == {
        State.CACHED: 3,
        State.PULLING: 1,
        State.FAILED: 2,
        State.STALE: 0,
        State.UNSCHEDULED: 2,
    }
    assert found.percent_cached() == 37.5
    assert found.percent_cached({B}) == 75.0
    assert found.percent_cached({A, B}) == 100.0
    assert found.unsettled() == 3
    assert found.unsettled({B}) == 1


def test_nodes_are_cold_while_they_lack_an_image_that_must_be_there() -> None:
    pods = [pod("n1", "s", runs("pa"), runs("pb")), pod("n2", "s", runs("pa"), waits("pb", "ErrImagePull"))]
    nodes = [node("n1"), node("n2"), node("n3", ready=False), node("n4", taint="gpu")]
    found = matrix(nodes, [shard("s", pin("pa", A), pin("pb", B))], pods)
    assert cold_nodes(found) == {"n2", "n3"}
    assert cold_nodes(found, {B}) == {"n3"}


def test_pods_that_were_not_read_may_be_presumed_to_hold_their_images() -> None:
    pods = [
        pod("n1", "s", waits("pa", "ErrImagePull", "refused"), phase="Pending"),
        pod("n2", "s", phase="Failed", reason="Evicted"),
    ]
    nodes = [node("n1"), node("n2"), node("n3"), node("n4", ready=False)]
    found = Matrix(nodes, [ONE, shard("t", pin("pb", B), selector={"pool": "x"})], {})
    found.add_pods(pods)
    assert (found.pods_seen("s"), found.pods_seen("t")) == (1, 0)
    found.presume_held("s")
    found.finish()
    assert {name: (cell.state, cell.digest) for (name, _image), cell in cells(found).items()} == {
        "n1": (State.FAILED, ""),
        "n2": (State.CACHED, ""),
        "n3": (State.CACHED, ""),
        "n4": (State.STALE, ""),
    }


def test_nodes_that_the_controller_does_not_count_are_presumed_to_hold_nothing() -> None:
    nodes = [
        node("n1"),
        node("down", ready=False, taint="node.kubernetes.io/not-ready"),
        node("back", taint="node.kubernetes.io/unreachable"),
    ]
    found = Matrix(nodes, [ONE], {})
    found.add_pods([pod("down", "s", waits("pa", "ContainerCreating"), phase="Pending")])
    assert (found.nodes_counted("s"), found.pods_seen("s")) == (1, 0)
    found.presume_held("s")
    found.finish()
    assert {name: (cell.state, cell.reason) for (name, _image), cell in cells(found).items()} == {
        "n1": (State.CACHED, ""),
        "down": (State.UNSCHEDULED, "NodeNotReady"),
        "back": (State.UNSCHEDULED, "NoPod"),
    }


def test_the_controller_counts_nodes_that_are_down_where_even_that_is_tolerated() -> None:
    placement = read_placement({"spec": {"template": {"spec": {"tolerations": [{"operator": "Exists"}]}}}})
    down = node("n1", ready=False, taint="node.kubernetes.io/not-ready")
    found = Matrix([down], [WatchedShard("s", placement, ())], {})
    assert found.nodes_counted("s") == 1


def test_the_pull_that_began_first() -> None:
    pods = [
        pod("n1", "s", waits("pa", "ContainerCreating"), created="2026-11-21T09:00:07Z"),
        pod("n2", "s", runs("pa"), waits("pb", "ContainerCreating"), created="2026-11-21T09:00:03Z"),
        pod("n3", "s", runs("pa"), runs("pb"), created="2026-11-21T09:00:01Z"),
    ]
    nodes = [node(f"n{k}") for k in (1, 2, 3)]
    found = matrix(nodes, [shard("s", pin("pa", A), pin("pb", B))], pods)
    assert longest_pull(found) == ("n2", B, "2026-11-21T09:00:03Z")
    assert longest_pull(matrix(nodes, [ONE], pods[2:])) is None


class Part(dict[str, Any]):
    """A mapping that can be referred to weakly."""


def weak(value: Any, found: list[weakref.ref[Part]]) -> Any:
    if isinstance(value, list):
        return [weak(entry, found) for entry in value]
    if not isinstance(value, dict):
        return value
    part = Part({key: weak(entry, found) for key, entry in value.items()})
    found.append(weakref.ref(part))
    return part


def test_equal_cells_are_one_object_and_pages_are_let_go() -> None:
    names = [f"n{k}" for k in range(20)]
    found = Matrix([node(name) for name in names], [ONE], {})
    parts: list[weakref.ref[Part]] = []
    for half in (names[:10], names[10:]):
        found.add_pods([weak(pod(name, "s", runs("pa")), parts) for name in half])
    gc.collect()
    assert len(parts) > len(names)
    assert {reference() for reference in parts} == {None}
    assert len({id(cell) for column in found.columns() for cell in column.cells}) == 1


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "node": st.sampled_from(["n0", "n1", "n2", "n9", ""]),
                "shard": st.sampled_from(["s", "t", "u"]),
                "deleted": st.booleans(),
                "garbage": st.fixed_dictionaries(
                    {}, optional={"metadata": JSON, "spec": JSON, "status": JSON, "name": JSON}
                ),
                "status": st.fixed_dictionaries(
                    {},
                    optional={
                        "phase": JSON | st.sampled_from(["Running", "Pending", "Failed"]),
                        "conditions": JSON,
                        "startTime": JSON,
                        "containerStatuses": JSON
                        | st.lists(
                            st.sampled_from([runs("pa"), waits("pa", "ErrImagePull"), runs("pb", NEW)])
                            | st.fixed_dictionaries({"name": JSON, "state": JSON, "imageID": JSON}),
                            max_size=4,
                        ),
                        "initContainerStatuses": st.lists(
                            st.fixed_dictionaries({"name": st.just("sleeper") | JSON, "state": JSON}),
                            max_size=2,
                        ),
                    },
                ),
            }
        ),
        max_size=6,
    ),
    st.lists(JSON, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
@settings(deadline=None)
def test_every_node_and_pin_has_one_cell_whatever_the_pods_hold(
    parts: list[dict[str, Any]], junk: list[Any], ready: list[bool]
) -> None:
    nodes = [node(f"n{k}", ready=ready[k], labels={"k": str(k)}) for k in range(3)]
    shards = [
        shard("s", pin("pa", A), pin("pb", B)),
        shard("t", pin("pa", A, refreshes=1), selector={"k": "1"}),
    ]
    pods: list[Any] = [*junk]
    for part in parts:
        made = pod(part["node"], part["shard"], deleted=part["deleted"])
        made["status"].update(part["status"])
        pods += [made, {**made, **part["garbage"]}, part["garbage"]]
    found = matrix(nodes, shards, pods, a=OLD)
    counted = [
        (name, column.shard, column.pin.container)
        for column in found.columns()
        for name, _cell in zip(column.nodes, column.cells, strict=True)
    ]
    wanted = {(f"n{k}", "s", container) for k in range(3) for container in ("pa", "pb")} | {("n1", "t", "pa")}
    assert len(counted) == len(wanted)
    assert set(counted) == wanted
    assert sum(found.totals().values()) == len(wanted)
    assert 0.0 <= found.percent_cached() <= 100.0
    assert (found.percent_cached() == 100.0) is (found.totals()[State.CACHED] == len(wanted))


@given(JSON, JSON, JSON, JSON)
def test_nothing_in_what_identifies_a_pod_raises(label: Any, name: Any, created: Any, affinity: Any) -> None:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": affinity}
    fields = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "values": affinity}]}]}
    raws = [
        {
            "metadata": {"labels": {SHARD_LABEL: which}, "name": name, "creationTimestamp": created},
            "spec": {"nodeName": bound, "affinity": {"nodeAffinity": terms}},
            "status": {"startTime": created},
        }
        for which in (label, "s")
        for bound in (name, None, "n1")
        for terms in (affinity, required, {"requiredDuringSchedulingIgnoredDuringExecution": fields})
    ]
    found = matrix([node("n1")], [ONE], raws)
    assert list(cells(found)) == [("n1", A)]
