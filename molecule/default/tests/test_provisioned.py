# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioned registry, in the order of its life: used, restarted, rotated, taken down, brought back."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import pytest

from tests.outside.clients import Clients
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.layout import greeting, write
from tests.outside.playbook import run

NAMESPACE = "docker-registry"
SERVICE = "docker-registry-service"
DEPLOYMENT = ("-n", NAMESPACE, "deployment/docker-registry")
TEXT = "pulled by the kubelet from the registry just provisioned"
BY_NAME = f"{SERVICE}.{NAMESPACE}.svc.cluster.local:5000"
POD_SECONDS = 60.0


def served(address: str) -> str:
    host, _, port = address.rpartition(":")
    return ssl.get_server_certificate((host, int(port)))


def digest(clients: Clients, reference: str) -> str:
    return clients.skopeo("inspect", "--format={{.Digest}}", f"docker://{reference}").stdout.strip()


def test_check_mode_predicted_exactly_what_is_there(kubectl: Kubectl, shared: Path) -> None:
    predicted = set(json.loads((shared / "predicted.json").read_text()))
    # cert-manager hands its certificate's labels on to the secret it makes.
    assert kubectl.ours() - {f"Secret {NAMESPACE}/{NAMESPACE}-secret"} == predicted


def test_check_mode_predicts_that_a_second_run_changes_nothing() -> None:
    again = run("provision", "--check", "-v")
    assert again.changed == 0
    assert set(again.actions().values()) == {"unchanged"}


def test_skopeo_pushes_by_the_address(clients: Clients, address: str, busybox: Path, tmp_path: Path) -> None:
    image = greeting(TEXT, busybox)
    clients.skopeo("copy", write(image, tmp_path / "layout", "1"), f"docker://{address}/demo/greeting:1")
    assert digest(clients, f"{address}/demo/greeting:1") == image.digest


def test_podman_pushes_by_the_name(clients: Clients, address: str, busybox: Path, tmp_path: Path) -> None:
    image = greeting("pushed by podman", busybox)
    reference = f"{BY_NAME}/demo/podman:1"
    pulled = clients.podman("pull", "--quiet", write(image, tmp_path / "layout", "1")).stdout.split()[-1]
    clients.podman("push", f"--cert-dir={clients.certificates}", pulled, f"docker://{reference}")
    assert digest(clients, f"{address}/demo/podman:1").startswith("sha256:")


def test_a_client_without_the_authority_is_refused(clients: Clients, address: str) -> None:
    refused = clients.run("skopeo", "inspect", f"docker://{address}/demo/greeting:1", check=False)
    assert refused.returncode != 0
    assert "certificate" in refused.stderr


@pytest.mark.parametrize("host", ["address", "name"])
def test_a_pod_runs_the_image_just_pushed(kubectl: Kubectl, address: str, host: str) -> None:
    reference = f"{address if host == 'address' else BY_NAME}/demo/greeting:1"
    pod = f"greeting-by-{host}"
    kubectl("run", pod, f"--image={reference}", "--restart=Never", "--image-pull-policy=Always")
    try:
        eventually(lambda: phase(kubectl, pod) == "Succeeded", POD_SECONDS, f"pod {pod} succeeds")
        assert kubectl("logs", pod).strip() == TEXT
        events = kubectl.get("events", f"--field-selector=involvedObject.name={pod},reason=Pulled")["items"]
        assert any(f'Successfully pulled image "{reference}"' in event["message"] for event in events)
    finally:
        kubectl("delete", "pod", pod, "--now")


def phase(kubectl: Kubectl, pod: str) -> str:
    return str(kubectl.get("pod", pod)["status"]["phase"])


