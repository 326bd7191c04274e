# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was once done by hand, in the order of its life: written, applied, pushed to, pulled from."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.outside.clients import Clients
from tests.outside.node import Node
from tests.outside.trow import FOLDER, HOST, LABEL, NAMESPACE, TEXT, Trow

IMAGE = f"{HOST}/python"
USER = "trow"


def test_check_mode_foretells_and_writes_nothing(purged: Trow) -> None:
    foretold = purged.run("--check", "-v")
    assert foretold.changed > 0
    assert foretold.actions()[f"StatefulSet {NAMESPACE}/trow-set"] == "created"
    assert not purged.is_there()
    assert purged.files() == {}


def test_the_whole_tree_is_written_and_applied(place: Trow) -> None:
    done = place.run()
    assert done.changed > 0
    assert f"https://{HOST}" in done.output
    assert {path.split("/")[0] for path in place.files()} == {"base", "overlays"}
    assert place.stateful_set()["status"]["readyReplicas"] == 1
    assert {item["spec"].get("ingressClassName") for item in place.get("ingresses")["items"]} == {"contour"}


def test_a_second_run_changes_nothing_and_check_mode_knows_it(place: Trow) -> None:
    before = place.state()
    assert place.run("--check").changed == 0
    assert place.run().changed == 0
    assert place.state() == before


def test_the_tree_is_one_that_kubectl_applies_as_well(place: Trow) -> None:
    before = place.state()
    # Whose field it is, is another question than whether it is one.
    how = ("--server-side", "--force-conflicts", "--dry-run=server")
    told = place.kubectl("apply", "-k", str(place.overlay), *how).splitlines()
    assert "statefulset.apps/trow-set serverside-applied (server dry run)" in told
    assert len(told) == len(place.built())
    assert place.state() == before


def test_the_volume_is_bound_by_name_and_belongs_to_trows_user(place: Trow, node: Node) -> None:
    claim = place.get("persistentvolumeclaim", "trow-data")
    assert (claim["status"]["phase"], claim["spec"]["volumeName"]) == ("Bound", "trow-tests-data")
    volume = place.kubectl.get("persistentvolume", "trow-tests-data")["spec"]
    assert volume["hostPath"]["path"] == FOLDER
    assert volume["capacity"] == {"storage": "10Gi"}
    assert volume["persistentVolumeReclaimPolicy"] == "Retain"
    assert node.run("stat", "-c", "%u:%g", FOLDER, f"{FOLDER}/trow.db").split() == ["2000:2000"] * 2


def test_the_pod_is_restricted_and_only_its_init_container_is_root(place: Trow) -> None:
    spec = place.pod()["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsUser"] == 2000
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    (owner,) = spec["initContainers"]
    assert owner["securityContext"]["capabilities"] == {"add": ["CHOWN"], "drop": ["ALL"]}
    assert spec["automountServiceAccountToken"] is False
    assert spec["nodeSelector"] == {LABEL: "here"}


def test_no_password_is_in_the_tree_or_in_an_argument(place: Trow) -> None:
    password = place.password()
    assert len(password) >= 16
    assert not [path for path, text in place.files().items() if password in text]
    assert password not in json.dumps(place.pod()["spec"])
    pull = json.loads(place.kubectl.secret(NAMESPACE, "trow-cred", ".dockerconfigjson"))
    auth = base64.b64decode(pull["auths"][HOST]["auth"]).decode()
    assert auth == f"{USER}:{password}"


