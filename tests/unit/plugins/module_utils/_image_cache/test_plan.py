# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image goes into which DaemonSet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.container_names import (
    pin_name,
    refresh_name,
    refreshes_of,
    shard_prefix,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import (
    Group,
    LiveShard,
    Plan,
    group_hash,
    make_plan,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolution,
    Resolved,
    Unresolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    Reference,
    parse_reference,
)

Resolutions = Mapping[tuple[str, str], Resolution]
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
INSTANCE = "image-cache"


def entry(
    reference: str,
    *architectures: str,
    secret: str = "",
    selector: tuple[tuple[str, str], ...] = (),
    strategy: Strategy = Strategy.SLEEPER,
) -> ImageEntry:
    return ImageEntry(0, parse_reference(reference), frozenset(architectures), secret, selector, strategy)


def resolved(*architectures: str) -> Resolved:
    platforms = {f"linux/{name}": PlatformImage(f"sha256:{name}", ()) for name in architectures}
    return Resolved("sha256:index", platforms)


def alive(plan: Plan, instance: str = INSTANCE) -> list[LiveShard]:
    """Give the plan's shards as they are read back once they are in the cluster."""
    return [
        LiveShard(
            shard.name, group_hash(instance, shard.group), shard.references, "", shard.group.architectures
        )
        for shard in plan.shards
    ]


def names(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(shard.name, shard.references) for shard in plan.shards]


def group_of(one: ImageEntry, resolutions: Resolutions) -> Group:
    """Give the group of an entry none of whose images is in the cluster."""
    found = resolutions.get((str(one.reference), one.pull_secret))
    own = found.architectures() if isinstance(found, Resolved) else frozenset()
    return Group(
        one.reference.registry,
        one.pull_secret,
        one.node_selector,
        one.architectures or own,
        one.strategy,
    )


def places(plan: Plan) -> dict[tuple[Group, str], str]:
    """Give the shard of each image of each group."""
    return {(shard.group, name): shard.name for shard in plan.shards for name in shard.references}


ARCHITECTURES = st.frozensets(st.sampled_from(("amd64", "arm64")))
REFERENCES = st.builds(
    Reference,
    st.sampled_from(("docker.io", "registry.example.com:5000", "[::1]:5000", "A.Example.COM")),
    st.sampled_from(("library/a", "b", "team/c__d")),
    st.sampled_from(("latest", "1", "2", "V3_x")),
)
ENTRIES = st.builds(
    ImageEntry,
    st.just(0),
    REFERENCES,
    ARCHITECTURES,
    st.sampled_from(("", "pull")),
    st.sampled_from(((), (("pool", "gpu"),))),
    st.sampled_from(Strategy),
)
# A list in which an image is wanted twice on the same node is refused before it is planned.
LISTS = st.lists(ENTRIES, max_size=40, unique_by=lambda one: (one.reference, one.node_selector))
MOST = st.integers(1, 4)
INSTANCES = st.sampled_from((INSTANCE, "x", "a-very-long-name-of-a-cache-that-is-cut", "Cache_2.x"))


@st.composite
def resolutions_of(draw: st.DrawFn, entries: Sequence[ImageEntry]) -> Resolutions:
    answers = st.one_of(
        ARCHITECTURES.map(lambda found: resolved(*found)), st.just(Unresolved("no answer")), st.none()
    )
    keys = {(str(one.reference), one.pull_secret) for one in entries}
    return {key: answer for key in sorted(keys) if (answer := draw(answers)) is not None}


def check_shards(plan: Plan, most: int) -> None:
    """What holds for every plan."""
    shard_names = [shard.name for shard in plan.shards]
    assert len(set(shard_names)) == len(shard_names)
    for shard in plan.shards:
        assert 1 <= len(shard.references) <= most
        assert len(set(shard.references)) == len(shard.references)
        assert {parse_reference(name).registry for name in shard.references} == {shard.group.registry}
        assert len(shard.name) <= 52
        assert LABEL.fullmatch(shard.name)
    assert not set(plan.removed) & set(shard_names)


@given(LISTS, MOST, INSTANCES, st.data())
def test_every_entry_is_in_one_shard_of_its_group(
    entries: list[ImageEntry], most: int, instance: str, data: st.DataObject
) -> None:
    resolutions = data.draw(resolutions_of(entries))
    plan = make_plan(instance, entries, resolutions, [], most)
    check_shards(plan, most)
    assert plan.removed == ()
    placed = Counter((shard.group, name) for shard in plan.shards for name in shard.references)
    assert placed == Counter({(group_of(one, resolutions), str(one.reference)) for one in entries})


