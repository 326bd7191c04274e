# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.batches import (
    Dispatch,
    Rollout,
    Share,
    Step,
    canary_faults,
    read_rollout,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome, State
from tests.unit.plugins.module_utils._nodes.json_like import json_like

NODES = [f"n{number}" for number in range(12)]
ENDS = st.sampled_from([State.DONE, State.UNCHANGED, State.FAILED, State.LOST])
SHARES = st.integers(0, 14).map(Share) | st.integers(0, 100).map(lambda value: Share(value, percent=True))
ROLLOUTS = st.builds(
    Rollout,
    canary=st.integers(0, 4) | st.lists(st.sampled_from([*NODES, "other"]), max_size=4).map(tuple),
    max_parallel=SHARES,
    max_fail=SHARES,
)


def done(*nodes: str) -> list[Outcome]:
    return [Outcome(node, State.DONE) for node in nodes]


def failed(*nodes: str, reason: str = "") -> list[Outcome]:
    return [Outcome(node, State.FAILED, reason=reason) for node in nodes]


def rollout(canary: int | tuple[str, ...] = 0, parallel: int = 2, fail: int = 0) -> Rollout:
    return Rollout(canary, Share(parallel), Share(fail))


def test_a_node_whose_turn_will_not_come_is_no_failure() -> None:
    dispatch = Dispatch(["a", "b"], rollout(), running=["a", "b"])
    left = Outcome("b", State.NOT_STARTED, reason="it is stopped")
    assert dispatch.next([left]) == Step((), over=False, stopped="")
    assert dispatch.next(done("a")) == Step((), over=True, stopped="")
    assert dispatch.report() == (*done("a"), left)


def test_never_more_than_so_many_at_once() -> None:
    dispatch = Dispatch(["a", "b", "c"], rollout())
    assert dispatch.next() == Step(("a", "b"), over=False, stopped="")
    assert dispatch.next() == Step((), over=False, stopped="")
    assert dispatch.next([Outcome("a", State.RUNNING)]) == Step((), over=False, stopped="")
    assert dispatch.next(done("b")) == Step(("c",), over=False, stopped="")
    assert dispatch.next(done("c")) == Step((), over=False, stopped="")
    assert dispatch.next([Outcome("a", State.UNCHANGED)]) == Step((), over=True, stopped="")
    assert [outcome.state for outcome in dispatch.report()] == [State.UNCHANGED, State.DONE, State.DONE]


def test_without_nodes_it_is_over_at_once() -> None:
    assert Dispatch([], rollout(canary=1)).next() == Step((), over=True, stopped="")


def test_canaries_run_alone() -> None:
    dispatch = Dispatch(["a", "b", "c", "d"], rollout(canary=2, parallel=3))
    assert dispatch.next().start == ("a", "b")
    assert dispatch.next(done("b")).start == ()
    assert dispatch.next(done("a")).start == ("c", "d")


def test_named_canaries_go_first_and_keep_to_max_parallel() -> None:
    dispatch = Dispatch(["a", "b", "c", "d"], rollout(canary=("d", "gone", "c"), parallel=1))
    assert dispatch.next().start == ("c",)
    assert dispatch.next(done("c")).start == ("d",)
    assert dispatch.next(done("d")).start == ("a",)


def test_a_canary_that_fails_stops_everything() -> None:
    dispatch = Dispatch(["a", "b", "c"], rollout(canary=2, parallel=1, fail=3))
    dispatch.next()
    reason = "the action failed on the canary a: no such package"
    assert dispatch.next(failed("a", reason="no such package")) == Step((), over=True, stopped=reason)
    report = dispatch.report()
    assert [outcome.state for outcome in report] == [State.FAILED, State.NOT_STARTED, State.NOT_STARTED]
    assert [outcome.reason for outcome in report] == ["no such package", reason, reason]


