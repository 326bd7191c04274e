# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: each refusal names object, field, value and what is allowed, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from devcluster.ports import free_port
from tests.faults.kube_apply.control_plane import ControlPlane
from tests.faults.kube_apply.controllers import Controllers
from tests.faults.kube_apply.objects import (
    Object,
    balancer,
    certificate,
    claim,
    config_map,
    deployment,
    issuer,
    secret,
)
from tests.faults.kube_apply.task import Task


def pool(namespace: str) -> Object:
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": {"name": "first-pool", "namespace": namespace},
        "spec": {"addresses": ["198.18.201.10-198.18.201.20", "198.18.202.0/28"]},
    }


def malformed_secret(namespace: str) -> Object:
    wanted = secret(namespace, "s", {})
    wanted["stringData"] = {"password": 12345}
    return wanted


def misspelt_config_map(namespace: str) -> Object:
    wanted = config_map(namespace, "x", {})
    wanted["dat"] = wanted.pop("data")
    return wanted


REFUSALS: list[tuple[str, Callable[[str], Object], list[str]]] = [
    (
        "unknown class",
        lambda n: claim(n, "x", storage_class="fast"),
        ['storageClassName "fast" does not exist', "local-path"],
    ),
    (
        "no default class",
        lambda n: claim(n, "x", storage_class=None),
        ["no default StorageClass", "local-path"],
    ),
    (
        "malformed size",
        lambda n: claim(n, "x", size="5 Gigs"),
        ['requests.storage "5 Gigs" is no size', "5Gi"],
    ),
    (
        "malformed address",
        lambda n: balancer(n, "x", "198.18.201.999"),
        ['loadBalancerIP "198.18.201.999" is no IP address'],
    ),
    (
        "not in a pool",
        lambda n: balancer(n, "x", "198.18.203.1"),
        ["198.18.203.1 is in no MetalLB IPAddressPool", "first-pool"],
    ),
    (
        "unknown pool",
        lambda n: balancer(n, "x", "198.18.201.11", **{"metallb.universe.tf/address-pool": "second-pool"}),
        ['"second-pool", which does not exist', "first-pool"],
    ),
    (
        "held address",
        lambda n: balancer(n, "x", "198.18.201.15"),
        ["already held by service/holder", "allow-shared-ip"],
    ),
    ("no issuer", lambda n: certificate(n, "x", "nobody"), ["issuer/nobody", "does not exist"]),
    (
        "issuer not ready",
        lambda n: certificate(n, "x", "unready"),
        ["issuer/unready", "is not ready: no key pair"],
    ),
    ("unknown field", misspelt_config_map, ["configmap/x", ".dat: field not declared in schema"]),
    (
        "no namespace",
        lambda _namespace: config_map("nowhere", "x", {}),
        ['namespace "nowhere"', "does not exist"],
    ),
    (
        "replicas on one claim",
        lambda n: deployment(n, "x", replicas=2, claims=["kept"]),
        ["spec.replicas 2", "ReadWriteOnce", "1 replica"],
    ),
    (
        "other class",
        lambda n: claim(n, "kept", storage_class="other"),
        ['storageClassName "other" differs', '"local-path"'],
    ),
    (
        "smaller size",
        lambda n: claim(n, "kept", size="500Mi"),
        ["smaller than the existing claim's 1Gi", "give 1Gi or more"],
    ),
    ("expansion", lambda n: claim(n, "kept", size="2Gi"), ["does not allow expansion", "give 1Gi"]),
    (
        "bad name",
        lambda n: config_map(n, "No_Good", {}),
        ["refused by the API server", "No_Good", "lowercase"],
    ),
    ("secret value", malformed_secret, ["stringData.password is no string", "quote it"]),
    (
        "unknown group",
        lambda n: {
            "apiVersion": "none.example/v1",
            "kind": "Thing",
            "metadata": {"name": "x", "namespace": n},
        },
        ["knows no none.example/v1 Thing", "thing/x"],
    ),
    (
        "project missing",
        lambda n: {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "x", "namespace": n},
        },
        ["the Gateway API is not installed", "httproute/x"],
    ),
    (
        "no namespace given",
        lambda _namespace: {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}},
        ["metadata.namespace"],
    ),
    ("late value", lambda n: deployment(n, "x", rollout_on="pod/y"), ['"pod/y"', "secret/NAME"]),
]


