# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watch of Jobs is taken for."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.job_watch import MARK, Tally


def event(kind: str, name: str, **conditions: str) -> dict[str, Any]:
    """An event about a Job, whose conditions are given with their status."""
    told = [{"type": condition, "status": status} for condition, status in conditions.items()]
    return {"type": kind, "object": {"metadata": {"name": name}, "status": {"conditions": told}}}


def tally(*events: dict[str, Any]) -> Tally:
    found = Tally()
    for one in events:
        assert not found.take(one)
    return found


def test_the_most_are_those_that_were_unfinished_at_once() -> None:
    found = tally(
        event("ADDED", "a"),
        event("ADDED", "b"),
        event("DELETED", "a"),
        event("ADDED", "c"),
        event("DELETED", "b"),
    )
    assert (found.created, found.most, found.unfinished) == (3, 2, {"c"})


@pytest.mark.parametrize("end", ["Complete", "Failed"])
def test_a_job_that_tells_its_end_is_finished_before_it_is_deleted(end: str) -> None:
    found = tally(event("ADDED", "a"), event("MODIFIED", "a", **{end: "True"}), event("ADDED", "b"))
    assert (found.most, found.unfinished) == (1, {"b"})


def test_other_conditions_and_those_that_do_not_hold_are_no_end() -> None:
    found = tally(
        event("ADDED", "a"),
        event("MODIFIED", "a", Complete="False", FailureTarget="True"),
        event("ADDED", "b"),
    )
    assert found.most == 2


def test_a_job_without_a_status_is_unfinished() -> None:
    assert tally({"type": "ADDED", "object": {"metadata": {"name": "a"}}}).unfinished == {"a"}


def test_the_mark_ends_the_watch_and_is_no_job() -> None:
    found = tally(event("ADDED", MARK), event("MODIFIED", MARK))
    assert found.take(event("DELETED", MARK))
    assert (found.created, found.most) == (0, 0)


def test_an_error_in_the_watch_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match="ERROR: too old resource version"):
        Tally().take({"type": "ERROR", "object": {"message": "too old resource version"}})