def test_too_many_failures_stop_and_what_runs_is_waited_for() -> None:
    dispatch = Dispatch(["a", "b", "c", "d", "e"], rollout(parallel=3, fail=1))
    dispatch.next()
    assert dispatch.next(failed("a")).start == ("d",)
    reason = "it failed on 2 of 5 nodes; max_fail is 1"
    assert dispatch.next([Outcome("b", State.LOST)]) == Step((), over=False, stopped=reason)
    assert [outcome.state for outcome in dispatch.report()] == [
        State.FAILED,
        State.LOST,
        State.RUNNING,
        State.RUNNING,
        State.NOT_STARTED,
    ]
    assert dispatch.next(done("c")) == Step((), over=False, stopped=reason)
    assert dispatch.next(done("d")) == Step((), over=True, stopped=reason)


def test_percentages_are_of_all_nodes() -> None:
    half = Share(50, percent=True)
    dispatch = Dispatch(["a", "b", "c", "d", "e"], Rollout(0, half, half))
    assert dispatch.next().start == ("a", "b")
    assert dispatch.next(failed("a", "b")).start == ("c", "d")
    assert dispatch.next(failed("c")).stopped == "it failed on 3 of 5 nodes; max_fail is 50%"


def test_a_small_percentage_still_runs_one_and_none_may_fail() -> None:
    few = Share(1, percent=True)
    dispatch = Dispatch(["a", "b", "c"], Rollout(0, few, few))
    assert dispatch.next().start == ("a",)
    assert dispatch.next(failed("a")).over


def test_stopping_from_outside_keeps_the_first_reason() -> None:
    dispatch = Dispatch(["a", "b"], rollout(parallel=1))
    dispatch.next()
    dispatch.stop("no time is left")
    dispatch.stop("another reason")
    assert dispatch.next(failed("a")) == Step((), over=True, stopped="no time is left")
    assert dispatch.report()[1] == Outcome("b", State.NOT_STARTED, reason="no time is left")


def test_what_ran_before_counts_and_is_not_started_again() -> None:
    dispatch = Dispatch(["a", "b", "c", "d"], rollout(canary=("b",)), running=["a", "b"])
    assert dispatch.next().start == ()
    assert dispatch.next(done("a")).start == ()
    assert dispatch.next(done("b")).start == ("c", "d")


def test_more_running_than_allowed_is_waited_out() -> None:
    dispatch = Dispatch(["a", "b", "c"], rollout(parallel=1), running=["a", "b"])
    assert dispatch.next().start == ()
    assert dispatch.next(done("a")).start == ()
    assert dispatch.next(done("b")).start == ("c",)


def test_a_second_outcome_changes_nothing() -> None:
    dispatch = Dispatch(["a", "b", "c"], rollout(parallel=1, fail=1))
    dispatch.next()
    dispatch.next(failed("a"))
    assert dispatch.next(failed("a", "a") + done("a")) == Step((), over=False, stopped="")
    assert dispatch.report()[0].state is State.FAILED


def test_what_was_not_started_has_no_outcome() -> None:
    dispatch = Dispatch(["a", "b"], rollout(parallel=1))
    dispatch.next()
    with pytest.raises(ValueError, match="not started: b"):
        dispatch.next(done("b"))
    with pytest.raises(ValueError, match="not among"):
        Dispatch(["a"], rollout(), running=["b"])


@given(st.lists(st.sampled_from(NODES)), ROLLOUTS, st.data())
def test_whatever_happens_the_rules_hold(nodes: list[str], wanted: Rollout, data: st.DataObject) -> None:
    before = data.draw(st.sets(st.sampled_from(nodes)) if nodes else st.just(set()))
    dispatch = Dispatch(nodes, wanted, before)
    names = list(dict.fromkeys(nodes))
    first = names[: wanted.canary] if isinstance(wanted.canary, int) else wanted.canary
    canaries = set(first) & set(names)
    most, allowed = max(1, wanted.max_parallel.of(len(names))), wanted.max_fail.of(len(names))
    running, ended, started = set(before), dict[str, State](), list(before)
    step = dispatch.next()
    while True:
        # A canary that failed, or more failures than allowed, lets nothing start.
        bad = [node for node, state in ended.items() if state in (State.FAILED, State.LOST)]
        stopped = len(bad) > allowed or bool(canaries.intersection(bad))
        assert bool(step.stopped) is stopped
        assert not (stopped and step.start)
        if set(step.start) - canaries:
            assert canaries <= ended.keys()
        running.update(step.start)
        started.extend(step.start)
        assert not step.start or len(running) <= most
        assert step.over is (not running and (stopped or len(started) == len(names)))
        if step.over:
            break
        # It never waits for nothing.
        assert running
        ends = data.draw(st.dictionaries(st.sampled_from(sorted(running)), ENDS, min_size=1))
        running -= ends.keys()
        ended.update(ends)
        step = dispatch.next([Outcome(node, state) for node, state in ends.items()])
    assert len(started) == len(set(started))
    report = dispatch.report()
    assert [outcome.node for outcome in report] == names
    for outcome in report:
        assert outcome.state is ended.get(outcome.node, State.NOT_STARTED)
        assert outcome.state is not State.NOT_STARTED or outcome.reason == step.stopped != ""