@pytest.fixture(scope="module")
def furnished(control_plane: ControlPlane) -> str:
    """A namespace with what the refusals refer to."""
    name = "furnished"
    controllers = Controllers(control_plane)
    task = Task(control_plane)
    task([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    task([pool(name), claim(name, "kept"), issuer(name, "unready"), issuer(name, "ready")], wait=False)
    task([balancer(name, "holder", "198.18.201.15")], wait=False)
    path = f"/api/v1/namespaces/{name}/services/holder"
    controllers.set_status(path, {"loadBalancer": {"ingress": [{"ip": "198.18.201.15"}]}})
    unready = {"type": "Ready", "status": "False", "message": "no key pair"}
    controllers.set_status(
        f"/apis/cert-manager.io/v1/namespaces/{name}/issuers/unready", {"conditions": [unready]}
    )
    controllers.make_ready(name, "issuers", "ready")
    return name


@pytest.mark.parametrize(
    ("make", "expected"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_refusal(
    kube_apply: Task, client: KubeClient, furnished: str, make: Callable[[str], Object], expected: list[str]
) -> None:
    beside = config_map(furnished, "beside", {"a": "b"})
    message = kube_apply.refuse([beside, make(furnished)])
    for words in expected:
        assert words in message
    assert len(message.splitlines()) == 1, message
    assert "cannot serve at the moment" not in message
    assert client.get("v1", "ConfigMap", furnished, "beside") is None


def test_all_faults_at_once(kube_apply: Task, furnished: str) -> None:
    objects = [
        claim(furnished, "a", storage_class="fast"),
        claim(furnished, "b", size="much"),
        balancer(furnished, "c", "198.18.203.1"),
        certificate(furnished, "d", "nobody"),
        config_map(furnished, "No_Good", {}),
        {"apiVersion": "none.example/v1", "kind": "Thing", "metadata": {"name": "e", "namespace": furnished}},
    ]
    result = kube_apply.attempt(objects)
    assert len(result["faults"]) == len(objects), result["msg"]
    assert result["msg"].startswith("6 faults, nothing was changed:")


def test_good_objects_beside_all_of_it_pass(kube_apply: Task, furnished: str) -> None:
    good = [
        balancer(furnished, "free", "198.18.202.3", **{"metallb.io/address-pool": "first-pool"}),
        certificate(furnished, "good", "ready"),
        claim(furnished, "kept"),
        balancer(furnished, "holder", "198.18.201.15"),
    ]
    kube_apply(good, check_mode=True)


def broken(folder: Path, content: str) -> str:
    path = folder / "kubeconfig"
    path.write_text(content)
    return str(path)


UNUSABLE: list[tuple[str, str, str]] = [
    ("no YAML", "{{{", "is not a kubeconfig"),
    ("empty", "", "is not usable"),
    ("a list", "[1, 2]", "is not"),
    ("no current context", "apiVersion: v1\nkind: Config\nclusters: []\n", "is not usable"),
]


@pytest.mark.parametrize(
    ("content", "expected"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE]
)
def test_an_unusable_kubeconfig(kube_apply: Task, tmp_path: Path, content: str, expected: str) -> None:
    path = broken(tmp_path, content)
    result = kube_apply.attempt([], kubeconfig=path)
    assert result["failed"]
    assert path in result["msg"]
    assert expected in result["msg"]


def test_a_missing_kubeconfig(kube_apply: Task, tmp_path: Path) -> None:
    path = tmp_path / "none"
    message = kube_apply.attempt([], kubeconfig=str(path))["msg"]
    assert message.startswith(f"kubeconfig {path}, given as kubeconfig, does not exist")


def test_an_unknown_context(kube_apply: Task) -> None:
    assert "elsewhere" in kube_apply.attempt([], context="elsewhere")["msg"]


def changed_kubeconfig(plane: ControlPlane, folder: Path, old: str, new: str) -> str:
    return broken(folder, plane.kubeconfig.read_text().replace(old, new))


def test_an_unreachable_server(control_plane: ControlPlane, kube_apply: Task, tmp_path: Path) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    path = changed_kubeconfig(control_plane, tmp_path, control_plane.url, url)
    result: dict[str, Any] = kube_apply.attempt([config_map("default", "x", {})], kubeconfig=path)
    assert result["msg"] == (
        f"cannot reach the API server {url} (kubeconfig {path}, given as kubeconfig): connection refused"
    )


def test_wrong_credentials(control_plane: ControlPlane, kube_apply: Task, tmp_path: Path) -> None:
    path = changed_kubeconfig(control_plane, tmp_path, "kube-apply-tests", "not-the-token")
    message = kube_apply.attempt([config_map("default", "x", {})], kubeconfig=path)["msg"]
    assert "does not accept the credentials" in message
    assert "not-the-token" not in message


def test_an_untrusted_server(control_plane: ControlPlane, kube_apply: Task, tmp_path: Path) -> None:
    lines = control_plane.kubeconfig.read_text().splitlines(keepends=True)
    path = broken(tmp_path, "".join(line for line in lines if "certificate-authority" not in line))
    message = kube_apply.attempt([config_map("default", "x", {})], kubeconfig=path)["msg"]
    assert "its certificate is not trusted" in message


def test_waiting_options_out_of_range(kube_apply: Task) -> None:
    assert kube_apply.attempt([], wait_timeout=-1)["msg"].startswith("wait_timeout is -1; allowed are")


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_leads_elsewhere_deletes_nothing(
    kube_apply: Task, client: KubeClient, namespace: str, name: str
) -> None:
    named = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
    result = kube_apply.attempt(absent=[named])
    assert result["failed"] is True
    assert f'"{name}" is no name' in result["msg"]
    found = client.get("v1", "Namespace", None, namespace)
    assert found is not None
    assert found["status"]["phase"] == "Active"
