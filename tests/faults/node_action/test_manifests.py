# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real API server takes what is rendered, as it is, and its pod security tells what the pods ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    server_configuration,
)
from tests.faults.kube_apply.acceptance import (
    MANAGER,
    lost,
    make_guarded_namespace,
    pod_from,
    put_into,
)
from tests.unit.plugins.module_utils._nodes.pods import (
    ACTION,
    FILES,
    SETTINGS,
    STORAGES,
    WORKLOADS,
    configured,
    daemonset_of,
    job_of,
    server_of,
)

_NUMBERS = count(1)


def make_namespace(client: KubeClient, level: str) -> str:
    """A namespace with that level of pod security, and the service account of the pods."""
    return make_guarded_namespace(client, f"{level}-{next(_NUMBERS)}", level, "packages")


@pytest.mark.parametrize("name", WORKLOADS)
def test_workloads_and_their_pods_are_taken_as_they_are(client: KubeClient, name: str) -> None:
    namespace = make_namespace(client, "privileged")
    workload = WORKLOADS[name]
    for one in (put_into(namespace, workload), pod_from(workload, namespace)):
        stored = client.apply(one, field_manager=MANAGER, dry_run=True)
        assert list(lost(one, stored)) == []


@pytest.mark.parametrize("storage", [None, "s3"])
def test_what_pods_are_given_is_taken_and_cannot_be_changed(client: KubeClient, storage: str | None) -> None:
    namespace = make_namespace(client, "privileged")
    objects = configured(ACTION, STORAGES[storage] if storage else None).objects
    if storage:
        objects += server_configuration("packages", STORAGES[storage], SETTINGS, FILES).objects
    for one in objects:
        made = put_into(namespace, one)
        assert list(lost(made, client.apply(made, field_manager=MANAGER))) == []
        changed = {**made, "data": {**made["data"], "more": "bW9yZQ=="}}
        with pytest.raises(KubeError, match="immutable"):
            client.apply(changed, field_manager=MANAGER)


def test_a_second_apply_changes_nothing(client: KubeClient) -> None:
    namespace = make_namespace(client, "privileged")
    for made in (daemonset_of(ACTION, STORAGES["azureblob"]), server_of(STORAGES["local"])):
        one = put_into(namespace, made)
        first = client.apply(one, field_manager=MANAGER)
        second = client.apply(one, field_manager=MANAGER)
        assert second["metadata"]["generation"] == first["metadata"]["generation"] == 1


def test_a_job_is_made_once(client: KubeClient) -> None:
    namespace = make_namespace(client, "privileged")
    job = put_into(namespace, job_of(ACTION, STORAGES["s3"], cordons=True))
    stored = client.create(job)
    assert list(lost(job, stored)) == []
    with pytest.raises(KubeError) as error:
        client.create(job)
    assert error.value.status == 409


@pytest.mark.parametrize("name", ["job", "plain job"])
def test_nothing_takes_a_pod_from_a_silent_node_before_its_job_ends(client: KubeClient, name: str) -> None:
    """By itself the API server allows five minutes."""
    pod = pod_from(WORKLOADS[name], make_namespace(client, "privileged"))
    stored = client.apply(pod, field_manager=MANAGER, dry_run=True)
    told = [
        (toleration["key"], toleration["tolerationSeconds"])
        for toleration in stored["spec"]["tolerations"]
        if "tolerationSeconds" in toleration
    ]
    seconds = WORKLOADS[name]["spec"]["activeDeadlineSeconds"]
    assert seconds > 300
    assert told == [
        ("node.kubernetes.io/not-ready", seconds),
        ("node.kubernetes.io/unreachable", seconds),
    ]


def violations(client: KubeClient, workload: Mapping[str, Any], level: str) -> list[str]:
    """What a namespace of that level does not allow, one sentence for each rule."""
    namespace = make_namespace(client, level)
    with pytest.raises(KubeError) as error:
        client.apply(pod_from(workload, namespace), field_manager=MANAGER, dry_run=True)
    _, _, told = str(error.value).partition(f'violates PodSecurity "{level}:latest": ')
    assert told
    # The sentences have commas, but only in brackets.
    return [re.sub(r" +", " ", part).strip() for part in re.split(r", (?![^()]*\))", told)]


def test_a_server_asks_for_the_nodes_loopback_and_nothing_else(client: KubeClient) -> None:
    for level in ("restricted", "baseline"):
        told = violations(client, server_of(STORAGES["s3"]), level)
        assert [part.partition(" (")[0] for part in told] == [
            "host namespaces",
            "hostPort",
            # Its readiness is asked for there, too.
            "probe or lifecycle host",
        ]
        assert "hostNetwork=true" in told[0]
        assert "hostPID" not in told[0]


def test_only_the_container_of_an_action_breaks_the_rules_for_containers(client: KubeClient) -> None:
    for workload in (job_of(ACTION, STORAGES["s3"]), daemonset_of(ACTION, STORAGES["s3"])):
        told = violations(client, workload, "restricted")
        of_containers = [part for part in told if "container" in part and not part.startswith("hostPort")]
        assert any(part.startswith("privileged") for part in of_containers)
        for part in of_containers:
            assert set(re.findall(r'"([a-z]+)"', part.partition(" must ")[0])) == {"action"}, part


def test_without_a_storage_an_action_asks_for_no_network_of_the_node(client: KubeClient) -> None:
    told = violations(client, job_of(ACTION), "baseline")
    assert [part.partition(" (")[0] for part in told] == ["host namespaces", "privileged"]
    assert "hostNetwork" not in told[0]
