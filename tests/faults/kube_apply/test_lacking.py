# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters and users that lack something: what is told, and that nothing is claimed to be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    connect,
)
from tests.faults.kube_apply.control_plane import ControlPlane
from tests.faults.kube_apply.controllers import Controllers, meanwhile
from tests.faults.kube_apply.objects import (
    CUSTOM_RESOURCES,
    balancer,
    certificate,
    config_map,
    deployment,
    ingress,
    secret,
)
from tests.faults.kube_apply.task import Task, actions


@pytest.fixture
def reader(kube_apply: Task, control_plane: ControlPlane, controllers: Controllers) -> str:
    """A context of the kubeconfig whose user may look at ConfigMaps and change nothing."""
    kube_apply(
        [
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": "reader"},
                "rules": [
                    {
                        "apiGroups": [""],
                        "resources": ["configmaps", "namespaces"],
                        "verbs": ["get", "list", "watch"],
                    }
                ],
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "reader"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}],
            },
        ]
    )
    mine = connect(str(control_plane.kubeconfig), "reader")

    def may_look() -> dict[str, Any] | None:
        try:
            return mine.get("v1", "Namespace", "", "default")
        except KubeError:
            return None

    # The API server takes a moment to notice new rights.
    controllers.wait_for(may_look)
    return "reader"


@pytest.fixture
def without_cert_manager(kube_apply: Task) -> Iterator[None]:
    yield from _without(kube_apply, "certificates.cert-manager.io")


@pytest.fixture
def without_metallb(kube_apply: Task) -> Iterator[None]:
    yield from _without(kube_apply, "ipaddresspools.metallb.io")


def _without(kube_apply: Task, name: str) -> Iterator[None]:
    definition = next(crd for crd in CUSTOM_RESOURCES if crd["metadata"]["name"] == name)
    kube_apply(absent=[definition])
    yield
    kube_apply([definition])


def test_a_deletion_that_is_not_allowed_is_told(
    kube_apply: Task, client: KubeClient, namespace: str, reader: str
) -> None:
    kept = config_map(namespace, "kept", {"a": "b"})
    kube_apply([kept])
    result = kube_apply.attempt(absent=[kept], context=reader, failure_grace=1, wait_timeout=10)
    assert result.get("failed")
    assert "configmap/kept" in result["msg"]
    assert "cannot delete" in result["msg"]
    assert result["changed"] is False
    assert client.get("v1", "ConfigMap", namespace, "kept") is not None


def test_a_missing_cert_manager_is_told(
    kube_apply: Task, client: KubeClient, namespace: str, without_cert_manager: None
) -> None:
    del without_cert_manager
    message = kube_apply.refuse([certificate(namespace, "tls", "ca"), config_map(namespace, "c", {})])
    assert "cert-manager is not installed" in message
    assert "certificate/tls" in message
    assert client.get("v1", "ConfigMap", namespace, "c") is None


def test_a_pool_without_metallb_is_told(
    kube_apply: Task, client: KubeClient, namespace: str, without_metallb: None
) -> None:
    del without_metallb
    annotations = {"metallb.io/address-pool": "default-pool"}
    message = kube_apply.refuse([balancer(namespace, "b", "198.18.200.9", **annotations)])
    assert "MetalLB is not installed" in message
    assert "default-pool" in message
    assert client.get("v1", "Service", namespace, "b") is None


def test_what_goes_with_a_namespace_that_is_being_deleted_is_made_anew(
    kube_apply: Task, client: KubeClient, namespace: str, controllers: Controllers
) -> None:
    labelled = {"name": namespace, "labels": {"tests.example/own": "yes"}}
    home: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": labelled}
    generated = secret(namespace, "s", {"password": "first"}, create_only="true")
    held = config_map(namespace, "held", {"a": "b"})
    held["metadata"]["finalizers"] = ["tests.example/hold"]
    wanted = [home, generated, config_map(namespace, "c", {"a": "b"})]
    kube_apply([*wanted, held])
    kube_apply(absent=[home], wait=False)

    def release() -> None:
        controllers.wait_for(lambda: None if client.get("v1", "Secret", namespace, "s") else {})
        client.apply(config_map(namespace, "held", {"a": "b"}), field_manager="clusterdepot.artifacts")

    with meanwhile(release):
        result = kube_apply(wanted, wait_timeout=60)
    assert actions(result)["Secret/s"] == "created"
    assert client.get("v1", "Secret", namespace, "s") is not None
    again = kube_apply(wanted)
    assert again["changed"] is False, again["diff"]


def test_a_workload_in_a_cluster_without_its_secret_is_not_started(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    result = kube_apply.attempt(
        [deployment(namespace, "d", rollout_on="secret/none")], failure_grace=1, wait_timeout=20
    )
    assert result.get("failed")
    assert client.get("apps/v1", "Deployment", namespace, "d") is None


def test_an_ingress_class_that_nobody_made_is_told_and_the_rest_applied(
    kube_apply: Task, client: KubeClient, namespace: str
) -> None:
    def served_by(name: str) -> dict[str, Any]:
        found = ingress(namespace, "i", "ca")
        return {**found, "spec": {**found["spec"], "ingressClassName": name}}

    made = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "made"},
        "spec": {"controller": "tests.example/none"},
    }
    assert kube_apply([made, served_by("made")], wait=False)["warnings"] == []
    foretold = kube_apply([served_by("meant")], check_mode=True)
    told = kube_apply([served_by("meant")], wait=False)
    sentence = (
        f'ingress/i in namespace {namespace}: spec.ingressClassName "meant" names no IngressClass, '
        "and few controllers will serve it without; known: made"
    )
    assert sentence in foretold["warnings"]
    assert told["warnings"] == [sentence]
    stored = client.get("networking.k8s.io/v1", "Ingress", namespace, "i")
    assert stored is not None
    assert stored["spec"]["ingressClassName"] == "meant"
    kube_apply(absent=[made])
