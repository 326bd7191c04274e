# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees are those of the folder golden, kustomize builds them, and nothing in them is deprecated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.preparation import prepare
from tests.unit.plugins.module_utils._trow.command_lines import refusal
from tests.unit.plugins.module_utils._trow.trees import (
    FIELDS,
    GOLDEN,
    WISHES,
    built,
    built_of,
    kept,
    prepared,
    tree_of,
    write_tree,
)
from tests.unit.plugins.module_utils._trow.wishes import HOST, VALIDATION


@pytest.fixture(scope="module", params=WISHES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def objects(name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What is built, by kind and name."""
    folder = tmp_path_factory.mktemp("tree")
    result = prepared(name)
    write_tree(tree_of(result), folder)
    found = built(folder / result["overlay"])
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def test_the_tree_is_the_one_that_is_kept(name: str) -> None:
    assert kept(tree_of(prepared(name))) == (GOLDEN / f"{name}.txt").read_text("utf-8")


def test_no_field_of_kustomize_is_deprecated(name: str) -> None:
    tree = tree_of(prepared(name))
    kustomizations = [
        yaml.safe_load(text) for path, text in tree.items() if path.endswith("/kustomization.yaml")
    ]
    assert len(kustomizations) == 3
    assert all(set(one) <= FIELDS for one in kustomizations)
    patches = [patch for one in kustomizations for patch in one.get("patches", ())]
    # By name alone: a place in a list is right only until somebody adds to the list.
    assert all(set(patch) == {"path"} for patch in patches)
    assert not any("/spec/" in text for text in tree.values())


def test_the_arguments_are_taken_by_the_version(name: str, objects: dict[tuple[str, str], Any]) -> None:
    workloads = [one for (kind, _), one in objects.items() if kind in ("StatefulSet", "Deployment")]
    line = prepared(name)["version"].rpartition(".")[0]
    assert len(workloads) == (1 if name == "notes" else 2)
    for one in workloads:
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert refusal(line, container["args"]) is None
        assert sum(HOST in word for word in container["args"]) == 1
        named = [
            word.partition("=")[2].rpartition("/")[2]
            for word in container["args"]
            if "/configuration/" in word
        ]
        kind, source = "ConfigMap", "trow-webhook" if one["kind"] == "Deployment" else "trow-config"
        assert named == list(objects.get((kind, source), {}).get("data", {}))


def test_every_volume_that_is_mounted_is_there(objects: dict[tuple[str, str], Any]) -> None:
    for kind, _ in objects:
        if kind not in ("StatefulSet", "Deployment"):
            continue
        pod = next(one for key, one in objects.items() if key[0] == kind)["spec"]["template"]["spec"]
        names = {volume["name"] for volume in pod["volumes"]}
        containers = [*pod["containers"], *pod.get("initContainers", ())]
        mounted = {mount["name"] for container in containers for mount in container["volumeMounts"]}
        assert mounted == names


def test_only_the_container_that_gives_folders_away_is_root(
    name: str, objects: dict[tuple[str, str], Any]
) -> None:
    uid = 333333 if name == "0.6" else 2000
    for (kind, _), one in objects.items():
        if kind not in ("StatefulSet", "Deployment"):
            continue
        pod = one["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["fsGroup"]) == (uid, uid)
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        owners = pod.get("initContainers", [])
        assert [owner["securityContext"]["capabilities"] for owner in owners] == [
            {"drop": ["ALL"], "add": ["CHOWN"]}
        ] * (kind == "StatefulSet" and name != "everything")
        assert all(f"chown -h {uid}:{uid}" in owner["command"][-1] for owner in owners)


def test_the_ingress_is_for_the_host(name: str, objects: dict[tuple[str, str], Any]) -> None:
    ingress = objects["Ingress", "trow-ingress"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == [HOST]
    assert [one["hosts"] for one in ingress["spec"]["tls"]] == [[HOST]]
    annotations = ingress["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"
    assert "kubernetes.io/ingress.class" not in annotations
    if name == "everything":
        assert annotations["cert-manager.io/issuer"] == "mine"
        assert annotations["example.com/team"] == "images"
        assert annotations["nginx.ingress.kubernetes.io/proxy-send-timeout"] == "900"
        assert ingress["spec"]["ingressClassName"] == "internal"
    else:
        assert annotations["cert-manager.io/cluster-issuer"] == "ca-issuer"


def test_the_webhook_cannot_lock_the_cluster(name: str, objects: dict[tuple[str, str], Any]) -> None:
    configurations = [one for (kind, _), one in objects.items() if kind == "ValidatingWebhookConfiguration"]
    assert len(configurations) == (name != "notes")
    for configuration in configurations:
        (webhook,) = configuration["webhooks"]
        exempt, *only = webhook["namespaceSelector"]["matchExpressions"]
        assert exempt["operator"] == "NotIn"
        assert {"kube-system", "trow", "cert-manager"} <= set(exempt["values"])
        assert (webhook["failurePolicy"] == "Fail") == bool(only)
        for expression in only:
            assert (expression["operator"], expression["values"]) == ("In", ["shop", "blog"])
        service = webhook["clientConfig"]["service"]
        assert ("Service", service["name"]) in objects
        assert service["namespace"] == "trow"
        assert webhook["clientConfig"]["caBundle"]


def test_two_overlays_share_a_base_whatever_their_versions() -> None:
    first = tree_of(prepared("0.6"))
    second = tree_of(prepared("0.10", overlay_name="other"), first)
    assert {path: text for path, text in second.items() if path in first} == first


def test_what_a_user_adds_is_built(tmp_path: Path) -> None:
    result = prepared("notes")
    patch = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "trow-set"},
        "spec": {"template": {"spec": {"priorityClassName": "high"}}},
    }
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}}
    own = {"patch-mine.yaml": yaml.safe_dump(patch), "mine.yaml": yaml.safe_dump(mine)}
    found = {f"{result['overlay']}/{path}": text for path, text in own.items()}
    write_tree(tree_of(result, found), tmp_path)
    objects = {one["kind"]: one for one in built(tmp_path / result["overlay"])}
    assert objects["StatefulSet"]["spec"]["template"]["spec"]["priorityClassName"] == "high"
    assert objects["ConfigMap"]["metadata"] == {"name": "mine", "namespace": "trow"}


@pytest.mark.parametrize(
    ("api_version", "kind", "given", "namespace"),
    [
        ("v1", "ConfigMap", None, "trow"),
        ("v1", "ConfigMap", "default", "default"),
        ("networking.k8s.io/v1", "NetworkPolicy", "ingress-nginx", "ingress-nginx"),
        ("metallb.io/v1beta1", "IPAddressPool", "metallb-system", "metallb-system"),
        ("metallb.io/v1beta1", "IPAddressPool", None, None),
        ("cert-manager.io/v1", "ClusterIssuer", None, None),
        ("v1", "Namespace", None, None),
        ("example.com/v1", "ClusterRoleBinding", None, None),
    ],
)
def test_what_a_user_adds_keeps_its_namespace(
    tmp_path: Path, api_version: str, kind: str, given: str | None, namespace: str | None
) -> None:
    result = prepared("everything")
    without = built_of(tmp_path / "without", result)
    metadata = {"name": "mine"} | ({"namespace": given} if given else {})
    mine = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    found = {f"{result['overlay']}/mine.yaml": yaml.safe_dump(mine)}
    objects = built_of(tmp_path / "with", result, found)
    (own,) = (one for one in objects if one["metadata"]["name"] == "mine")
    assert own["metadata"].get("namespace") == namespace
    assert [one for one in objects if one is not own] == without
    outside = {one["kind"] for one in without if "namespace" not in one["metadata"]}
    assert outside == {"ValidatingWebhookConfiguration"}


def test_a_component_of_a_user_reaches_what_is_there(tmp_path: Path) -> None:
    result = prepared("notes")
    patch = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "trow-svc", "annotations": {"team": "mine"}},
    }
    component = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "patches": [{"path": "service.yaml"}],
    }
    own = {"mine/kustomization.yaml": yaml.safe_dump(component), "mine/service.yaml": yaml.safe_dump(patch)}
    objects = built_of(tmp_path, result, {f"{result['overlay']}/{path}": text for path, text in own.items()})
    (service,) = (one for one in objects if one["kind"] == "Service")
    assert service["metadata"]["annotations"] == {"team": "mine"}
    assert service["metadata"]["namespace"] == "trow"


@pytest.mark.parametrize("named", [{}, {"namespace": "ingress-nginx"}])
def test_a_patch_reaches_what_a_user_has_added(tmp_path: Path, named: dict[str, str]) -> None:
    result = prepared("notes")
    mine = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mine", **named}}
    patch = {**mine, "metadata": {"name": "mine", **named, "annotations": {"team": "mine"}}}
    own = {"mine.yaml": yaml.safe_dump(mine), "patch-mine.yaml": yaml.safe_dump(patch)}
    objects = built_of(tmp_path, result, {f"{result['overlay']}/{path}": text for path, text in own.items()})
    (changed,) = (one for one in objects if one["metadata"]["name"] == "mine")
    assert changed["metadata"] == {
        "name": "mine",
        "namespace": "trow",
        "annotations": {"team": "mine"},
        **named,
    }


def test_passwords_of_proxies_are_in_a_secret_and_not_in_the_tree() -> None:
    registry = {"host": "docker.io", "username": "me", "password": "hush"}
    result = prepared("0.10", registry_proxies={"registries": [registry]})
    (secret,) = result["secrets"]
    assert secret["metadata"]["name"] == "trow-config"
    assert secret["metadata"]["namespace"] == "trow"
    assert "password: hush" in secret["stringData"]["config.yaml"]
    tree = "".join(tree_of(result).values())
    assert "hush" not in tree
    assert "secretName: trow-config" in tree
    assert "secret/trow-pass,secret/trow-config" in tree
    assert [one["kind"] for one in result["absent"]] == ["ConfigMap"]


def test_the_rest_of_the_result_names_what_there_is() -> None:
    result = prepared("notes")
    assert result["overlay"] == "overlays/paas-sandbox"
    assert (result["claim"], result["volume"]) == ("trow-data", "trow-data-hostpath-pv")
    assert (result["url"], result["version"]) == (f"https://{HOST}", "0.10.0")
    assert result["password_secret"] == "trow-pass"
    assert result["secrets"] == []
    assert prepared("everything")["volume"] == ""
    assert prepared("notes", user="")["password_secret"] == ""


def test_without_a_user_there_is_no_password_and_a_warning() -> None:
    result = prepared("notes", user="", node_selector={"a": "b"})
    assert "password" not in "".join(tree_of(result).values())
    assert result["warnings"] == ["without a user everybody who reaches the registry can push to it"]
    assert "trow_hostpath_nodes" in prepared("notes")["warnings"][0]


def test_where_pods_wait_for_the_webhook_is_named() -> None:
    assert prepared("everything")["warnings"] == []
    wish = {**WISHES["everything"], "admission_namespaces": []}
    (fault,) = prepare(wish, "trow_")["faults"]
    assert "by trow_admission_namespaces" in fault
    assert prepared("everything", admission_namespaces=[], admission_failure_policy="Ignore")["faults"] == []


def test_the_certificate_of_the_webhook_lasts_as_long_as_a_pod_may(tmp_path: Path) -> None:
    objects = built_of(tmp_path, prepared("everything"))
    (certificate,) = (one["spec"] for one in objects if one["kind"] == "Certificate")
    assert (certificate["duration"], certificate["renewBefore"]) == ("87600h", "8760h")


@pytest.mark.parametrize(
    ("version", "last"),
    [("0.6.4", ""), ("0.6.99", "0.6.4"), ("0.8.1", "0.8.0"), ("0.9", ""), ("0.10.55", "0.10.0")],
)
def test_a_version_that_is_later_than_the_known_ones_is_warned_of(version: str, last: str) -> None:
    result = prepared("notes", version=version, user="", hostpath_nodes=["node-1"])
    told = [warning for warning in result["warnings"] if "is later than" in warning]
    assert len(told) == bool(last)
    assert all(f"Trow {version} is later than {last}, the last" in warning for warning in told)


@pytest.mark.parametrize("case", WISHES)
def test_the_removal_names_everything_but_the_data(case: str, tmp_path: Path) -> None:
    result = prepared(case)
    objects = built_of(tmp_path, result)
    # cert-manager makes it, and leaves it.
    secrets = {one["spec"]["secretName"] for one in objects if one["kind"] == "Certificate"}
    there = {_reference(one) for one in objects} | {("v1", "Secret", name, "trow") for name in secrets}
    removed = {_reference(one) for one in result["removal"]}
    assert {kind for _, kind, _, _ in there - removed} <= {"PersistentVolume", "PersistentVolumeClaim"}
    assert not any("PersistentVolume" in kind for _, kind, _, _ in removed)
    unwanted = {_reference(one) for one in result["absent"]}
    assert not unwanted & there
    assert unwanted <= removed
    # Otherwise it is asked for while nobody answers.
    assert result["removal"][0]["kind"] == "ValidatingWebhookConfiguration"


def _reference(one: dict[str, Any]) -> tuple[str, str, str, str | None]:
    return one["apiVersion"], one["kind"], one["metadata"]["name"], one["metadata"].get("namespace")


def test_faults_name_variables_and_leave_nothing_else() -> None:
    running = {"metadata": {"annotations": {"artifacts.clusterdepot.io/trow-version": "0.6.3"}}}
    wish = {"host": "a b", "admission": True, "running": running}
    result = prepare(wish, "trow_")
    assert [fault.partition(":")[0] for fault in result.pop("faults")] == [
        "trow_host",
        "trow_admission",
        "trow_version",
    ]
    assert not any(result.values())
    (fault,) = prepare({"host": HOST, "running": running}, "registry_")["faults"]
    assert fault.startswith("registry_version: Trow 0.10.0 cannot read")
    assert "set registry_accept_data_loss to true" in fault
    (warning,) = prepare(
        {"host": HOST, "running": running, "accept_data_loss": True, "storage": "class"}, "trow_"
    )["warnings"]
    assert "trow_accept_data_loss" in warning


def test_the_same_wish_gives_the_same_tree() -> None:
    wish = {"host": HOST, "image_validation": VALIDATION}
    assert prepare(wish, "trow_") == prepare(wish, "trow_")
