# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trow in place of the other registry, as provision renders it from a tree that kubectl builds."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.roles.rendering import ROOT, Rendered, run
from tests.unit.roles.trow_cases import (
    CERTIFICATE,
    EXAMPLE_FILES,
    HOST,
    INGRESS_SERVICE,
    KEY,
    TROW_CASES,
    UNBUILDABLE,
    write_files,
)

ROLE = ROOT / "roles" / "trow"
EXAMPLE = ROOT / "inventory" / "examples" / "trow" / "group_vars" / "controllers" / "trow.yml"
GOOD = ["trow", "trow_kept", "trow_of_files", "trow_open", "trow_of_own_secrets", "trow_with_own_files"]


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trow")


@pytest.fixture(scope="module", name="rendered")
def _rendered(folder: Path) -> Mapping[str, Rendered]:
    """Not with the cases of other roles: each of these has kubectl build a tree."""
    write_files(folder)
    given = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    assert EXAMPLE_FILES.keys() <= given.keys()
    return run(
        folder,
        {**TROW_CASES, "example": {**given, **EXAMPLE_FILES, "_trow_seen": {"resources": [INGRESS_SERVICE]}}},
    )


def _text(secret: dict[str, Any], key: str) -> str:
    return b64decode(secret["data"][key]).decode()


def _logins(rendered: Rendered) -> dict[str, dict[str, str]]:
    logins: dict[str, dict[str, str]] = json.loads(
        _text(rendered.one("Secret", "trow-cred"), ".dockerconfigjson")
    )["auths"]
    return logins


def _names(objects: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["kind"], item["metadata"]["name"]) for item in objects}


def _tasks(file: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8"))
    return [inner for task in tasks for inner in (task, *task.get("block", []), *task.get("always", []))]


@pytest.mark.parametrize("case", GOOD)
def test_trow_takes_the_place_of_the_other_registry(rendered: Mapping[str, Rendered], case: str) -> None:
    plane = rendered[case]
    assert plane.faults == []
    assert plane.one("StatefulSet", "trow-set")["metadata"]["namespace"] == "trow"
    assert "docker-registry" not in repr(plane.objects)
    others = {item["metadata"]["name"] for item in rendered["boreas"].objects}
    assert not [name for name in others if name.startswith("trow")]


@pytest.mark.parametrize("case", GOOD)
def test_nodes_and_cache_trust_the_certificate_of_the_ingress(
    rendered: Mapping[str, Rendered], case: str
) -> None:
    plane = rendered[case]
    secret = plane.one("Ingress", "trow-ingress")["spec"]["tls"][0]["secretName"]
    assert plane.trusted == [{"host": HOST}]
    source = plane.one("ConfigMap", "node-trust-ca")["metadata"]["annotations"]
    assert source == {"artifacts.clusterdepot.io/data-from": f"ca.crt?=secret/trow/{secret}#ca.crt"}
    assert plane.cache_sync["registries"] == [
        {
            "registry": HOST,
            "endpoint": f"https://{HOST}",
            "ca_secret": {"namespace": "trow", "name": secret},
        }
    ]


@pytest.mark.parametrize("case", GOOD)
def test_namespace_allows_what_its_pods_need(rendered: Mapping[str, Rendered], case: str) -> None:
    plane = rendered[case]
    labels = plane.one("Namespace", "trow")["metadata"]["labels"]
    pods = plane.one("StatefulSet", "trow-set")["spec"]["template"]["spec"]
    as_root = [
        container["name"]
        for container in [*pods["containers"], *pods.get("initContainers", [])]
        if container["securityContext"].get("runAsUser") == 0
    ]
    standard = "baseline" if as_root else "restricted"
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        standard
    }
    assert bool(as_root) == (case != "trow_open")


