# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies what the cluster's own parts need: CRDs, DNS service, storage class, issuer, address pool."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from devcluster.addresses import Addresses
from devcluster.api import Api
from devcluster.components import API_PORT, LOAD_BALANCER_NAMESPACE, STORAGE_NAMESPACE
from devcluster.errors import ClusterError
from devcluster.folders import Folders
from devcluster.settings import Settings
from devcluster.steps.step import run

ISSUER_NAME = "embedded-ca"
ISSUER_NAMESPACE = "cert-manager"
POOL_NAME = "default-pool"
STORAGE_CLASS = "local-path"
ESTABLISHED_SECONDS = 20.0

Definition = dict[str, Any]


def apply_all(settings: Settings) -> None:
    """Applies all, custom resources last."""
    api = Api.connect(settings.folders.pki, settings.addresses.node, API_PORT)
    for definition in _crds(settings.folders):
        api.apply(definition)
    for namespace in (ISSUER_NAMESPACE, LOAD_BALANCER_NAMESPACE, STORAGE_NAMESPACE):
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for definition in (*_dns(settings.addresses), *_storage()):
        api.apply(definition)
    for definition in (*_issuer(settings.folders.pki), _pool(settings.addresses)):
        _apply_once_known(api, definition)


def _apply_once_known(api: Api, definition: Definition) -> None:
    """A kind is served a moment after its CRD was stored; until then the answer is 404."""
    deadline = time.monotonic() + ESTABLISHED_SECONDS
    while True:
        try:
            return api.apply(definition)
        except ClusterError as error:
            if ": 404 " not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def _crds(folders: Folders) -> Iterator[Definition]:
    for part in ("cert-manager", "metallb"):
        for path in sorted((folders.share / part).glob("*.yaml")):
            for definition in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
                if definition:
                    # The files' own status would be refused by server-side apply.
                    definition.pop("status", None)
                    yield definition


def _dns(addresses: Addresses) -> Iterator[Definition]:
    """CoreDNS is a process of the node, so its service has no selector and its endpoint is written here."""
    metadata = {"name": "kube-dns", "namespace": "kube-system"}
    ports = [("dns", "UDP"), ("dns-tcp", "TCP")]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "clusterIP": str(addresses.dns_service),
            "ports": [{"name": name, "protocol": protocol, "port": 53} for name, protocol in ports],
        },
    }
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": metadata | {"labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [str(addresses.resolver)], "conditions": {"ready": True}}],
        "ports": [{"name": name, "protocol": protocol, "port": 53} for name, protocol in ports],
    }


def _storage() -> Iterator[Definition]:
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "rancher.io/local-path",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
    }
    # The provisioner runs these in a helper pod; a volume's user is not known here, hence the mode.
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "local-path-config", "namespace": STORAGE_NAMESPACE},
        "data": {
            "setup": '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
            "teardown": '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        },
    }


def _issuer(pki: Path) -> Iterator[Definition]:
    yield {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": ISSUER_NAME, "namespace": ISSUER_NAMESPACE},
        "type": "kubernetes.io/tls",
        "data": {
            f"tls.{suffix}": base64.b64encode((pki / f"issuer.{suffix}").read_bytes()).decode()
            for suffix in ("crt", "key")
        },
    }
    yield {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": ISSUER_NAME},
        "spec": {"ca": {"secretName": ISSUER_NAME}},
    }


def _pool(addresses: Addresses) -> Definition:
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": {"name": POOL_NAME, "namespace": LOAD_BALANCER_NAMESPACE},
        "spec": {"addresses": [str(addresses.pool)], "avoidBuggyIPs": True},
    }


if __name__ == "__main__":
    run(apply_all)
