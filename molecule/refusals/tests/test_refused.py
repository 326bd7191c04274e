# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of `provision`: each names what, the value and what is allowed; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.outside.kubectl import Kubectl, eventually
from tests.outside.playbook import run

UNREADY_ISSUER = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "ClusterIssuer",
    "metadata": {"name": "without-a-key"},
    "spec": {"ca": {"secretName": "there-is-no-such-secret"}},
}


@dataclass(frozen=True)
class Refusal:
    """Variables that are refused, and words that the message holds."""

    name: str
    variables: dict[str, object]
    words: tuple[str, ...]


REFUSALS = (
    Refusal("address", {"registry_service_ip": "300.1.1.1"}, ("registry_service_ip", "300.1.1.1", "IP")),
    Refusal("size", {"registry_pvc_size": "5 gigabytes"}, ("registry_pvc_size", "5 gigabytes", "5Gi")),
    Refusal(
        "replicas", {"registry_replicas": 2}, ("registry_replicas", "2", "ReadWriteOnce", "ReadWriteMany")
    ),
    Refusal("port", {"registry_service_port": 70000}, ("registry_service_port", "70000", "65535")),
    Refusal("namespace", {"registry_namespace": "Not_A_Name"}, ("registry_namespace", "Not_A_Name")),
    Refusal(
        "service type", {"registry_service_type": "Loadbalancer"}, ("registry_service_type", "LoadBalancer")
    ),
    Refusal(
        "storage class",
        {"registry_pvc_storage_class": "longhorn"},
        ("docker-registry-pvc", "longhorn", "local-path"),
    ),
    Refusal("pool address", {"registry_service_ip": "10.99.99.99"}, ("10.99.99.99", "default-pool")),
    Refusal("pool", {"registry_service_pool": "no-such-pool"}, ("no-such-pool", "default-pool")),
    Refusal("issuer", {"certificate_issuer_name": "nobody"}, ("nobody", "embedded-ca")),
    Refusal("misspelt name", {"registry_auht": "htpasswd"}, ("registry_auht", "did you mean registry_auth?")),
)


@pytest.fixture
def unready_issuer(kubectl: Kubectl) -> Iterator[str]:
    kubectl("apply", "-f", "-", standard_input=json.dumps(UNREADY_ISSUER))
    name = "without-a-key"
    eventually(
        lambda: "conditions" in kubectl.get("clusterissuer", name).get("status", {}),
        30,
        "the issuer is judged",
    )
    yield name
    kubectl("delete", "clusterissuer", name)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: str(refusal.name))
def test_it_is_refused_and_nothing_is_written(kubectl: Kubectl, refusal: Refusal) -> None:
    refused = run("provision", variables=refusal.variables)
    assert refused.code != 0
    for word in refusal.words:
        assert word in refused.output
    assert "Traceback" not in refused.output
    assert kubectl.ours() == set()


def test_a_misspelt_name_is_refused_before_anything_is_taken_down() -> None:
    refused = run("unprovision", variables={"registry_namespaces": "production"})
    assert refused.code != 0
    assert "registry_namespaces is read by nothing; did you mean registry_namespace?" in refused.output


def test_all_faults_are_reported_at_once(kubectl: Kubectl) -> None:
    variables = {"registry_service_ip": "300.1.1.1", "registry_pvc_size": "much", "registry_replicas": 3}
    refused = run("provision", variables=variables)
    assert refused.code != 0
    for name in variables:
        assert name in refused.output
    assert kubectl.ours() == set()


def test_faults_that_only_the_cluster_knows_are_reported_at_once(kubectl: Kubectl) -> None:
    refused = run(
        "provision",
        variables={"registry_pvc_storage_class": "longhorn", "registry_service_ip": "10.99.99.99"},
    )
    assert refused.code != 0
    assert "longhorn" in refused.output
    assert "10.99.99.99" in refused.output
    assert kubectl.ours() == set()


def test_an_issuer_that_can_never_issue_is_refused_with_its_own_reason(
    kubectl: Kubectl, unready_issuer: str
) -> None:
    refused = run("provision", variables={"certificate_issuer_name": unready_issuer})
    assert refused.code != 0
    assert unready_issuer in refused.output
    assert "there-is-no-such-secret" in refused.output
    assert kubectl.ours() == set()


def test_a_missing_kubeconfig_is_named(kubectl: Kubectl, tmp_path: Path) -> None:
    missing = str(tmp_path / "kubeconfig")
    refused = run("provision", variables={"plane_kubeconfig": missing})
    assert refused.code != 0
    assert missing in refused.output
    assert "Traceback" not in refused.output
    assert kubectl.ours() == set()


def test_an_unreachable_api_server_is_named(kubectl: Kubectl, tmp_path: Path) -> None:
    config = yaml.safe_load(Path(kubectl.kubeconfig).read_text())
    # Port 1 of loopback: nothing listens there.
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    refused = run("provision", variables={"plane_kubeconfig": str(path)})
    assert refused.code != 0
    assert "https://127.0.0.1:1" in refused.output
    assert "refused" in refused.output
    assert "Traceback" not in refused.output
    assert kubectl.ours() == set()
