# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix in results and on terminals."""

from __future__ import annotations

import datetime
import json
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.report import (
    images,
    nodes,
    result,
    totals,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.report_lines import (
    empty_images,
    failure_lines,
    freed_lines,
    progress_line,
    table_lines,
)
from ansible_collections.clusterdepot.artifacts.plugins.modules import (
    image_cache_sync,
    image_cache_sync_info,
)
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

NOW = datetime.datetime(2026, 11, 21, 9, 1, 5, tzinfo=datetime.UTC)
BOTH = shard("s", pin("pa", A), pin("pb", B))
FAILS = waits("pb", "ErrImagePull", "refused")
PULLS = waits("pb", "ContainerCreating")


def fleet() -> Matrix:
    """A is on n1 to n3, with another digest on n2; B is on n3 alone, and n4 has no pod."""
    pods = [
        pod("n1", "s", runs("pa", NEW), FAILS),
        pod("n2", "s", runs("pa", OLD), FAILS),
        pod("n3", "s", runs("pa", NEW), runs("pb", OLD)),
    ]
    return matrix([node(f"n{k}") for k in (1, 2, 3, 4)] + [node("n5", taint="gpu")], [BOTH], pods, a=NEW)


def group(
    state: str, nodes: list[str], digest: str = "", reason: str = "", message: str = ""
) -> dict[str, Any]:
    return {"state": state, "digest": digest, "reason": reason, "message": message, "nodes": nodes}


def test_images_hold_the_whole_matrix_worst_first() -> None:
    none = {"pulling": 0, "failed": 0, "stale": 0}
    assert images(fleet()) == [
        {
            "reference": A,
            "expected_digest": NEW,
            "nodes": 4,
            "totals": {**none, "cached": 2, "stale": 1, "unscheduled": 1},
            "groups": [
                group("stale", ["n2"], OLD, "DigestDiffers", f"the registry has {NEW}"),
                group("unscheduled", ["n4"], "", "NoPod", "no pod yet"),
                group("cached", ["n1", "n3"], NEW),
            ],
        },
        {
            "reference": B,
            "expected_digest": "",
            "nodes": 4,
            "totals": {**none, "cached": 1, "failed": 2, "unscheduled": 1},
            "groups": [
                group("failed", ["n1", "n2"], "", "ErrImagePull", "refused"),
                group("unscheduled", ["n4"], "", "NoPod", "no pod yet"),
                group("cached", ["n3"], OLD),
            ],
        },
    ]


def test_nodes_and_totals() -> None:
    assert nodes(fleet()) == {
        "n1": {"cached": 1, "failed": 1},
        "n2": {"failed": 1, "stale": 1},
        "n3": {"cached": 2},
        "n4": {"unscheduled": 2},
    }
    assert totals(fleet()) == {"cached": 3, "pulling": 0, "failed": 2, "stale": 1, "unscheduled": 2}


def test_an_image_of_two_daemonsets_is_one_entry() -> None:
    shards = [
        shard("s", pin("pa", A), selector={"pool": "x"}),
        shard("t", pin("pa", A), selector={"pool": "y"}),
    ]
    there = [node("n1", labels={"pool": "x"}), node("n2", labels={"pool": "y"})]
    found = images(matrix(there, shards, [pod("n1", "s", runs("pa")), pod("n2", "t", runs("pa"))]))
    assert [(entry["reference"], entry["nodes"]) for entry in found] == [(A, 2)]
    assert found[0]["groups"] == [group("cached", ["n1", "n2"], OLD)]


def test_an_image_for_no_node_is_told() -> None:
    lonely = shard("s", pin("pa", A), selector={"pool": "x"})
    found = matrix([node("n1")], [lonely])
    assert [(entry["nodes"], entry["groups"]) for entry in images(found)] == [(0, [])]
    assert table_lines(found)[1].split() == [A, "0/0", "-", "-", "-", "-", "no", "node", "fits"]
    (line,) = empty_images(found, [A])
    assert line.startswith(f"{A} goes to no node: ")
    assert line.endswith(", and no taint against it")


def test_an_image_that_taints_keep_from_all_nodes_is_told_with_the_first_of_them() -> None:
    tainted = [node("n2", taint="gpu"), node("n1", taint="db")]
    (line,) = empty_images(matrix(tainted, [shard("s", pin("pa", A))]), [A])
    assert line.endswith("; 2 nodes are excluded, such as n1: taint db:NoSchedule is not tolerated")


def test_an_image_is_empty_only_if_none_of_its_daemonsets_has_a_node() -> None:
    shards = [shard("s", pin("pa", A), selector={"pool": "x"}), shard("t", pin("pa", A))]
    found = matrix([node("n1")], shards)
    assert empty_images(found, [A]) == []
    assert [line.split()[0] for line in empty_images(found, [A, B, B])] == [B]


def test_the_result_has_all_parts() -> None:
    found = result(fleet())
    assert sorted(found) == ["excluded", "images", "nodes", "slowest", "totals"]
    assert found["excluded"] == {"n5": "taint gpu:NoSchedule is not tolerated"}
    assert found["slowest"] is None
    pulling = result(matrix([node("n1")], [BOTH], [pod("n1", "s", runs("pa"), PULLS)]))
    assert pulling["slowest"] == {"node": "n1", "reference": B, "since": "2026-11-21T09:00:00Z"}


def test_table() -> None:
    assert table_lines(fleet()) == [
        "IMAGE                  CACHED  FAILED  STALE  UNSCHEDULED  PULLING  FIRST REASON",
        f"{A}     2/4       -      1            1        -  n2: DigestDiffers: the registry has {NEW}",
        f"{B}             1/4       2      -            1        -  n1 and 1 more: ErrImagePull: refused",
        "1 node is excluded: n5: taint gpu:NoSchedule is not tolerated",
    ]


def test_the_table_of_an_empty_cache_says_so() -> None:
    assert table_lines(matrix([node("n1")], [])) == ["no images"]


def test_nodes_that_lose_their_taint_are_told() -> None:
    assert freed_lines([], "cold", foretold=False) == []
    assert freed_lines(["n1"], "cold", foretold=False) == ["the taint cold was removed from node n1"]
    many = [f"n{number}" for number in range(7)]
    assert freed_lines(many, "cold:NoSchedule", foretold=True) == [
        "the taint cold:NoSchedule would be removed from nodes n0, n1, n2, n3, n4 and 2 more"
    ]


@pytest.mark.parametrize("module", [image_cache_sync, image_cache_sync_info])
def test_all_that_is_told_is_documented(module: ModuleType) -> None:
    documented = yaml.safe_load(module.RETURN)
    told = result(fleet())
    assert set(told) < set(documented)
    of_image = documented["images"]["contains"]
    assert set(told["images"][0]) == set(of_image)
    assert set(told["images"][0]["groups"][0]) == set(of_image["groups"]["contains"])


def test_the_table_of_a_warm_fleet_has_no_reason() -> None:
    assert table_lines(matrix([node("n1")], [shard("s", pin("pa", A))], [pod("n1", "s", runs("pa"))]))[1] == (
        f"{A}     1/1       -      -            -        -"
    )


def test_progress_names_the_slowest_pull_and_its_time() -> None:
    pods = [pod("n1", "s", runs("pa"), PULLS), pod("n2", "s", runs("pa"), runs("pb"))]
    found = matrix([node("n1"), node("n2")], [BOTH], pods)
    assert progress_line(found, NOW) == f"images 1/2, nodes 1/2; slowest n1: pulling {B} for 65 s"


@pytest.mark.parametrize("since", ["", "soon", "2026-11-21T09:00:00"])
def test_progress_without_a_time_that_can_be_read(since: str) -> None:
    pods = [pod("n1", "s", PULLS, waits("pa", "ContainerCreating"), created=since)]
    found = matrix([node("n1")], [BOTH], pods)
    assert progress_line(found, NOW) == f"images 0/2, nodes 0/1; slowest n1: pulling {A}"


def test_progress_of_clocks_that_differ_is_not_negative() -> None:
    pods = [pod("n1", "s", PULLS, runs("pa"), created="2026-11-21T09:30:00Z")]
    assert progress_line(matrix([node("n1")], [BOTH], pods), NOW).endswith("for 0 s")


def test_progress_tells_the_worst_where_nothing_is_pulled() -> None:
    assert progress_line(fleet(), NOW) == (
        f"images 0/2, nodes 1/4; failed {B} on n1 and 1 more: ErrImagePull: refused"
    )


def test_failures_are_told_worst_first_but_for_what_may_fail() -> None:
    of_a = f"stale {A} on n2: DigestDiffers: the registry has {NEW}"
    of_b = f"failed {B} on n1 and 1 more: ErrImagePull: refused"
    assert failure_lines(fleet()) == [of_b, of_a]
    assert failure_lines(fleet(), {B}) == [of_a]
    assert failure_lines(fleet(), {A, B}) == []


def test_many_failures_are_counted() -> None:
    many = shard("s", *(pin(f"p{k}", f"docker.io/library/i:{k}") for k in range(7)))
    lines = failure_lines(matrix([node("n1")], [many]))
    assert len(lines) == 6
    assert lines[-1] == "2 more images"


def test_progress_of_a_warm_fleet() -> None:
    pods = [pod("n1", "s", runs("pa"), runs("pb"))]
    assert progress_line(matrix([node("n1")], [BOTH], pods), NOW) == "images 2/2, nodes 1/1"


def test_a_failed_refresh_is_not_told_twice() -> None:
    pods = [pod("n1", "s", runs("pa"), waits("refresh-pa-0", "ErrImagePull", "refused"))]
    found = matrix([node("n1")], [shard("s", pin("pa", A, refreshes=1))], pods)
    assert table_lines(found)[1].endswith("n1: not refreshed since 2026-11-21T09Z: ErrImagePull: refused")


STATUSES = st.lists(
    st.sampled_from([runs("pa"), runs("pa", NEW), runs("pb"), FAILS, PULLS, waits("pa", "InvalidImageName")]),
    max_size=3,
)


@given(st.lists(STATUSES, max_size=4), st.text(max_size=30))
@settings(deadline=None)
def test_the_parts_add_up(of_pods: list[list[dict[str, Any]]], created: str) -> None:
    pods = [pod(f"n{k}", "s", *statuses, created=created) for k, statuses in enumerate(of_pods)]
    found = matrix([node(f"n{k}") for k in range(4)], [BOTH], pods, a=NEW)
    told = json.loads(json.dumps(result(found)))
    assert sum(told["totals"].values()) == 8
    for entry in told["images"]:
        assert sum(entry["totals"].values()) == entry["nodes"] == 4
        grouped = [name for part in entry["groups"] for name in part["nodes"]]
        assert sorted(grouped) == ["n0", "n1", "n2", "n3"]
        for state, count in entry["totals"].items():
            assert count == sum(len(part["nodes"]) for part in entry["groups"] if part["state"] == state)
    for state, count in told["totals"].items():
        assert count == sum(counts.get(state, 0) for counts in told["nodes"].values())
        assert count == sum(entry["totals"][state] for entry in told["images"])
    assert progress_line(found, NOW).isprintable()
    assert len(table_lines(found)) == 3
