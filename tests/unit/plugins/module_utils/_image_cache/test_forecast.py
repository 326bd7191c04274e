# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a changed list means for the nodes."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.forecast import (
    forecast,
    forecast_lines,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
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

NODES = [node("n1"), node("n2")]
SHARED, OF_A, OF_B = ("sha256:shared", 100), ("sha256:a", 10), ("sha256:b", 1)
RESOLVED = {
    A: Resolved(NEW, {"": PlatformImage(NEW, (SHARED, OF_A))}),
    B: Resolved(NEW, {"": PlatformImage(NEW, (SHARED, OF_B))}),
}


def test_on_empty_nodes_everything_comes_and_shared_layers_count_once() -> None:
    after = matrix(NODES, [shard("s", pin("pa", A), pin("pb", B))])
    found = forecast(NODES, None, after, RESOLVED)
    assert found.additions == {A: 2, B: 2}
    assert found.removals == ()
    assert found.bytes_to_pull == {"n1": 111, "n2": 111}
    assert found.bytes_to_hold == {"n1": 111, "n2": 111}


def test_what_is_there_is_not_pulled_again_and_what_left_the_list_goes() -> None:
    pods = [pod("n1", "s", runs("pa")), pod("n2", "s", waits("pa", "ErrImagePull"))]
    before = matrix(NODES, [shard("s", pin("pa", A))], pods)
    after = matrix(NODES, [shard("s", pin("pa", A), pin("pb", B))])
    found = forecast(NODES, before, after, RESOLVED)
    assert found.additions == {B: 2}
    assert found.bytes_to_pull == {"n1": 1, "n2": 111}
    assert found.bytes_to_hold == {"n1": 111, "n2": 111}
    assert forecast(NODES, before, matrix(NODES, []), RESOLVED).removals == (A,)


def test_an_outdated_image_is_pulled_again() -> None:
    pods = [pod("n1", "s", runs("pa", OLD)), pod("n2", "s", runs("pa", NEW))]
    before = matrix(NODES, [shard("s", pin("pa", A))], pods, a=NEW)
    found = forecast(NODES, before, matrix(NODES, [shard("s", pin("pa", A))]), RESOLVED)
    assert (found.additions, found.bytes_to_pull) == ({}, {"n1": 110})


def test_layers_of_the_older_image_of_a_moved_tag_are_not_pulled_again() -> None:
    pods = [pod("n1", "s", runs("pa", OLD)), pod("n2", "s", waits("pa", "ErrImagePull"))]
    before = matrix(NODES, [shard("s", pin("pa", A))], pods, a=NEW)
    older = {OLD: Resolved(OLD, {"": PlatformImage(OLD, (SHARED, ("sha256:gone", 1000)))})}
    found = forecast(NODES, before, matrix(NODES, [shard("s", pin("pa", A))]), RESOLVED, older)
    assert found.bytes_to_pull == {"n1": 10, "n2": 110}
    assert found.bytes_to_hold == {"n1": 110, "n2": 110}


def test_check_mode_shows_what_comes_and_goes() -> None:
    after = matrix(NODES, [shard("s", pin("pa", A))])
    before = matrix(NODES, [shard("s", pin("pb", B))], [pod("n1", "s", runs("pb"))])
    assert forecast_lines(forecast(NODES, before, after, RESOLVED)) == [
        f"would come: {A}, on 2 nodes",
        f"would go: {B}",
        "would be pulled: up to 110 octets by a node, 120 octets by 2 nodes",
    ]
    assert forecast_lines(forecast(NODES, after, after, {})) == ["no image would come or go"]


def test_images_of_unknown_size_count_nothing() -> None:
    after = matrix(NODES, [shard("s", pin("pa", A))])
    found = forecast(NODES, None, after, {})
    assert (found.additions, found.bytes_to_pull) == ({A: 2}, {})