def test_generated_password_is_the_same_in_both_secrets(rendered: Mapping[str, Rendered]) -> None:
    plane = rendered["trow"]
    password = _text(plane.one("Secret", "trow-pass"), "pass")
    assert len(password) == 32
    assert _logins(plane)[HOST]["username"] == "trow"
    assert _logins(plane)[HOST]["password"] == password
    assert b64decode(_logins(plane)[HOST]["auth"]).decode() == f"trow:{password}"
    assert _text(rendered["trow_with_own_files"].one("Secret", "trow-pass"), "pass") != password


def test_password_in_the_cluster_is_kept(rendered: Mapping[str, Rendered]) -> None:
    plane = rendered["trow_kept"]
    assert _text(plane.one("Secret", "trow-pass"), "pass") == "kept hunter2"
    assert list(_logins(plane)) == ["example.registry.com:5000"]
    assert _logins(plane)["example.registry.com:5000"]["password"] == "kept hunter2"


def test_files_give_password_and_ca(rendered: Mapping[str, Rendered]) -> None:
    plane = rendered["trow_of_files"]
    assert _text(plane.one("Secret", "trow-pass"), "pass") == "hunter2"
    assert _logins(plane)[HOST]["username"] == "example"
    pair = plane.one("Secret", "ca-priv")
    assert pair["metadata"]["namespace"] == "cert-manager"
    assert (_text(pair, "tls.crt"), _text(pair, "tls.key")) == (CERTIFICATE, KEY)
    assert plane.one("ClusterIssuer")["spec"] == {"ca": {"secretName": "ca-priv"}}


@pytest.mark.parametrize("case", GOOD)
def test_secrets_are_beside_the_tree_only(rendered: Mapping[str, Rendered], case: str) -> None:
    secrets = [item for item in rendered[case].objects if item["kind"] == "Secret"]
    assert "hunter2" not in repr([item for item in rendered[case].objects if item not in secrets])
    arguments = rendered[case].one("StatefulSet", "trow-set")["spec"]["template"]["spec"]["containers"][0]
    passwords = [_text(item, "pass") for item in secrets if item["metadata"]["name"] == "trow-pass"]
    assert not [password for password in passwords if password in repr(arguments)]


def test_generated_ca_keeps_its_key(rendered: Mapping[str, Rendered]) -> None:
    plane = rendered["trow_open"]
    authority = plane.one("Certificate", "ca-priv")["spec"]
    assert authority["isCA"] is True
    assert authority["privateKey"]["rotationPolicy"] == "Never"
    # By which a removal knows it.
    assert authority["secretTemplate"]["labels"]["app.kubernetes.io/instance"] == "trow"
    assert authority["issuerRef"]["name"] == "ca-issuer-selfsigned"
    assert plane.one("ClusterIssuer", "ca-issuer-selfsigned")["spec"] == {"selfSigned": {}}
    assert plane.one("ClusterIssuer", "ca-issuer")["spec"] == {"ca": {"secretName": "ca-priv"}}


def test_without_a_user_there_is_no_secret(rendered: Mapping[str, Rendered]) -> None:
    assert "Secret" not in rendered["trow_open"].kinds()


def test_only_the_fields_that_are_asked_for_are_set_in_the_service_of_the_ingress_controller(
    rendered: Mapping[str, Rendered],
) -> None:
    assert rendered["trow_of_files"].trow_service == [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "ingress-nginx-controller", "namespace": "ingress-nginx"},
            "spec": {"type": "LoadBalancer", "externalIPs": ["192.168.1.250"]},
        }
    ]
    assert rendered["trow"].trow_service == []
    # By name only: what was set is given back.
    assert "spec" not in rendered["trow_without_what_must_be_there"].trow_service[0]


def test_files_of_the_users_own_are_applied(rendered: Mapping[str, Rendered]) -> None:
    plane = rendered["trow_with_own_files"]
    assert plane.one("NetworkPolicy", "mine")["metadata"]["namespace"] == "trow"
    assert plane.one("Service", "trow-svc")["metadata"]["annotations"]["team"] == "artifacts"


def test_files_that_somebody_has_changed_are_faults(rendered: Mapping[str, Rendered]) -> None:
    (fault,) = rendered["trow_with_edited_files"].faults
    assert "/trees/trow_with_edited_files/base/service.yaml " in fault


