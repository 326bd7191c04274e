# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taken down, the images and all that is needed to find them stay; asked for by name, all goes."""

from __future__ import annotations

from tests.outside.clients import Clients
from tests.outside.node import Node
from tests.outside.trow import FOLDER, HOST, NAMESPACE, Trow

IMAGE = f"{HOST}/demo/kept:1"


def credentials(registry: Trow) -> str:
    return f"trow:{registry.password()}"


def digest(registry: Trow, clients: Clients) -> str:
    told = clients.skopeo(
        "inspect", f"--creds={credentials(registry)}", "--format={{.Digest}}", f"docker://{IMAGE}"
    )
    return told.stdout.strip()


def test_images_outlive_a_removal(registry: Trow, clients: Clients, layout: str) -> None:
    clients.skopeo("copy", f"--dest-creds={credentials(registry)}", layout, f"docker://{IMAGE}")
    before, password, files = digest(registry, clients), registry.password(), registry.files()
    foretold = registry.remove("--check")
    assert foretold.changed > 0
    assert digest(registry, clients) == before
    removed = registry.remove()
    assert removed.changed > 0
    assert f"{NAMESPACE}/trow-data" in removed.output
    left = registry.get("statefulsets,services,ingresses,certificates,configmaps,serviceaccounts")["items"]
    own = {item["metadata"]["name"] for item in left} - {"kube-root-ca.crt", "default", "of-the-user"}
    assert own == set()
    secrets = {item["metadata"]["name"] for item in registry.get("secrets")["items"]}
    assert not secrets & {"trow-cred", "trow-registry-tls", "trow-webhook-tls"}
    assert "trow-pass" in secrets
    assert registry.get("persistentvolumeclaim", "trow-data")["status"]["phase"] == "Bound"
    assert registry.files() == files
    service = registry.kubectl.get("service", "-n", "projectcontour", "envoy")["spec"]
    assert "externalIPs" not in service
    assert len(service["ports"]) == 2
    assert registry.remove().changed == 0
    again = registry.run()
    assert again.changed > 0
    assert registry.password() == password
    assert digest(registry, clients) == before


def test_images_outlive_a_namespace_that_was_deleted_by_hand(registry: Trow, clients: Clients) -> None:
    before = digest(registry, clients)
    registry.kubectl("delete", "namespace", NAMESPACE, "--wait=true")
    volume = registry.kubectl.get("persistentvolume", "trow-tests-data")
    assert volume["status"]["phase"] == "Released"
    again = registry.run()
    assert again.code == 0, again.output
    assert digest(registry, clients) == before
    assert registry.run().changed == 0


def test_purging_leaves_the_tree_and_the_folder_of_the_node(registry: Trow, node: Node) -> None:
    files = registry.files()
    purged = registry.remove(purge_data=True)
    assert purged.changed > 0
    assert not registry.is_there()
    volume = registry.kubectl("get", "persistentvolume", "trow-tests-data", "--ignore-not-found")
    issuer = registry.kubectl("get", "clusterissuer", "trow-tests-issuer", "--ignore-not-found")
    secret = registry.kubectl("get", "secret", "-n", "cert-manager", "trow-tests-ca", "--ignore-not-found")
    assert (volume, issuer, secret) == ("", "", "")
    assert registry.files() == files
    assert node.run("ls", FOLDER) != ""
    assert {one for one in registry.kubectl.ours() if NAMESPACE in one} == set()
    assert registry.remove(purge_data=True).changed == 0


def test_a_generated_ca_and_a_volume_of_a_class_are_kept(purged: Trow) -> None:
    other = purged.with_variables(ca="generated", storage="class", storage_size="64Mi")
    first = other.run(health_enabled=False)
    assert first.code == 0, first.output
    assert other.run(health_enabled=False).changed == 0
    spec = other.pod()["spec"]
    assert "initContainers" not in spec
    labels = other.kubectl.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    authority = other.kubectl.secret("cert-manager", "trow-tests-ca", "tls.crt")
    assert other.kubectl.secret(NAMESPACE, "trow-registry-tls", "ca.crt") == authority
    removed = other.remove()
    assert removed.code == 0, removed.output
    again = other.run(health_enabled=False)
    assert again.code == 0, again.output
    assert other.kubectl.secret("cert-manager", "trow-tests-ca", "tls.crt") == authority
    gone = other.remove(purge_data=True)
    assert gone.code == 0, gone.output
