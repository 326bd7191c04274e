# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets for pulling images, copied from another namespace; the API server demands their key."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.kube_apply.objects import config_map, ingress, secret
from tests.faults.kube_apply.task import Task, actions

KEY = ".dockerconfigjson"
TYPE = "kubernetes.io/dockerconfigjson"


def login(password: str) -> str:
    return json.dumps({"auths": {"registry.example": {"username": "u", "password": password}}})


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def original(namespace: str, password: str, **late: str) -> dict[str, Any]:
    return {**secret(namespace, "original", {KEY: login(password)}, **late), "type": TYPE}


def copy(namespace: str, origin: str) -> dict[str, Any]:
    made = secret(namespace, "copy", {}, data_from=f"{KEY}=secret/{origin}/original#{KEY}")
    return {**made, "type": TYPE}


def home(name: str) -> dict[str, Any]:
    labelled = {"name": name, "labels": {"tests.example/own": "yes"}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": labelled}


def assert_hidden(result: dict[str, Any], *passwords: str) -> None:
    for password in passwords:
        assert password not in repr(result)
        assert encoded(login(password)) not in repr(result)


def test_a_copy_follows_its_original_and_is_never_shown(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    origin = f"{namespace}-origin"
    kube_apply([home(origin), original(origin, "hunter2")])
    wanted = copy(namespace, origin)
    predicted = kube_apply([wanted], check_mode=True)
    made = kube_apply([wanted])
    assert actions(predicted) == actions(made) == {"Secret/copy": "created"}
    stored = client.get("v1", "Secret", namespace, "copy") or {}
    assert stored["type"] == TYPE
    assert stored["data"] == {KEY: encoded(login("hunter2"))}
    assert "annotations" not in stored["metadata"]
    assert kube_apply([wanted])["changed"] is False

    kube_apply([original(origin, "hunter3")])
    predicted, changed = kube_apply([wanted], check_mode=True), kube_apply([wanted])
    assert actions(predicted) == actions(changed) == {"Secret/copy": "configured"}
    assert f"{KEY}: (changed)" in changed["diff"]["after"]
    assert (client.get("v1", "Secret", namespace, "copy") or {})["data"] == {KEY: encoded(login("hunter3"))}
    for result in (made, predicted, changed):
        assert_hidden(result, "hunter2", "hunter3")
    assert_hidden({"lines": kube_apply.lines}, "hunter2", "hunter3")


@pytest.mark.parametrize("new_home", [True, False], ids=["new namespace", "namespace that is there"])
def test_original_and_copy_are_made_by_one_call(
    kube_apply: Task, client: KubeClient, namespace: str, new_home: bool
) -> None:
    origin = f"{namespace}-origin"
    target = f"{namespace}-target" if new_home else namespace
    homes = [home(origin), *([home(target)] if new_home else [])]
    objects = [copy(target, origin), original(origin, "hunter2", create_only="true"), *homes]
    predicted = kube_apply(objects, check_mode=True)
    assert predicted["warnings"] == []
    assert client.get("v1", "Namespace", None, origin) is None
    made = kube_apply(objects)
    assert actions(predicted) == actions(made)
    assert set(actions(made).values()) == {"created"}
    assert (client.get("v1", "Secret", target, "copy") or {})["data"] == {KEY: encoded(login("hunter2"))}
    assert_hidden(predicted, "hunter2")
    assert_hidden(made, "hunter2")
    for check_mode in (True, False):
        again = kube_apply(objects, check_mode=check_mode)
        assert again["changed"] is False, again["diff"]


def test_an_original_without_the_key_is_refused_before_anything_is_written(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    kube_apply([secret(namespace, "original", {"password": "hunter2"})])
    message = kube_apply.refuse([copy(namespace, namespace), secret(namespace, "other", {"a": "b"})])
    assert message == (
        f"secret/copy in namespace {namespace}: secret/original in namespace {namespace} has no key {KEY}, "
        f"which fills {KEY}"
    )
    assert client.get("v1", "Secret", namespace, "other") is None


def test_an_original_that_is_no_login_is_refused_without_being_shown(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    kube_apply([secret(namespace, "original", {KEY: "hunter2 is no JSON"})])
    result = kube_apply.attempt([copy(namespace, namespace)])
    assert result.get("failed")
    assert f"data[{KEY}]" in result["msg"]
    assert "hunter2" not in repr(result)
    assert encoded("hunter2 is no JSON") not in repr(result)
    assert client.get("v1", "Secret", namespace, "copy") is None


def test_an_original_that_is_missing_is_told(kube_apply: Task, namespace: str) -> None:
    predicted = kube_apply([copy(namespace, f"{namespace}-origin")], check_mode=True)
    (warning,) = predicted["warnings"]
    assert warning == (
        f"secret/original in namespace {namespace}-origin, which secret/copy in namespace {namespace} needs, "
        "does not exist; the run would wait for it, and fail without it"
    )
    result = kube_apply.attempt([copy(namespace, f"{namespace}-origin")], failure_grace=0.5, wait_timeout=10)
    assert result.get("failed")
    assert f"secret/original in namespace {namespace}-origin, which does not exist" in result["msg"]


def test_what_cert_manager_makes_for_an_ingress_is_not_missed(kube_apply: Task, namespace: str) -> None:
    authority = config_map(namespace, "authority", {}, data_from=f"ca=secret/{namespace}/served#ca.crt")
    asks = ingress(namespace, "served", "any")
    assert kube_apply([authority, asks], check_mode=True)["warnings"] == []
    del asks["metadata"]["annotations"]
    (warning,) = kube_apply([authority, asks], check_mode=True)["warnings"]
    assert f"secret/served in namespace {namespace}, which configmap/authority" in warning
