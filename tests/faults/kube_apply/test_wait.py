# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: late values, reasons, grace and time-out."""

from __future__ import annotations

import time

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.kube_apply.controllers import Controllers, meanwhile
from tests.faults.kube_apply.objects import PREFIX, certificate, config_map, deployment, issuer, secret
from tests.faults.kube_apply.task import Task, actions


def rollout_hash(client: KubeClient, namespace: str, name: str) -> str:
    found = client.get("apps/v1", "Deployment", namespace, name) or {}
    return str(found["spec"]["template"]["metadata"]["annotations"][f"{PREFIX}rollout-hash"])


def test_create_only_keeps_what_exists(kube_apply: Task, client: KubeClient, namespace: str) -> None:
    first = secret(namespace, "s", {"password": "first"}, create_only="true")
    second = secret(namespace, "s", {"password": "second"}, create_only="true")
    assert actions(kube_apply([first])) == {"Secret/s": "created"}
    assert kube_apply([second], check_mode=True)["changed"] is False
    assert actions(kube_apply([second])) == {"Secret/s": "unchanged"}
    assert (client.get("v1", "Secret", namespace, "s") or {})["data"] == {"password": "Zmlyc3Q="}


def test_rollout_follows_the_data(kube_apply: Task, client: KubeClient, namespace: str) -> None:
    workload = deployment(namespace, "d", rollout_on="configmap/c")
    kube_apply([workload, config_map(namespace, "c", {"a": "1"})], wait=False)
    first = rollout_hash(client, namespace, "d")
    kube_apply([workload], wait=False)
    assert rollout_hash(client, namespace, "d") == first
    kube_apply([workload, config_map(namespace, "c", {"a": "2"})], wait=False)
    assert rollout_hash(client, namespace, "d") != first
    stored = client.get("apps/v1", "Deployment", namespace, "d") or {}
    assert f"{PREFIX}rollout-on" not in stored["metadata"].get("annotations", {})


