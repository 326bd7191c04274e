# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that the API server refuses: which events count, and which cells tell them."""

from __future__ import annotations

import datetime
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.refusals import (
    lacking_pods,
    mark_refused,
    refusals_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import State
from tests.unit.plugins.module_utils._image_cache.fleet import A, B, matrix, node, pin, pod, shard

NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


def event(name: str, minute: int, message: str = "refused") -> dict[str, Any]:
    times = {"lastTimestamp": f"2026-03-01T11:{minute:02}:00Z"}
    return {"involvedObject": {"name": name}, "message": f"Error creating: {message}", **times}


def test_the_newest_event_of_each_daemonset_counts() -> None:
    events = [event("a", 56, "older"), event("a", 58, "newer"), event("a", 57, "old"), event("b", 59)]
    assert refusals_of(events, {"a", "b", "c"}, NOW) == {"a": "newer", "b": "refused"}


def test_the_cause_is_told_without_what_is_wrapped_around_it() -> None:
    combined = (
        '(combined from similar events): Error creating: pods "a-x7k2p" is forbidden: exceeded quota: q'
    )
    hook = 'Error creating: admission webhook "policy.example" denied the request: no'
    told = [{**event("a", 59), "message": combined}, {**event("b", 59), "message": hook}]
    assert refusals_of(told, {"a", "b"}, NOW) == {
        "a": "exceeded quota: q",
        "b": 'admission webhook "policy.example" denied the request: no',
    }


def test_old_events_and_those_of_others_do_not_count() -> None:
    assert refusals_of([event("a", 54), event("other", 59)], {"a"}, NOW) == {}
    assert refusals_of([event("a", 55)], {"a"}, NOW) == {"a": "refused"}


def test_a_series_counts_by_its_last_time() -> None:
    counted = {
        **event("a", 10),
        "lastTimestamp": None,
        "eventTime": "2026-03-01T11:10:00.000000Z",
        "series": {"count": 9, "lastObservedTime": "2026-03-01T11:59:30.000000Z"},
    }
    assert refusals_of([counted], {"a"}, NOW) == {"a": "refused"}


def test_events_that_cannot_be_read_are_passed_over() -> None:
    late = event("a", 59)
    told = [{}, {"involvedObject": "x"}, {**late, "lastTimestamp": "soon"}, {**late, "message": 7}]
    assert refusals_of(told, {"a"}, NOW) == {}


def test_only_nodes_without_a_pod_tell_the_refusal() -> None:
    nodes = [node("n0"), node("n1"), node("n2"), node("down", ready=False)]
    pods = [pod("n0", "s"), pod("n2", "s", deleted=True)]
    found = matrix(nodes, [shard("s", pin("a", A)), shard("t", pin("b", B))], pods)
    assert lacking_pods(found) == {"s", "t"}
    mark_refused(found, {"s": "exceeded quota\nq " + "x" * 400})
    first, second = found.columns()
    assert [cell.reason == "FailedCreate" for cell in first.cells] == [False, True, False, False]
    refused = first.cells[1]
    assert refused.state is State.UNSCHEDULED
    assert refused.settled
    assert len(refused.message) <= 300
    assert "\n" not in refused.message
    assert [cell.reason for cell in second.cells] == ["NoPod", "NoPod", "NoPod", "NodeNotReady"]
    mark_refused(found, {"t": "refused"})
    assert lacking_pods(found) == frozenset()
