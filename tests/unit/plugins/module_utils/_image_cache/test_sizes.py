# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import (
    Node,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.sizes import (
    bytes_to_pull,
    disk_warnings,
)

GIB = 1024**3

LAYERS = st.dictionaries(st.sampled_from("abcdef"), st.just(0), max_size=6).map(
    lambda chosen: tuple((name, 1 << ord(name) - ord("a")) for name in chosen)
)
PLATFORMS = st.dictionaries(
    st.sampled_from(["linux/amd64", "linux/arm/v6", "linux/arm/v7", "windows/amd64", ""]),
    LAYERS.map(lambda layers: PlatformImage("sha256:x", layers)),
)
IMAGES = st.lists(PLATFORMS.map(lambda platforms: Resolved("sha256:y", platforms)), max_size=4)


def image(**layers: int) -> Resolved:
    return Resolved("sha256:1", {"linux/amd64": PlatformImage("sha256:2", tuple(layers.items()))})


def node(name: str, allocatable: int) -> Node:
    return Node(name, "amd64", {}, (), True, False, allocatable, "", "")


def test_shared_layers_count_once() -> None:
    assert bytes_to_pull([image(base=100, one=1), image(base=100, two=2)], "amd64", []) == 103


def test_layers_that_are_held_do_not_count() -> None:
    assert bytes_to_pull([image(base=100, one=1)], "amd64", [image(base=100, two=2)]) == 1


def test_an_image_for_another_architecture_counts_nothing() -> None:
    assert bytes_to_pull([image(base=100)], "arm64", []) == 0
    assert bytes_to_pull([image(base=100)], "amd64", [Resolved("d", {})]) == 100


def test_an_image_of_unknown_platform_counts_everywhere() -> None:
    unknown = Resolved("sha256:1", {"": PlatformImage("sha256:1", (("base", 100),))})
    assert bytes_to_pull([unknown], "arm64", []) == 100


def test_one_variant_counts() -> None:
    variants = {
        "linux/arm/v7": PlatformImage("sha256:7", (("seven", 7),)),
        "linux/arm/v6": PlatformImage("sha256:6", (("six", 6),)),
    }
    assert bytes_to_pull([Resolved("sha256:1", variants)], "arm", []) == 6


@given(IMAGES, IMAGES, st.sampled_from(["amd64", "arm"]))
def test_what_is_held_only_ever_makes_it_less(
    images: list[Resolved], held: list[Resolved], arch: str
) -> None:
    alone = bytes_to_pull(images, arch, [])
    assert 0 <= bytes_to_pull(images, arch, held) <= alone < 64
    assert bytes_to_pull(images, arch, images) == 0
    # Each of the six layers has a bit of its own.
    both = bytes_to_pull(images + held, arch, [])
    assert both == alone | bytes_to_pull(held, arch, [])
    assert bytes_to_pull(images, arch, held) == both - bytes_to_pull(held, arch, [])


def test_nodes_that_are_too_small_are_named_together() -> None:
    nodes = [node(f"n{number}", 10 * GIB) for number in range(7)] + [node("big", 30 * GIB), node("silent", 0)]
    octets = {one.name: 5 * GIB for one in nodes}
    (warning,) = disk_warnings(nodes, octets, 3)
    assert warning == (
        "nodes n0, n1, n2, n3, n4 and 2 more: the images need about 15.0 GiB, "
        "the ephemeral storage for pods is 10.0 GiB"
    )


def test_nodes_that_differ_are_named_apart() -> None:
    nodes = [node("a", 1000), node("b", 1000), node("c", 999), node("d", 1000)]
    assert disk_warnings(nodes, {"a": 1001, "b": 1001, "c": 1000, "d": 1000}, 1) == [
        "nodes a, b: the images need about 1001 octets, the ephemeral storage for pods is 1000 octets",
        "node c: the images need about 1000 octets, the ephemeral storage for pods is 999 octets",
    ]


def test_enough_room_is_no_warning() -> None:
    assert disk_warnings([node("a", 3000), node("unknown", 1)], {"a": 1000}, 3) == []
