# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying: idempotence, prediction, difference, deletion."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.kube_apply.control_plane import ControlPlane
from tests.faults.kube_apply.controllers import Controllers, meanwhile
from tests.faults.kube_apply.objects import claim, config_map, custom_resource, deployment, secret
from tests.faults.kube_apply.task import Task, actions


def everything(namespace: str) -> list[dict[str, Any]]:
    """Give one object of each kind that a registry without exposure is made of."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        deployment(namespace, "registry", rollout_on="secret/users,configmap/settings", claims=["data"]),
        config_map(namespace, "settings", {"a": "1"}),
        secret(namespace, "users", {"htpasswd": "hunter2"}),
        claim(namespace, "data"),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": namespace, "name": "registry"},
            "spec": {"selector": {"app": "registry"}, "ports": [{"port": 443}]},
        },
    ]


def versions(client: KubeClient, namespace: str) -> dict[str, str]:
    kinds = ("v1", "ConfigMap"), ("v1", "Secret"), ("apps/v1", "Deployment"), ("v1", "Service")
    return {
        f"{kind}/{item['metadata']['name']}": item["metadata"]["resourceVersion"]
        for api_version, kind in kinds
        for item in client.list(api_version, kind, namespace)
    }


def test_check_mode_predicts_the_real_run_and_writes_nothing(kube_apply: Task, client: KubeClient) -> None:
    predicted = kube_apply(everything("predicted"), check_mode=True)
    assert client.get("v1", "Namespace", None, "predicted") is None
    real = kube_apply(everything("predicted"), wait=False)
    assert predicted["changed"]
    assert actions(predicted) == actions(real)
    assert set(actions(real).values()) == {"created"}


def test_the_second_run_changes_nothing(kube_apply: Task, client: KubeClient, namespace: str) -> None:
    objects = everything(namespace)
    kube_apply(objects, wait=False)
    before = versions(client, namespace)
    for check_mode in (True, False):
        again = kube_apply(objects, wait=False, check_mode=check_mode)
        assert again["changed"] is False
        assert set(actions(again).values()) == {"unchanged"}
        assert again["diff"] == {"before": "", "after": ""}
    # The controllers write to the Deployment's status, so only what nobody else writes to can keep its
    # version.
    after = versions(client, namespace)
    for name in ("ConfigMap/settings", "Secret/users", "Service/registry"):
        assert after[name] == before[name]


def test_a_change_is_predicted_and_shown_without_noise_or_secrets(kube_apply: Task, namespace: str) -> None:
    objects = everything(namespace)
    kube_apply(objects, wait=False)
    objects[2] = config_map(namespace, "settings", {"a": "2"})
    objects[3] = secret(namespace, "users", {"htpasswd": "correct horse"})
    predicted = kube_apply(objects, wait=False, check_mode=True)
    real = kube_apply(objects, wait=False)
    assert actions(predicted) == actions(real)
    assert predicted["diff"] == real["diff"]
    changed = {name for name, action in actions(real).items() if action == "configured"}
    assert changed == {"Deployment/registry", "ConfigMap/settings", "Secret/users"}
    shown = real["diff"]["before"] + real["diff"]["after"]
    assert "htpasswd: (changed)" in real["diff"]["after"]
    for noise in ("managedFields", "resourceVersion", "uid:", "status:", "generation"):
        assert noise not in shown
    for encoded in ("hunter2", "aHVudGVyMg", "correct horse", "Y29ycmVjdCBob3JzZQ"):
        assert encoded not in repr(real)


def test_a_field_no_longer_wanted_is_removed(kube_apply: Task, client: KubeClient, namespace: str) -> None:
    kube_apply([config_map(namespace, "c", {"a": "1", "b": "2"})])
    assert kube_apply([config_map(namespace, "c", {"a": "1"})])["changed"]
    assert (client.get("v1", "ConfigMap", namespace, "c") or {})["data"] == {"a": "1"}


def test_a_change_by_somebody_else_is_put_right(kube_apply: Task, client: KubeClient, namespace: str) -> None:
    kube_apply([config_map(namespace, "c", {"a": "1"})])
    client.apply(config_map(namespace, "c", {"a": "9"}), field_manager="somebody-else")
    assert actions(kube_apply([config_map(namespace, "c", {"a": "1"})])) == {"ConfigMap/c": "configured"}
    assert (client.get("v1", "ConfigMap", namespace, "c") or {})["data"] == {"a": "1"}


def test_a_kind_and_its_object_in_one_call(kube_apply: Task, namespace: str) -> None:
    objects = [
        {
            "apiVersion": "tests.example/v1",
            "kind": "Thing",
            "metadata": {"name": "t", "namespace": namespace},
            "spec": {"a": 1},
        },
        custom_resource("tests.example", "v1", "Thing", "things"),
    ]
    predicted = kube_apply(objects, check_mode=True)
    assert actions(predicted) == actions(kube_apply(objects))
    assert kube_apply(objects)["changed"] is False


def test_absent(kube_apply: Task, client: KubeClient, namespace: str) -> None:
    objects = [config_map(namespace, "c", {}), deployment(namespace, "d")]
    kube_apply(objects, wait=False)
    unknown = {"apiVersion": "no.such/v1", "kind": "Thing", "metadata": {"name": "x", "namespace": namespace}}
    absent = [*objects, unknown, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]
    predicted = kube_apply(absent=absent, check_mode=True)
    assert client.get("v1", "ConfigMap", namespace, "c") is not None
    real = kube_apply(absent=absent)
    assert actions(predicted) == actions(real)
    assert actions(real) == {
        "ConfigMap/c": "deleted",
        "Deployment/d": "deleted",
        "Thing/x": "absent",
        f"Namespace/{namespace}": "deleted",
    }
    assert client.get("v1", "Namespace", None, namespace) is None
    assert kube_apply(absent=absent)["changed"] is False


def test_absent_tells_what_holds_an_object(kube_apply: Task, namespace: str) -> None:
    held = config_map(namespace, "held", {})
    held["metadata"]["finalizers"] = ["tests.example/hold"]
    kube_apply([held])
    result = kube_apply.attempt(absent=[held], wait_timeout=1)
    assert "configmap/held" in result["msg"]
    assert "tests.example/hold" in result["msg"]
    assert result["changed"] is True


def test_an_object_that_is_still_being_deleted_is_made_anew(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    held = config_map(namespace, "held", {"a": "old"})
    held["metadata"]["finalizers"] = ["tests.example/hold"]
    kube_apply([held])
    kube_apply(absent=[held], wait=False)

    def release() -> None:
        time.sleep(1)
        unheld = config_map(namespace, "held", {"a": "old"})
        client.apply(unheld, field_manager="clusterdepot.artifacts")

    with meanwhile(release):
        result = kube_apply([config_map(namespace, "held", {"a": "new"})])
    assert actions(result) == {"ConfigMap/held": "created"}
    assert (client.get("v1", "ConfigMap", namespace, "held") or {})["data"] == {"a": "new"}


def test_a_warning_of_the_api_server_comes_up(kube_apply: Task, namespace: str) -> None:
    wanted = deployment(namespace, "d")
    wanted["spec"]["template"]["metadata"]["annotations"] = {
        "container.apparmor.security.beta.kubernetes.io/main": "unconfined"
    }
    assert any("apparmor" in text for text in kube_apply([wanted], wait=False)["warnings"])


def test_no_change_of_twelve_objects_is_quick(kube_apply: Task, namespace: str) -> None:
    objects = [config_map(namespace, f"c{number}", {"a": "b"}) for number in range(8)]
    objects += [secret(namespace, f"s{number}", {"a": "b"}) for number in range(4)]
    kube_apply(objects)
    times = []
    for _round in range(3):
        start = time.monotonic()
        assert kube_apply(objects)["changed"] is False
        times.append(time.monotonic() - start)
    assert min(times) < float(os.environ.get("CLUSTERDEPOT_SLOWNESS", "1")) * 0.4


@pytest.mark.parametrize("stop_for", [3.0])
def test_the_api_server_may_restart_during_the_wait(
    control_plane: ControlPlane, kube_apply: Task, namespace: str, stop_for: float
) -> None:
    controllers = Controllers(control_plane)

    def restart() -> None:
        time.sleep(1.5)
        control_plane.stop_api_server()
        time.sleep(stop_for)
        control_plane.start_api_server()
        controllers.run_pods(namespace)

    with meanwhile(restart):
        result = kube_apply([deployment(namespace, "d")], wait_timeout=90)
    assert actions(result) == {"Deployment/d": "created"}
    assert any("cannot reach the API server" in line for line in kube_apply.lines)