@given(LISTS, MOST, INSTANCES, st.data())
def test_planning_again_changes_nothing(
    entries: list[ImageEntry], most: int, instance: str, data: st.DataObject
) -> None:
    resolutions = data.draw(resolutions_of(entries))
    plan = make_plan(instance, entries, resolutions, [], most)
    assert make_plan(instance, entries, resolutions, alive(plan, instance), most) == plan


@given(LISTS, LISTS, MOST, st.data())
def test_what_is_live_and_wanted_stays(
    before: list[ImageEntry], after: list[ImageEntry], most: int, data: st.DataObject
) -> None:
    resolutions = data.draw(resolutions_of([*before, *after]))
    old = make_plan(INSTANCE, before, resolutions, [], most)
    told = {(one.reference, one.node_selector) for one in after}
    kept = [
        one for one in before if (one.reference, one.node_selector) not in told and data.draw(st.booleans())
    ]
    wanted = data.draw(st.permutations([*after, *kept]))
    new = make_plan(INSTANCE, wanted, resolutions, alive(old), most)
    check_shards(new, most)
    was, now = places(old), places(new)
    assert all(now[key] == was[key] for key in was.keys() & now.keys())
    assert {(group_of(one, resolutions), str(one.reference)) for one in kept} <= now.keys()
    assert set(new.removed) == {shard.name for shard in old.shards} - {shard.name for shard in new.shards}
    assert make_plan(INSTANCE, wanted, resolutions, alive(new), most) == Plan(new.shards, ())


@given(LISTS, MOST, st.data())
def test_order_of_the_list_does_not_matter_to_what_is_live(
    entries: list[ImageEntry], most: int, data: st.DataObject
) -> None:
    resolutions = data.draw(resolutions_of(entries))
    live = alive(make_plan(INSTANCE, entries, resolutions, [], most))
    shuffled = data.draw(st.permutations(entries))
    first = make_plan(INSTANCE, entries, resolutions, live, most)
    second = make_plan(INSTANCE, shuffled, resolutions, list(reversed(live)), most)
    assert set(first.shards) == set(second.shards)
    assert second.removed == ()


@given(LISTS, MOST, st.data())
def test_registry_that_stops_answering_moves_nothing(
    entries: list[ImageEntry], most: int, data: st.DataObject
) -> None:
    resolutions = data.draw(resolutions_of(entries))
    plan = make_plan(INSTANCE, entries, resolutions, [], most)
    assert make_plan(INSTANCE, entries, {}, alive(plan), most) == plan


def test_new_images_fill_what_has_room_and_then_new_shards() -> None:
    plan = make_plan(INSTANCE, [entry(f"a:{n}") for n in range(5)], {}, [], 2)
    first, second, third = (shard.name for shard in plan.shards)
    assert [shard.references for shard in plan.shards] == [
        ("docker.io/library/a:0", "docker.io/library/a:1"),
        ("docker.io/library/a:2", "docker.io/library/a:3"),
        ("docker.io/library/a:4",),
    ]
    wanted = [entry(f"a:{n}") for n in (9, 8, 7, 6, 4, 3, 1, 0)]
    assert names(make_plan(INSTANCE, wanted, {}, alive(plan), 2)) == [
        (first, ("docker.io/library/a:0", "docker.io/library/a:1")),
        (second, ("docker.io/library/a:3", "docker.io/library/a:9")),
        (third, ("docker.io/library/a:4", "docker.io/library/a:8")),
        (third[:-1] + "3", ("docker.io/library/a:7", "docker.io/library/a:6")),
    ]


def test_lowest_free_ordinal_is_used_again() -> None:
    plan = make_plan(INSTANCE, [entry(f"a:{n}") for n in range(3)], {}, [], 1)
    live = [alive(plan)[0], alive(plan)[2]]
    again = make_plan(INSTANCE, [entry("a:0"), entry("a:2"), entry("a:5")], {}, live, 1)
    assert [shard.name[-2:] for shard in again.shards] == ["-0", "-2", "-1"]
    assert again.removed == ()


