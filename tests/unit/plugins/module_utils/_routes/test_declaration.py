# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of routes are judged as a whole, and by what was there before."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.declaration import (
    declare_backends,
    declare_routes,
    judge_change,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.edit import put
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_routes

SETTINGS = RouterSettings()
WIDE = {"name": "wide", "conditions": {"paths": ["/a"]}, "host": "wide.example.org"}
NARROW = {"name": "narrow", "conditions": {"paths": ["/a/b"]}, "host": "narrow.example.org"}
OTHER = {"name": "other", "conditions": {"paths": ["/c"]}, "host": "other.example.org"}


def test_a_route_that_can_never_answer_is_refused_by_name() -> None:
    declared = declare_routes([WIDE, NARROW], SETTINGS, allow_unreachable=False)
    (fault,) = declared.faults
    assert "narrow" in fault
    assert "wide" in fault
    assert "allow_unreachable" in fault
    assert declared.warnings == ()


def test_it_is_a_warning_where_that_is_allowed() -> None:
    declared = declare_routes([WIDE, NARROW], SETTINGS, allow_unreachable=True)
    assert declared.faults == ()
    assert "narrow" in declared.warnings[0]
    assert [route.name for route in declared.routes] == ["wide", "narrow"]


def test_old_backends_are_never_refused_for_it() -> None:
    backends = {
        "wide": {"host": "wide.example.org", "conditions": {"paths": ["/a"]}},
        "narrow": {"host": "narrow.example.org", "conditions": {"paths": ["/a/b"]}},
    }
    declared = declare_backends(backends, SETTINGS, legacy_match="all", allow_unreachable=False)
    assert declared.faults == ()
    assert any("narrow can never answer" in warning for warning in declared.warnings)


def test_what_could_not_be_reached_before_does_not_stop_a_change() -> None:
    before, _faults = read_routes([WIDE, NARROW], SETTINGS)
    (other,), _faults = read_routes([OTHER], SETTINGS)
    declared = judge_change(put(before, other), before, SETTINGS, allow_unreachable=False)
    assert declared.faults == ()
    assert "narrow" in declared.warnings[0]


def test_a_change_that_takes_everything_from_another_route_is_refused() -> None:
    before, _faults = read_routes([NARROW], SETTINGS)
    (wide,), _faults = read_routes([WIDE], SETTINGS)
    declared = judge_change(put(before, wide, before="narrow"), before, SETTINGS, allow_unreachable=False)
    assert "narrow" in declared.faults[0]


def test_faults_of_the_list_and_what_cannot_be_reached_are_told_together() -> None:
    declared = declare_routes(
        [WIDE, NARROW, {"name": "third", "host": "bad host"}], SETTINGS, allow_unreachable=False
    )
    assert len(declared.faults) == 2


def test_a_path_too_many_is_a_warning() -> None:
    doubled = {"name": "doubled", "conditions": {"paths": ["/a", "/a/b"]}, "host": "a.example.org"}
    declared = declare_routes([doubled], SETTINGS, allow_unreachable=False)
    assert declared.faults == ()
    assert "paths[1] of the route doubled" in declared.warnings[0]


def searching(count: int) -> list[dict[str, object]]:
    """Routes whose expressions can each take more than a third of what is allowed."""
    return [
        {"name": f"r{number}", "conditions": {"paths": {"regex": f"^/(.*)a(.*)b{number}$"}}, "host": "a.org"}
        for number in range(count)
    ]


def test_expressions_that_are_too_much_together_are_refused() -> None:
    assert declare_routes(searching(2), SETTINGS, allow_unreachable=False).faults == ()
    routes = [OTHER, *searching(3), WIDE]
    (fault,) = declare_routes(routes, SETTINGS, allow_unreachable=True).faults
    assert "at most 60,000,000 are allowed, and the costliest routes are r" in fault
    assert "other" not in fault
    old = {f"b{number}": {"host": "a.org", "conditions": {"paths": [f"/b{number}"]}} for number in range(9)}
    assert not declare_backends(old, SETTINGS, legacy_match="all", allow_unreachable=False).faults


def test_a_change_that_makes_expressions_too_much_is_refused_and_one_that_mends_it_is_not() -> None:
    stored, _ = read_routes(searching(8), SETTINGS)
    assert judge_change(stored[:2], stored[:1], SETTINGS, allow_unreachable=False).faults == ()
    (fault,) = judge_change(stored[:3], stored[:2], SETTINGS, allow_unreachable=False).faults
    assert "steps" in fault
    assert judge_change(stored[:7], stored, SETTINGS, allow_unreachable=False).faults == ()
    assert judge_change(stored, stored, SETTINGS, allow_unreachable=False).faults == ()


def test_a_second_default_is_refused_whatever_is_allowed() -> None:
    before, _faults = read_routes([WIDE, {"name": "rest", "host": "rest.example.org"}], SETTINGS)
    (second,), _faults = read_routes([{"name": "new", "host": "new.example.org"}], SETTINGS)
    declared = judge_change(put(before, second), before, SETTINGS, allow_unreachable=True)
    (fault,) = declared.faults
    assert "no conditions" in fault
