# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses

import pytest

from tests.unit.plugins.module_utils._nodes.pods import (
    ACTION,
    STORAGES,
    containers_of,
    daemonset_of,
    pod_of,
    server_of,
)

FIELD = "metadata.name"


def test_pods_are_selected_by_labels_that_all_of_them_have() -> None:
    for daemonset, name in ((daemonset_of(), "install-tool"), (server_of(STORAGES["s3"]), "packages")):
        selector = daemonset["spec"]["selector"]["matchLabels"]
        assert selector.items() <= daemonset["spec"]["template"]["metadata"]["labels"].items()
        assert selector["app.kubernetes.io/instance"] == daemonset["metadata"]["name"] == name
    kinds = {
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]
        for one in (daemonset_of(), server_of(STORAGES["s3"]))
    }
    assert kinds == {"node-action", "package-server"}


def test_nodes_that_cannot_run_it_are_left_out() -> None:
    affinity = pod_of(daemonset_of(refused=["talos-2", "talos-1", "talos-2"]))["affinity"]
    required = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required == {
        "nodeSelectorTerms": [
            {
                "matchFields": [
                    {"key": FIELD, "operator": "NotIn", "values": ["talos-1"]},
                    {"key": FIELD, "operator": "NotIn", "values": ["talos-2"]},
                ]
            }
        ]
    }
    assert "affinity" not in pod_of(daemonset_of())


@pytest.mark.parametrize("most", [1, 5, "10%"])
def test_a_changed_action_runs_on_so_many_nodes_at_once(most: int | str) -> None:
    rollout = daemonset_of(max_unavailable=most)["spec"]["updateStrategy"]
    assert rollout == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most}}


def test_other_work_makes_the_pods_anew() -> None:
    first = daemonset_of()
    assert first == daemonset_of()
    other = daemonset_of(dataclasses.replace(ACTION, variables=(("TOKEN", "other"),)))
    assert first["spec"]["template"] != other["spec"]["template"]
    key = "actions.clusterdepot.io/content-hash"
    assert first["metadata"]["annotations"][key] == ACTION.content_hash
    assert first["spec"]["template"]["metadata"]["annotations"] == {key: ACTION.content_hash}
    assert other["metadata"]["annotations"][key] != ACTION.content_hash


def test_a_server_is_ready_once_it_answers() -> None:
    probe = containers_of(server_of(STORAGES["s3"]))["server"]["readinessProbe"]
    assert probe["httpGet"] == {"host": "127.0.0.1", "port": 23456, "path": "/_/healthz"}
    assert "affinity" not in pod_of(server_of(STORAGES["s3"]))