@given(st.lists(st.sampled_from(NODES), unique=True), ROLLOUTS)
def test_where_nothing_fails_every_node_has_its_turn(nodes: list[str], wanted: Rollout) -> None:
    dispatch = Dispatch(nodes, wanted)
    running: deque[str] = deque(dispatch.next().start)
    while running:
        running.extend(dispatch.next(done(running.popleft())).start)
    assert dispatch.next().over
    assert all(outcome.state is State.DONE for outcome in dispatch.report())


def test_each_of_many_nodes_has_one_turn() -> None:
    dispatch = Dispatch([f"n{number}" for number in range(20_000)], rollout(canary=3, parallel=10))
    running: deque[str] = deque(dispatch.next().start)
    while running:
        running.extend(dispatch.next(done(running.popleft())).start)
    assert len(dispatch.report()) == 20_000


def test_canaries_that_are_named_must_be_able_to() -> None:
    wanted = rollout(canary=("a", "b", "c"))
    assert [str(fault) for fault in canary_faults(wanted, {"a", "b"}, {"b": "it is cordoned"})] == [
        "canary: 'c' is not among the nodes that are selected",
        "canary: the action cannot run on 'b': it is cordoned",
    ]
    assert canary_faults(rollout(canary=3), set(), {}) == []


def test_reading() -> None:
    raw = {"canary": ["a", "b", "a"], "max_parallel": "25%", "max_fail": "3"}
    expected = Rollout(("a", "b"), Share(25, percent=True), Share(3))
    assert read_rollout(raw) == (expected, [])
    assert read_rollout({"canary": 0, "max_parallel": 1, "max_fail": 0}) == (rollout(parallel=1), [])
    assert read_rollout({"canary": "2"}) == (Rollout(canary=2), [])


@pytest.mark.parametrize("raw", [None, {}, {"canary": None, "max_parallel": None, "max_fail": None}])
def test_what_is_not_given_is_as_by_default(raw: object) -> None:
    assert read_rollout(raw) == (Rollout(), [])


def test_all_faults_at_once() -> None:
    raw = {"canary": "10%", "max_parallel": 0, "max_fail": "101%", "serial": 1}
    canary_rule = "a number of nodes from 0 to 999999, or a list of their names"
    assert [str(fault) for fault in read_rollout(raw)[1]] == [
        "rollout: the key 'serial' is not known; allowed: canary, max_parallel, max_fail",
        f"canary: '10%' is not what canaries can be: {canary_rule}",
        "max_parallel: 0 is not a number of nodes: a number from 1 to 999999, or a percentage such as '10%'",
        "max_fail: '101%' is not a number of nodes: a number from 0 to 999999, or a percentage such as '10%'",
    ]
    assert [fault.where for fault in read_rollout({"canary": ["a", 1, ""]}, "x")[1]] == [
        "x.canary[1]",
        "x.canary[2]",
    ]


@pytest.mark.parametrize("value", [True, -1, 1.5, "1.5", "-1", "٣", "1\n", 10**7, [], {}])
def test_what_is_no_number_of_nodes(value: object) -> None:
    assert [fault.where for fault in read_rollout({"max_fail": value})[1]] == ["max_fail"]


@given(json_like(["canary", "max_parallel", "max_fail"], ["5", "10%", "0%"]))
def test_reading_never_raises(raw: object) -> None:
    read: Callable[[object], object] = read_rollout
    assert read(raw) == read(raw)
    found, _faults = read_rollout(raw)
    assert found.max_parallel.value >= 1