def test_empty_shards_and_those_of_other_groups_go() -> None:
    plan = make_plan(INSTANCE, [entry("a:0"), entry("a:1"), entry("quay.io/b:1")], {}, [], 1)
    after = make_plan(INSTANCE, [entry("a:1")], {}, alive(plan), 1)
    assert after.shards == plan.shards[1:2]
    assert after.removed == tuple(sorted((plan.shards[0].name, plan.shards[2].name)))
    assert make_plan(INSTANCE, [], {}, alive(plan), 1).removed == tuple(
        sorted(shard.name for shard in plan.shards)
    )


def test_fewer_images_per_pod_move_the_last_ones() -> None:
    entries = [entry(f"a:{n}") for n in range(4)]
    plan = make_plan(INSTANCE, entries, {}, [], 4)
    after = make_plan(INSTANCE, entries, {}, alive(plan), 3)
    assert [shard.references for shard in after.shards] == [
        plan.shards[0].references[:3],
        plan.shards[0].references[3:],
    ]
    assert after.shards[0].name == plan.shards[0].name


def test_image_in_two_live_shards_is_kept_in_the_first() -> None:
    plan = make_plan(INSTANCE, [entry("a:0")], {}, [], 2)
    (one,) = alive(plan)
    twin = LiveShard(one.name[:-1] + "1", one.group_hash, one.references, "")
    after = make_plan(INSTANCE, [entry("a:0")], {}, [twin, one], 2)
    assert after == Plan(plan.shards, (twin.name,))


def test_daemonset_that_does_not_tell_its_group_is_replaced_under_another_name() -> None:
    plan = make_plan(INSTANCE, [entry("a:0")], {}, [], 2)
    untold = LiveShard(plan.shards[0].name, "", (), "")
    after = make_plan(INSTANCE, [entry("a:0")], {}, [untold], 2)
    assert after.removed == (untold.name,)
    assert after.shards[0].name == untold.name[:-1] + "1"


def test_architectures_are_the_users_then_the_registrys() -> None:
    answer = {("docker.io/library/a:0", ""): resolved("amd64", "arm64")}
    (shard,) = make_plan(INSTANCE, [entry("a:0", "amd64")], answer, [], 2).shards
    assert shard.group.architectures == {"amd64"}
    (shard,) = make_plan(INSTANCE, [entry("a:0")], answer, [], 2).shards
    assert shard.group.architectures == {"amd64", "arm64"}
    (shard,) = make_plan(INSTANCE, [entry("a:0")], {}, [], 2).shards
    assert shard.group.architectures == frozenset()


def test_registry_that_answers_decides_over_what_is_live() -> None:
    live = alive(make_plan(INSTANCE, [entry("a:0", "amd64")], {}, [], 2))
    for answer, expected in ((resolved("arm64"), {"arm64"}), (resolved(), set())):
        plan = make_plan(INSTANCE, [entry("a:0")], {("docker.io/library/a:0", ""): answer}, live, 2)
        assert plan.shards[0].group.architectures == expected
        assert plan.removed == (live[0].name,)


def test_other_pull_secret_while_the_registry_is_away_keeps_the_architectures() -> None:
    answer: Resolutions = {("docker.io/library/a:0", ""): resolved("arm64")}
    live = alive(make_plan(INSTANCE, [entry("a:0")], answer, [], 2))
    plan = make_plan(INSTANCE, [entry("a:0", secret="new")], {}, live, 2)
    assert plan.shards[0].group.architectures == {"arm64"}


def test_image_for_two_architectures_has_a_shard_for_each() -> None:
    wanted = [entry("a:0", "amd64"), entry("a:0", "arm64")]
    plan = make_plan(INSTANCE, wanted, {}, [], 2)
    assert [shard.group.architectures for shard in plan.shards] == [{"amd64"}, {"arm64"}]
    assert make_plan(INSTANCE, wanted, {}, alive(plan), 2) == plan


def test_caches_of_names_that_are_cut_alike_do_not_share_shards() -> None:
    long = "a-name-that-is-longer-than-is-kept"
    plans = [make_plan(f"{long}-{n}", [entry("a:0")], {}, [], 2) for n in range(2)]
    assert plans[0].shards[0].name != plans[1].shards[0].name


