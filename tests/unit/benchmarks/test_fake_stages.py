# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kwok is told to do."""

from __future__ import annotations

from typing import Any

import yaml

from benchmarks.fake_stages import Ending, stages, written


def selector(objects: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    """The expressions of a stage, by their key."""
    (found,) = (one for one in objects if one["metadata"]["name"] == name)
    return {term["key"]: term for term in found["spec"]["selector"]["matchExpressions"]}


def test_pods_of_all_nodes_begin_to_run() -> None:
    assert set(selector(stages(), "pod-runs")) == {".metadata.deletionTimestamp", ".status.phase"}


def test_pods_of_held_nodes_do_not() -> None:
    held = selector(stages(["b", "a"]), "pod-runs")[".spec.nodeName"]
    assert (held["operator"], held["values"]) == ("NotIn", ["a", "b"])


def test_pods_of_held_nodes_can_be_deleted() -> None:
    assert ".spec.nodeName" not in selector(stages(["a"]), "pod-goes")


def test_only_pods_of_jobs_end_by_themselves() -> None:
    owner = selector(stages(), "pod-of-job-ends")[".metadata.ownerReferences.[].kind"]
    assert (owner["operator"], owner["values"]) == ("In", ["Job"])


def test_pods_of_jobs_end_at_once_unless_something_else_is_wished() -> None:
    (at_once,) = (one["spec"] for one in stages() if one["metadata"]["name"] == "pod-of-job-ends")
    later = stages(ending=Ending("phase: Failed", 1500))
    (wished,) = (one["spec"] for one in later if one["metadata"]["name"] == "pod-of-job-ends")
    assert "delay" not in at_once
    assert "phase: Succeeded" in at_once["next"]["statusTemplate"]
    assert wished["delay"] == {"durationMilliseconds": 1500}
    assert wished["next"] == {"statusTemplate": "phase: Failed"}


def test_the_file_has_every_stage_in_a_document_of_its_own() -> None:
    assert list(yaml.safe_load_all(written(stages(["a"])))) == stages(["a"])
