# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares the ingress controller: its kinds, its class, Envoy's bootstrap, and Envoy's service."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import yaml

from devcluster.addresses import Addresses
from devcluster.api import Api
from devcluster.components import (
    API_PORT,
    ENVOY_BOOTSTRAP,
    INGRESS_CLASS,
    INGRESS_NAMESPACE,
    XDS_PORT,
)
from devcluster.errors import ClusterError
from devcluster.folders import Folders
from devcluster.settings import Settings
from devcluster.steps.objects import ESTABLISHED_SECONDS, Definition
from devcluster.steps.step import run

INGRESS_SERVICE = "envoy"
# Of the kinds that Contour knows, those that it will not start without.
KINDS = frozenset({"httpproxies", "tlscertificatedelegations"})
GROUP = "/apis/projectcontour.io/v1"
ADMIN_SOCKET = "/run/envoy-admin.sock"


def prepare(settings: Settings) -> None:
    """Applies all of it; raises ClusterError where the API server refuses."""
    api = Api.connect(settings.folders.pki, settings.addresses.node, API_PORT)
    for definition in crds(settings.folders):
        api.apply(definition)
    for definition in objects(settings.addresses):
        api.apply(definition)
    _write_bootstrap(settings.folders)
    _wait_for_kinds(api)


def crds(folders: Folders) -> Iterator[Definition]:
    """The definitions of KINDS, from the files that Contour's module brings."""
    for path in sorted((folders.share / "contour").glob("*.yaml")):
        # One document after another, since most of this long file is of kinds that are not needed.
        for document in path.read_text().split("\n---\n"):
            if any(f"  name: {kind}.projectcontour.io\n" in document for kind in KINDS):
                definition: Definition = yaml.load(document, Loader=yaml.CSafeLoader)
                definition.pop("status", None)
                yield definition


def objects(addresses: Addresses) -> Iterator[Definition]:
    """Envoy is a process of the node, so its service has no selector; its type is left to who uses it."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": INGRESS_NAMESPACE}}
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": INGRESS_CLASS},
        "spec": {"controller": "projectcontour.io/ingress-controller"},
    }
    metadata = {"name": INGRESS_SERVICE, "namespace": INGRESS_NAMESPACE}
    ports = [("http", 80), ("https", 443)]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"ports": [{"name": name, "protocol": "TCP", "port": port} for name, port in ports]},
    }
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata | {"labels": {"kubernetes.io/service-name": INGRESS_SERVICE}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [str(addresses.node)], "conditions": {"ready": True}}],
        "ports": [{"name": name, "protocol": "TCP", "port": port} for name, port in ports],
    }


def _write_bootstrap(folders: Folders) -> None:
    """Contour knows best what an Envoy has to know in order to ask it for the rest."""
    target = folders.state / "config" / ENVOY_BOOTSTRAP
    command = [
        str(folders.binaries / "contour"),
        "bootstrap",
        str(target),
        f"--admin-address={ADMIN_SOCKET}",
        "--xds-address=127.0.0.1",
        f"--xds-port={XDS_PORT}",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ClusterError(f"contour bootstrap: {done.stderr.strip()}")


def _wait_for_kinds(api: Api) -> None:
    """A kind is served a moment after its CRD was stored; Contour, started too early, gives up."""
    deadline = time.monotonic() + ESTABLISHED_SECONDS
    while not _served(api) >= KINDS:
        if time.monotonic() > deadline:
            raise ClusterError(f"{GROUP} is not served after {ESTABLISHED_SECONDS:.0f} s")
        time.sleep(0.1)


def _served(api: Api) -> set[str]:
    try:
        return {resource["name"] for resource in api.get(GROUP)["resources"]}
    except ClusterError as error:
        if ": 404 " in str(error):
            return set()
        raise


if __name__ == "__main__":
    run(prepare)