def test_data_from_a_secret_is_filled_and_hidden(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    filled = config_map(
        namespace,
        "c",
        {"own": "1"},
        data_from=f"ca=secret/{namespace}/s#ca.crt,extra?=secret/{namespace}/s#none",
    )
    objects = [filled, secret(namespace, "s", {"ca.crt": "hunter2"})]
    result = kube_apply(objects)
    assert (client.get("v1", "ConfigMap", namespace, "c") or {})["data"] == {"own": "1", "ca": "hunter2"}
    assert "hunter2" not in repr(result)
    assert kube_apply(objects)["changed"] is False


def test_data_from_a_missing_key_is_told(kube_apply: Task, namespace: str) -> None:
    kube_apply([secret(namespace, "s", {"a": "b"})])
    wanted = config_map(namespace, "c", {}, data_from=f"ca=secret/{namespace}/s#ca.crt")
    message = kube_apply.refuse([wanted])
    assert message == (
        f"configmap/c in namespace {namespace}: "
        f"secret/s in namespace {namespace} has no key ca.crt, which fills ca"
    )


def test_a_new_workload_starts_before_its_certificate_and_rolls_out_once(
    kube_apply: Task, client: KubeClient, controllers: Controllers, namespace: str
) -> None:
    kube_apply([issuer(namespace, "ca")], wait=False)
    controllers.make_ready(namespace, "issuers", "ca")
    workload = deployment(namespace, "d", rollout_on="secret/tls")
    objects = [workload, certificate(namespace, "tls", "ca"), config_map(namespace, "c", {})]

    def act() -> None:
        controllers.wait_for(lambda: client.get("apps/v1", "Deployment", namespace, "d"))
        assert client.get("v1", "Secret", namespace, "tls") is None
        controllers.issue(namespace, "tls", "Zmlyc3Q=")
        controllers.run_pods(namespace)

    predicted = kube_apply(objects, check_mode=True)
    with meanwhile(act):
        result = kube_apply(objects, wait_timeout=30)
    assert actions(predicted) == actions(result)
    stored = client.get("apps/v1", "Deployment", namespace, "d")
    assert stored is not None
    assert len(client.list("apps/v1", "ReplicaSet", namespace)) == 1
    assert stored["metadata"]["annotations"][f"{PREFIX}rollout-hash"]
    assert "annotations" not in stored["spec"]["template"]["metadata"]
    assert kube_apply(objects)["changed"] is False

    controllers.issue(namespace, "tls", "c2Vjb25k")
    assert kube_apply(objects, check_mode=True)["changed"]
    kube_apply(objects, wait=False)
    assert rollout_hash(client, namespace, "d")


def test_a_new_workload_does_not_start_with_a_secret_that_is_about_to_change(
    kube_apply: Task, client: KubeClient, controllers: Controllers, namespace: str
) -> None:
    kube_apply([issuer(namespace, "ca"), secret(namespace, "tls", {"tls.crt": "left over"})], wait=False)
    controllers.make_ready(namespace, "issuers", "ca")
    objects = [
        deployment(namespace, "d", rollout_on="secret/tls"),
        certificate(namespace, "tls", "ca"),
        config_map(namespace, "c", {}),
    ]

    def act() -> None:
        controllers.wait_for(lambda: client.get("v1", "ConfigMap", namespace, "c"))
        time.sleep(1.5)
        assert client.get("apps/v1", "Deployment", namespace, "d") is None
        controllers.issue(namespace, "tls", "Zmlyc3Q=")
        controllers.run_pods(namespace)

    with meanwhile(act):
        kube_apply(objects, wait_timeout=30)
    assert any(
        "deployment/d waits for certificate/tls, which makes secret/tls" in line for line in kube_apply.lines
    )
    assert kube_apply(objects)["changed"] is False


def test_a_changed_certificate_must_be_ready_for_its_own_generation(
    kube_apply: Task, controllers: Controllers, namespace: str
) -> None:
    kube_apply([issuer(namespace, "ca"), certificate(namespace, "tls", "ca")], wait=False)
    controllers.make_ready(namespace, "issuers", "ca")
    controllers.issue(namespace, "tls", "Zmlyc3Q=")
    result = kube_apply.attempt(
        [certificate(namespace, "tls", "ca", commonName="other")], wait_timeout=2, failure_grace=1
    )
    assert "certificate/tls" in result["msg"]
    assert result["changed"] is True


def test_a_failure_ends_the_wait_after_its_grace_with_the_pods_own_reason(
    kube_apply: Task, controllers: Controllers, namespace: str
) -> None:
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "example/none:1"'}
    with meanwhile(lambda: controllers.fail_pod(namespace, waiting)):
        start = time.monotonic()
        result = kube_apply.attempt([deployment(namespace, "d")], failure_grace=2, wait_timeout=60)
    assert time.monotonic() - start < 15
    assert 'ImagePullBackOff: Back-off pulling image "example/none:1"' in result["msg"]
    assert result["reasons"][0]["name"] == "d"
    assert any("0 of 1" in line and "ImagePullBackOff" in line for line in kube_apply.lines)


def test_the_time_out_tells_the_state(kube_apply: Task, namespace: str) -> None:
    start = time.monotonic()
    result = kube_apply.attempt([deployment(namespace, "d")], wait_timeout=2)
    assert 2 <= time.monotonic() - start < 12
    assert result["msg"].startswith(f"deployment/d in namespace {namespace} was not ready within 2 s: 0 of 1")


def test_pods_that_may_not_be_created_are_told(kube_apply: Task, namespace: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
    result = kube_apply.attempt([named, deployment(namespace, "d")], failure_grace=2, wait_timeout=30)
    assert "violates PodSecurity" in result["msg"]


def test_a_missing_source_fails_after_the_grace(kube_apply: Task, namespace: str) -> None:
    wanted = deployment(namespace, "d", rollout_on="secret/none")
    result = kube_apply.attempt([wanted], failure_grace=1, wait_timeout=30)
    assert f"waits for secret/none in namespace {namespace}, which does not exist" in result["msg"]
    assert result["changed"] is False
