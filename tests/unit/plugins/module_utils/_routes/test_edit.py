# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One route put into a list, or taken out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.edit import (
    RoutePlaceError,
    put,
    remove,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Route
from tests.unit.plugins.module_utils._routes.routing_cases import prefix, route

LIST = [route("a", prefix("/a")), route("b", prefix("/b")), route("c", prefix("/c")), route("default")]
NEW = route("new", prefix("/new"))
OTHER_B = replace(LIST[1], code=308)
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


def names(routes: list[Route]) -> str:
    return " ".join(each.name for each in routes)


def test_a_new_route_goes_before_the_default_or_to_the_end() -> None:
    assert names(put(LIST, NEW)) == "a b c new default"
    assert names(put(LIST[:3], NEW)) == "a b c new"
    assert put([], NEW) == [NEW]


def test_a_route_that_is_there_keeps_its_place() -> None:
    assert put(LIST, OTHER_B) == [LIST[0], OTHER_B, *LIST[2:]]
    assert put(LIST, replace(LIST[3], code=301)) == [*LIST[:3], replace(LIST[3], code=301)]


def test_a_default_goes_to_the_end() -> None:
    assert names(put(LIST[:3], route("new"))) == "a b c new"
    assert names(put(LIST[:3], route("b"))) == "a c b"


@pytest.mark.parametrize(
    ("before", "after", "order"),
    [
        ("a", "", "b a c default"),
        ("c", "", "a b c default"),
        ("default", "", "a c b default"),
        ("", "a", "a b c default"),
        ("", "c", "a c b default"),
        ("", "default", "a c default b"),
    ],
)
def test_a_place_can_be_told(before: str, after: str, order: str) -> None:
    routes = put(LIST, OTHER_B, before=before, after=after)
    assert names(routes) == order
    assert OTHER_B in routes
    assert LIST[1] not in routes


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("x", "", "there is no route 'x'; there are: a, b, c, default"),
        ("", "x", "there is no route 'x'; there are: a, b, c, default"),
        ("a", "b", "a route is put either before or after another one, not both"),
        ("", "new", "the route new cannot be put before or after itself"),
    ],
)
def test_a_place_that_is_not_there_is_refused(before: str, after: str, message: str) -> None:
    with pytest.raises(RoutePlaceError) as raised:
        put(LIST, NEW, before=before, after=after)
    assert raised.value.message == message


def test_a_long_list_is_not_told_in_full() -> None:
    routes = [route(f"r{number}", prefix("/a")) for number in range(30)]
    with pytest.raises(RoutePlaceError, match=r"r18, r19 and 10 more$"):
        put(routes, NEW, before="x")
    with pytest.raises(RoutePlaceError, match="there is no other route"):
        put([], NEW, before="x")


def test_what_is_removed_is_gone_and_what_is_not_there_is_no_fault() -> None:
    assert names(remove(LIST, "b")) == "a c default"
    assert remove(LIST, "x") == LIST


@given(st.lists(NAMES, unique=True), NAMES, st.sampled_from(["", "before", "after"]), NAMES, st.booleans())
def test_a_change_is_made_once_and_moves_no_other(
    there: list[str], name: str, side: str, anchor: str, with_default: bool
) -> None:
    routes = [route(each, prefix(f"/{each}")) for each in there] + [route("default")] * with_default
    place = {side: anchor} if side and anchor in there and anchor != name else {}
    changed = replace(route(name, prefix("/changed")), code=301)
    once = put(routes, changed, **place)
    assert once.count(changed) == 1
    assert remove(once, name) == remove(routes, name)
    assert put(once, changed, **place) == once
    if place:
        positions = names(once).split()
        step = -1 if side == "before" else 1
        assert positions.index(name) == positions.index(anchor) + step
