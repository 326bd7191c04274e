# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pods of actions end in a fake fleet, and which Jobs are given to the peer."""

from __future__ import annotations

import re

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.termination import read_result
from benchmarks.errors import BenchmarkError
from benchmarks.fake_actions import FAILED_CODE, NAMESPACE, ending, jobs, parameters


def message(code: int) -> str:
    """The termination message in the template, as it is when kwok has filled it in."""
    found = re.search("printf `(.*)`", ending([], []).template)
    assert found is not None
    return found.group(1) % ("ab12", code)


@pytest.mark.parametrize("code", [0, FAILED_CODE])
def test_pods_tell_what_the_collection_reads_as_a_result(code: int) -> None:
    result = read_result(message(code))
    assert result is not None
    assert (result.content_hash, result.code, result.changed, result.seconds) == ("ab12", code, True, 1)
    assert len(result.output.splitlines()) == 10


def test_the_template_fails_the_named_actions_on_the_named_nodes() -> None:
    template = ending(["fails"], ["node-2", "node-1"]).template
    assert '(list "fails")' in template
    assert '(list "node-1" "node-2")' in template
    assert f"$code = {FAILED_CODE}" in template


def test_nothing_is_left_to_be_filled_in() -> None:
    assert (
        re.search(r"\b(LABEL|HASH|ACTIONS|NODES|FAILED_CODE|LINE|OUTPUT)\b", ending(["a"], ["b"]).template)
        is None
    )


def test_the_jobs_are_those_of_the_module() -> None:
    found = jobs(parameters("tune", 50, 0), {"node-1": "uid-1", "node-2": "uid-2"})
    assert set(found) == {"node-1", "node-2"}
    names = {job["metadata"]["name"] for job in found.values()}
    assert len(names) == 2
    assert all(name.startswith("tune-") for name in names)
    assert {job["metadata"]["namespace"] for job in found.values()} == {NAMESPACE}


def test_jobs_of_parameters_at_fault_are_an_error() -> None:
    with pytest.raises(BenchmarkError, match="max_parallel"):
        jobs(parameters("tune", 0, 0), {})


def test_parameters_are_the_defaults_but_for_what_is_given() -> None:
    given = parameters("tune", 50, 3, context="operator")
    assert (given["max_parallel"], given["max_fail"], given["context"]) == (50, 3, "operator")
    assert (given["state"], given["mode"], given["storage"]) == ("present", "jobs", None)