def test_rendering_leaves_no_files(rendered: Mapping[str, Rendered], folder: Path) -> None:
    assert rendered["trow"].faults == []
    assert {tree.name for tree in (folder / "trees").iterdir()} == {
        "trow_with_own_files",
        "trow_with_edited_files",
        "trow_unbuildable",
    }
    assert not list((folder / "trees").rglob("kustomization.yaml"))


def test_webhook_that_is_not_wanted_goes_and_data_stays(rendered: Mapping[str, Rendered]) -> None:
    assert ("ValidatingWebhookConfiguration", "trow-validator-trow") in _names(rendered["trow"].absent)
    for case in GOOD:
        unwanted = _names(rendered[case].absent)
        assert not {"PersistentVolume", "PersistentVolumeClaim", "StatefulSet"} & {
            kind for kind, _ in unwanted
        }
        assert not unwanted & _names(rendered[case].objects)


def test_removal_keeps_images_password_and_ca(rendered: Mapping[str, Rendered]) -> None:
    for case in ("trow", "trow_kept"):
        gone = _names(rendered[case].trow_absent)
        assert gone >= {("StatefulSet", "trow-set"), ("Ingress", "trow-ingress"), ("Secret", "trow-cred")}
        kept = {"PersistentVolume", "PersistentVolumeClaim", "Namespace", "ClusterIssuer"}
        assert not kept & {kind for kind, _ in gone}
        assert ("Secret", "trow-pass") not in gone
    assert ("Secret", "ca-priv") not in _names(rendered["trow_of_files"].trow_absent)


def test_secrets_that_are_not_wanted_any_more_go(rendered: Mapping[str, Rendered]) -> None:
    own = {("Secret", "trow-cred"), ("Secret", "trow-pass")}
    gone = {case: _names(rendered[case].absent) & own for case in GOOD}
    assert gone == {case: own if case == "trow_open" else set() for case in GOOD}
    assert ("Secret", "trow-webhook-tls") in _names(rendered["trow"].absent)
    assert ("Secret", "trow-webhook-tls") in _names(rendered["trow_open"].trow_absent)


def test_secrets_that_the_user_says_are_there_stay(rendered: Mapping[str, Rendered]) -> None:
    plane = rendered["trow_of_own_secrets"]
    own = {("Secret", "trow-cred"), ("Secret", "trow-pass")}
    assert not own & _names(plane.absent + plane.trow_absent)


def test_webhook_is_not_asked_about_the_plane(rendered: Mapping[str, Rendered]) -> None:
    (webhook,) = rendered["trow_of_own_secrets"].one("ValidatingWebhookConfiguration")["webhooks"]
    exempt, only = webhook["namespaceSelector"]["matchExpressions"]
    assert (only["operator"], only["values"]) == ("In", ["shop"])
    plane = {
        "cache",
        "trust",
        "ingress",
        "cert-manager",
        "artifact-router",
        "package-server",
    }
    assert {"kube-system", "trow", "monitoring", *plane} == set(exempt["values"])


def test_purge_deletes_them_too(rendered: Mapping[str, Rendered]) -> None:
    assert _names(rendered["trow_open"].trow_absent) >= {
        ("PersistentVolumeClaim", "trow-data"),
        ("Secret", "trow-pass"),
        ("Secret", "ca-priv"),
        ("ClusterIssuer", "ca-issuer"),
        ("ClusterIssuer", "ca-issuer-selfsigned"),
        ("Namespace", "trow"),
    }


def test_all_faults_are_told_at_once_and_without_secrets(rendered: Mapping[str, Rendered]) -> None:
    bad = rendered["trow_bad"]
    assert [fault.partition(": ")[0].partition(" is ")[0] for fault in bad.faults] == [
        "trow_namespace",
        "trow_overlay_dir",
        "trow_external_ips[0]",
        "trow_health_timeout",
        "trow_password_file",
        "trow_password_secret",
        "trow_external_ips",
        "trow_issuer_kind",
        "trow_password_file",
        "trow_ca_certificate_file",
        "trow_ca_private_key_file",
        "trow_version",
        "trow_host",
        "trow_storage_size",
    ]
    assert "hunter2" not in repr(bad)