def test_shard_names_tell_cache_and_registry() -> None:
    (shard,) = make_plan(INSTANCE, [entry("registry.example.com:5000/a:0")], {}, [], 2).shards
    assert re.fullmatch(r"image-cache-registry-example-com-[0-9a-f]{8}-0", shard.name)
    assert shard_prefix(INSTANCE, "[::]", "0" * 64) == "image-cache-x-00000000-"
    cut = shard_prefix(f"{'a' * 16}.b", f"{'r' * 19}.io:5000", "0" * 64)
    assert cut == f"{'a' * 16}-{'r' * 19}-00000000-"


@given(REFERENCES, st.integers(0, 659))
def test_container_names_are_labels_that_lead_back_to_their_pin(reference: Reference, k: int) -> None:
    pin = pin_name(reference)
    refresh = refresh_name(pin, k)
    for name in (pin, refresh):
        assert len(name) <= 63
        assert LABEL.fullmatch(name)
    others = [pin, f"{refresh}-0", f"{refresh}x", refresh_name(f"{pin}-1", k), "refresh-x", "sleeper"]
    assert refreshes_of(pin, [*others, refresh, *others]) == (refresh,)


def test_pin_names_tell_image_and_tag_and_differ() -> None:
    images = ["a/busybox:1.36", "b/busybox:1.36", "b/busybox:1-36", f"b/busybox@sha256:{'0' * 64}"]
    pins = [pin_name(parse_reference(image)) for image in images]
    assert len(set(pins)) == len(images)
    assert [pin[:-8] for pin in pins] == ["pin-busybox-1-36-"] * 3 + ["pin-busybox-"]
    longest = Reference("docker.io", f"library/{'long-' * 40}x", "t" * 128)
    assert len(pin_name(longest)) == 45


def test_five_hundred_images_have_their_places() -> None:
    entries = [entry(f"r{n % 7}.example.com/image:{n}", secret=f"s{n % 3}") for n in range(500)]
    for most in (1, 10):
        plan = make_plan(INSTANCE, entries, {}, [], most)
        assert make_plan(INSTANCE, entries[::-1], {}, alive(plan), most).removed == ()
        assert sum(len(shard.references) for shard in plan.shards) == 500


def test_images_made_for_many_architectures_share_a_shard_where_nodes_have_few() -> None:
    wanted = [entry("a:1"), entry("b:1"), entry("c:1")]
    resolutions: Resolutions = {
        ("docker.io/library/a:1", ""): resolved("amd64", "arm64", "s390x"),
        ("docker.io/library/b:1", ""): resolved("amd64", "ppc64le"),
        ("docker.io/library/c:1", ""): resolved("s390x"),
    }
    plan = make_plan(INSTANCE, wanted, resolutions, [], 10, architectures={"amd64"})
    assert [(shard.references, shard.group.architectures) for shard in plan.shards] == [
        (("docker.io/library/a:1", "docker.io/library/b:1"), frozenset({"amd64"})),
        (("docker.io/library/c:1",), frozenset({"s390x"})),
    ]


def test_nodes_of_an_architecture_that_are_gone_for_a_while_move_nothing() -> None:
    resolutions: Resolutions = {("docker.io/library/a:1", ""): resolved("amd64", "arm64", "s390x")}
    plan = make_plan(INSTANCE, [entry("a:1")], resolutions, [], 10, architectures={"amd64", "arm64"})
    again = make_plan(INSTANCE, [entry("a:1")], resolutions, alive(plan), 10, architectures={"amd64"})
    assert again == plan


def test_name_of_a_daemonset_that_cannot_end_is_not_taken() -> None:
    plan = make_plan(INSTANCE, [entry("a:1")], {}, [], 10)
    (name,) = (shard.name for shard in plan.shards)
    again = make_plan(INSTANCE, [entry("a:1")], {}, [], 10, taken={name})
    assert [shard.name for shard in again.shards] == [name.removesuffix("0") + "1"]
    assert again.removed == ()


def test_what_leaves_a_list_of_five_hundred_is_pruned() -> None:
    wanted = [entry(f"image-{number}:1") for number in range(500)]
    live = alive(make_plan(INSTANCE, wanted, {}, [], 10))
    pruned = make_plan(INSTANCE, wanted[:5], {}, live, 10)
    assert len(pruned.removed) == 49
    assert [len(shard.references) for shard in pruned.shards] == [5]
    assert make_plan(INSTANCE, [], {}, live, 10).removed == tuple(sorted(shard.name for shard in live))
