# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where no address is given: check mode foretells all of it, and faults come before the first write."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.folders import folders
from devcluster.processes import marked
from tests.outside.kubectl import Kubectl
from tests.outside.playbook import run

NAMESPACE = "docker-registry"
CHOSEN: dict[str, object] = {"registry_service_ip": ""}


@pytest.fixture
def silent_cert_manager() -> Iterator[None]:
    """cert-manager's controller answers nobody while the test runs."""
    pid = next(pid for pid in marked(folders().state) if b"cert-manager-controller" in command_line(pid))
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_fault_is_told_before_the_service_is_made(kubectl: Kubectl) -> None:
    refused = run("provision", variables=CHOSEN | {"registry_pvc_storage_class": "longhorn"})
    assert refused.code != 0
    assert "longhorn" in refused.output
    assert kubectl.ours() == set()


@pytest.mark.parametrize("service_type", ["LoadBalancer", "ClusterIP"])
def test_the_address_that_the_cluster_chose_is_used(kubectl: Kubectl, service_type: str) -> None:
    variables: dict[str, object] = CHOSEN | {"registry_service_type": service_type}
    predicted = set(run("provision", "--check", "-v", variables=variables).actions())
    assert kubectl.ours() == set()
    done = run("provision", variables=variables)
    assert done.changed > 0
    assert kubectl.ours() - {f"Secret {NAMESPACE}/{NAMESPACE}-secret"} == predicted
    service = kubectl.get("service", "-n", NAMESPACE, "docker-registry-service")
    chosen = (
        service["spec"]["clusterIP"]
        if service_type == "ClusterIP"
        else service["status"]["loadBalancer"]["ingress"][0]["ip"]
    )
    assert f"https://{chosen}:5000" in done.output
    assert "certificate_equals_secret  ok" in done.output
    assert run("provision", variables=variables).changed == 0
    assert run("unprovision", "--check", variables=variables).changed > 0
    assert "Deployment docker-registry/docker-registry" in kubectl.ours()
    run("unprovision", variables=variables | {"unprovision_purge_data": True})
    assert kubectl.ours() == set()


def test_a_certificate_that_never_becomes_ready_is_named(kubectl: Kubectl, silent_cert_manager: None) -> None:
    del silent_cert_manager
    failed = run("provision", variables={"plane_wait_timeout": 8})
    assert failed.code != 0
    assert "certificate/docker-registry-certificate" in failed.output
    assert "was not ready within 8 s" in failed.output
    assert "Certificate docker-registry/docker-registry-certificate" in kubectl.ours()


def test_the_next_run_completes_it() -> None:
    assert run("provision").changed > 0
    assert run("provision").changed == 0