def test_a_key_in_the_place_of_the_certificate_is_refused_and_not_told(
    rendered: Mapping[str, Rendered],
) -> None:
    exchanged = rendered["trow_with_key_and_certificate_exchanged"]
    assert [fault.partition(": ")[0].partition(" is ")[0] for fault in exchanged.faults] == [
        "trow_ca_private_key_file",
        "trow_ca_certificate_file",
    ]
    assert "hunter2" not in repr(exchanged)
    assert "BEGIN PRIVATE" not in repr(exchanged)


def test_removal_neither_judges_the_files_nor_deletes_the_ca_of_others(
    rendered: Mapping[str, Rendered],
) -> None:
    removed = rendered["trow_removed_beside_the_ca_of_others"]
    assert removed.trow_removal_faults == []
    gone = _names(removed.trow_absent)
    assert ("Namespace", "trow") in gone
    assert not {("Secret", "ca-priv"), ("Certificate", "ca-priv")} & gone
    assert "ClusterIssuer" not in {kind for kind, _ in gone}


def test_what_must_be_there_is_missed_before_the_first_write(rendered: Mapping[str, Rendered]) -> None:
    faults = rendered["trow_without_what_must_be_there"].faults
    assert [fault.partition(" is ")[0] for fault in faults] == [
        "trow_password_secret",
        "trow_ingress_service_name",
        "trow_issuer_name",
    ]


def test_ca_of_somebody_else_is_not_replaced(rendered: Mapping[str, Rendered]) -> None:
    secret, *others = rendered["trow_over_the_ca_of_others"].faults
    assert secret.startswith("trow_ca is 'generated'")
    assert "cert-manager/ca-priv" in secret
    assert [fault.partition(" is ")[0] for fault in others] == [
        "trow_issuer_name",
        "trow_issuer_name",
        "trow_ca_secret",
    ]


def test_tree_that_cannot_be_built_ends_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        run(tmp_path, UNBUILDABLE)
    told = capfd.readouterr().out
    assert "Refused before anything was written" in told
    assert "patch-none.yaml" in told or "nobody" in told
    tree = tmp_path / "trees" / "trow_unbuildable"
    assert [path.name for path in tree.rglob("*.yaml")] == ["patch-none.yaml"]


def test_example_is_the_overlay_that_was_made_by_hand(rendered: Mapping[str, Rendered]) -> None:
    example = rendered["example"]
    assert example.faults == []
    ingress = example.one("Ingress", "trow-ingress")
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["rules"][0]["host"] == "paasregistry.lapin.io"
    annotations = ingress["metadata"]["annotations"]
    assert annotations["cert-manager.io/cluster-issuer"] == "ca-issuer"
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"
    assert annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"] == "600"
    volume = example.one("PersistentVolume", "trow-data-hostpath-pv")["spec"]
    assert (volume["hostPath"]["path"], volume["capacity"]["storage"]) == ("/data", "10Gi")
    assert example.trow_service[0]["spec"] == {"type": "LoadBalancer", "externalIPs": ["192.168.1.250"]}


def test_what_is_secret_is_in_no_output() -> None:
    secrets = [
        task
        for file in (ROLE / "tasks").iterdir()
        for task in _tasks(file.name)
        if task.get("register") == "_trow_secrets_seen"
        or "_trow_built" in task.get("ansible.builtin.set_fact", {})
    ]
    assert len(secrets) == 2
    assert {task.get("no_log") for task in secrets} == {True}


def test_every_case_is_looked_at() -> None:
    refused = {
        "trow_with_edited_files",
        "trow_bad",
        "trow_without_what_must_be_there",
        "trow_over_the_ca_of_others",
        "trow_with_key_and_certificate_exchanged",
        "trow_removed_beside_the_ca_of_others",
    }
    assert set(GOOD) | refused == set(TROW_CASES)