def test_the_ingress_has_a_certificate_of_the_private_ca(
    place: Trow, clients: Clients, facts: dict[str, Any]
) -> None:
    context = ssl.create_default_context(cafile=str(clients.certificates / "ca.crt"))
    with (
        socket.create_connection((facts["node_address"], 443), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as secured,
    ):
        served = secured.getpeercert(binary_form=True)
    assert served
    stored = place.kubectl.secret(NAMESPACE, "trow-registry-tls", "tls.crt").encode()
    assert x509.load_der_x509_certificate(served) == x509.load_pem_x509_certificate(stored)
    certificate = x509.load_pem_x509_certificate((clients.certificates / "ca.crt").read_bytes())
    x509.load_pem_x509_certificate(stored).verify_directly_issued_by(certificate)


def test_the_service_of_the_ingress_controller_has_the_address(place: Trow, facts: dict[str, Any]) -> None:
    namespace, _, name = facts["ingress_service"].partition("/")
    spec = place.kubectl.get("service", "-n", namespace, name)["spec"]
    assert spec["externalIPs"] == [facts["node_address"]]
    assert [port["port"] for port in spec["ports"]] == [80, 443]


@pytest.mark.parametrize("password", ["", "wrong"])
def test_without_the_password_there_is_no_way_in(clients: Clients, tmp_path: Path, password: str) -> None:
    authfile = f"--authfile={tmp_path}/auth.json"
    refused = clients.podman(
        "login",
        authfile,
        f"--cert-dir={clients.certificates}",
        f"--username={USER}",
        f"--password={password}.",
        HOST,
        check=False,
    )
    assert refused.returncode != 0
    assert clients.skopeo("list-tags", f"docker://{IMAGE}", check=False).returncode != 0


def test_a_client_that_does_not_know_the_ca_is_refused(clients: Clients) -> None:
    refused = clients.run("skopeo", "inspect", f"docker://{IMAGE}:latest", check=False)
    assert refused.returncode != 0
    assert "certificate" in refused.stderr


def test_podman_logs_in_pushes_deletes_and_pulls(
    place: Trow, clients: Clients, login: Path, layout: str
) -> None:
    """The test that ends the notes, with another image."""
    trusted = f"--cert-dir={clients.certificates}"
    authfile = f"--authfile={login}"
    secret = f"--password={place.password()}"
    clients.podman("login", authfile, trusted, f"--username={USER}", secret, HOST)
    identity = clients.podman("pull", "--quiet", layout).stdout.split()[-1]
    clients.podman("tag", identity, f"{IMAGE}:latest")
    clients.podman("push", authfile, trusted, f"{IMAGE}:latest")
    clients.podman("rmi", "--force", identity)
    assert clients.podman("images", "--quiet").stdout.split() == []
    clients.podman("pull", "--quiet", authfile, trusted, IMAGE)
    found = clients.podman("images", "--no-trunc", "--format={{.Repository}} {{.ID}}").stdout.split()
    assert found == [IMAGE, f"sha256:{identity.removeprefix('sha256:')}"]


def test_skopeo_copies_and_deletes(clients: Clients, login: Path, layout: str, tmp_path: Path) -> None:
    image = f"docker://{HOST}/by/skopeo:1"
    clients.skopeo("copy", f"--dest-authfile={login}", layout, image)
    digest = clients.skopeo("inspect", f"--authfile={login}", "--format={{.Digest}}", image).stdout.strip()
    back = ("copy", f"--src-cert-dir={clients.certificates}", f"--src-authfile={login}")
    clients.run("skopeo", *back, image, f"oci:{tmp_path}/back:1")
    index = json.loads((tmp_path / "back" / "index.json").read_text())
    assert [one["digest"] for one in index["manifests"]] == [digest]
    clients.skopeo("delete", f"--authfile={login}", image)
    assert clients.skopeo("inspect", f"--authfile={login}", image, check=False).returncode != 0


def test_where_no_node_fits_the_reason_is_told(place: Trow) -> None:
    refused = place.run(node_selector={LABEL: "elsewhere"}, plane_wait_timeout=45)
    assert refused.code != 0
    assert "node" in refused.output
    assert "affinity/selector" in refused.output or "FailedScheduling" in refused.output
    mended = place.run()
    assert mended.changed > 0


def test_affinity_is_honoured(place: Trow) -> None:
    expression = {"key": LABEL, "operator": "In", "values": ["here"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    changed = place.run(affinity=affinity, node_selector={})
    assert changed.changed > 0
    spec = place.pod()["spec"]
    assert spec["affinity"] == affinity
    assert "nodeSelector" not in spec
    assert place.run().changed > 0


def test_the_image_says_what_it_prints(place: Trow, clients: Clients, login: Path, tmp_path: Path) -> None:
    """All those restarts have lost nothing."""
    source = ("copy", f"--src-cert-dir={clients.certificates}", f"--src-authfile={login}")
    clients.run("skopeo", *source, f"docker://{IMAGE}:latest", f"oci:{tmp_path}/kept:1")
    configs = [path.read_text(errors="replace") for path in (tmp_path / "kept/blobs/sha256").iterdir()]
    assert any(TEXT in text for text in configs)
    assert place.stateful_set()["status"]["readyReplicas"] == 1
