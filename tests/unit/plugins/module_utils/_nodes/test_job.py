# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import job_name, longest_run
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    PodSettings,
    default_port,
)
from tests.unit.plugins.module_utils._nodes.pods import (
    ACTION,
    PLAIN_SETTINGS,
    SETTINGS,
    STORAGES,
    job_of,
    pod_of,
)


def test_a_job_runs_once_on_its_node() -> None:
    job = job_of(ACTION, STORAGES["s3"])
    spec = job["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["ttlSecondsAfterFinished"] == 86400
    assert pod_of(job)["restartPolicy"] == "Never"
    required = pod_of(job)["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    fields = [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]
    assert required == {"nodeSelectorTerms": [{"matchFields": fields}]}


def test_a_job_tells_its_node_and_what_it_runs() -> None:
    job = job_of()
    annotations = job["metadata"]["annotations"]
    assert annotations["actions.clusterdepot.io/node"] == "node-1"
    assert annotations["actions.clusterdepot.io/content-hash"] == ACTION.content_hash
    template = job["spec"]["template"]["metadata"]
    assert template["annotations"]["actions.clusterdepot.io/node"] == "node-1"
    assert template["annotations"]["actions.clusterdepot.io/content-hash"] == ACTION.content_hash
    assert template["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "false"
    assert template["labels"] == job["metadata"]["labels"]
    assert template["labels"]["app.kubernetes.io/instance"] == "install-tool"


def test_another_pod_has_another_hash() -> None:
    def hash_of(action_image: str) -> str:
        settings = dataclasses.replace(SETTINGS, action_image=action_image)
        job = job_of(ACTION, STORAGES["s3"], settings)
        return str(job["metadata"]["annotations"]["actions.clusterdepot.io/pod-hash"])

    assert hash_of("one") == hash_of("one")
    assert hash_of("one") != hash_of("other")


def test_the_same_work_has_the_same_name_and_other_work_another() -> None:
    name = job_name(ACTION, "uid-1")
    assert job_of()["metadata"]["name"] == name
    assert name == job_name(dataclasses.replace(ACTION, time_limit=5), "uid-1")
    others = {
        job_name(ACTION, "uid-2"),
        job_name(dataclasses.replace(ACTION, script="other"), "uid-1"),
        job_name(dataclasses.replace(ACTION, force=True), "uid-1"),
        job_name(dataclasses.replace(ACTION, removes=True), "uid-1"),
    }
    assert len(others) == 4
    assert name not in others


def test_the_longest_name_is_a_label() -> None:
    name = job_name(dataclasses.replace(ACTION, name="a" * 40), "uid")
    assert re.fullmatch(r"a{40}-[0-9a-f]{12}", name)
    assert len(name) <= 63


def test_a_job_has_time_for_all_that_may_take_time() -> None:
    action = dataclasses.replace(ACTION, time_limit=100_000)
    settings = dataclasses.replace(
        SETTINGS, start_timeout=1, catalogue_limit=20, server_limit=300, lock_limit=4000, grace=7
    )
    assert longest_run(action, settings, serves=True) == 104_388
    assert longest_run(action, settings, serves=False) == 104_068
    served = job_of(action, STORAGES["s3"], settings)
    assert served["spec"]["activeDeadlineSeconds"] == 104_388
    assert job_of(action, None, settings)["spec"]["activeDeadlineSeconds"] == 104_068


@pytest.mark.parametrize("settings", [SETTINGS, PLAIN_SETTINGS])
def test_a_node_that_is_cordoned_for_the_run_is_tolerated(settings: PodSettings) -> None:
    cordoned = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}
    before = pod_of(job_of(ACTION, None, settings)).get("tolerations", [])
    assert cordoned not in before
    assert pod_of(job_of(ACTION, None, settings, cordons=True))["tolerations"] == [*before, cordoned]


def test_a_pod_stays_on_a_node_that_is_not_heard_of_for_as_long_as_it_may_run() -> None:
    action = dataclasses.replace(ACTION, time_limit=7200)
    for storage, settings in ((STORAGES["s3"], SETTINGS), (None, PLAIN_SETTINGS)):
        job = job_of(action, storage, settings)
        told = {
            toleration["key"]: (toleration["operator"], toleration["effect"], toleration["tolerationSeconds"])
            for toleration in pod_of(job)["tolerations"]
            if "tolerationSeconds" in toleration
        }
        for_all = ("Exists", "NoExecute", job["spec"]["activeDeadlineSeconds"])
        assert told == {
            "node.kubernetes.io/not-ready": for_all,
            "node.kubernetes.io/unreachable": for_all,
        }
        assert for_all[2] > 7200


@given(st.text())
def test_default_ports_are_where_nodes_choose_none(name: str) -> None:
    assert 20000 <= default_port(name) < 30000
    assert default_port(name) == default_port(name)


def test_actions_have_different_ports() -> None:
    assert len({default_port(f"action-{number}") for number in range(20)}) == 20