def test_the_image_outlives_the_registry_pod(kubectl: Kubectl, clients: Clients, address: str) -> None:
    before = digest(clients, f"{address}/demo/greeting:1")
    kubectl("delete", "pod", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=registry", "--wait=true")
    kubectl("rollout", "status", *DEPLOYMENT, "--timeout=60s")
    assert digest(clients, f"{address}/demo/greeting:1") == before


def test_a_renewed_certificate_is_served_after_the_next_run(
    kubectl: Kubectl, clients: Clients, address: str
) -> None:
    before = served(address)
    kubectl("delete", "secret", "-n", NAMESPACE, f"{NAMESPACE}-secret")
    assert run("provision").changed == 1
    renewed = kubectl.secret(NAMESPACE, f"{NAMESPACE}-secret", "tls.crt")
    assert served(address).split() != before.split()
    assert served(address).split() == renewed.split()
    clients.trust(kubectl.secret(NAMESPACE, f"{NAMESPACE}-secret", "ca.crt"))
    assert digest(clients, f"{address}/demo/greeting:1")


def test_a_deleted_object_is_put_back(kubectl: Kubectl) -> None:
    kubectl("delete", "service", "-n", NAMESPACE, SERVICE)
    kubectl("delete", "-n", NAMESPACE, "deployment/docker-registry")
    predicted = run("provision", "--check", "-v")
    actual = run("provision", "-v")
    assert predicted.changed == actual.changed == 1
    assert predicted.actions() == actual.actions()
    assert {key for key, action in actual.actions().items() if action == "created"} == {
        f"Service {NAMESPACE}/{SERVICE}",
        f"Deployment {NAMESPACE}/docker-registry",
    }


def test_credentials_made_once_are_asked_for(kubectl: Kubectl, clients: Clients, address: str) -> None:
    variables = {"registry_auth": "htpasswd", "registry_health_round_trip": True}
    first = run("provision", "--diff", variables=variables)
    assert first.changed == 1
    password = kubectl.secret(NAMESPACE, "docker-registry-credentials", "password")
    assert password not in first.output
    assert clients.skopeo("inspect", f"docker://{address}/demo/greeting:1", check=False).returncode != 0
    user = kubectl.secret(NAMESPACE, "docker-registry-credentials", "username")
    known = ("inspect", f"--creds={user}:{password}", f"docker://{address}/demo/greeting:1")
    assert clients.skopeo(*known).returncode == 0
    assert run("provision", variables=variables).changed == 0
    assert kubectl.secret(NAMESPACE, "docker-registry-credentials", "password") == password
    assert run("provision").changed == 1
    assert clients.skopeo("inspect", f"docker://{address}/demo/greeting:1").returncode == 0


def test_unprovision_keeps_the_claim_and_provision_finds_the_image(
    kubectl: Kubectl, clients: Clients, address: str
) -> None:
    before = digest(clients, f"{address}/demo/greeting:1")
    taken_down = run("unprovision")
    assert taken_down.changed > 0
    assert "docker-registry-pvc" in taken_down.output
    assert kubectl.ours() == {
        f"Namespace /{NAMESPACE}",
        f"PersistentVolumeClaim {NAMESPACE}/docker-registry-pvc",
    }
    assert run("unprovision").changed == 0
    assert run("provision").changed == 1
    clients.trust(kubectl.secret(NAMESPACE, f"{NAMESPACE}-secret", "ca.crt"))
    assert digest(clients, f"{address}/demo/greeting:1") == before


def test_purge_says_what_it_deletes_and_deletes_it(kubectl: Kubectl, clients: Clients, address: str) -> None:
    purged = run("unprovision", variables={"unprovision_purge_data": True})
    assert purged.changed > 0
    assert "docker-registry-pvc" in purged.output
    assert kubectl.ours() == set()
    assert run("provision").changed == 1
    clients.trust(kubectl.secret(NAMESPACE, f"{NAMESPACE}-secret", "ca.crt"))
    gone = clients.skopeo("inspect", f"docker://{address}/demo/greeting:1", check=False)
    assert gone.returncode != 0
    assert "unknown" in gone.stderr or "not known" in gone.stderr
