# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that the tests apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]
PREFIX = "artifacts.clusterdepot.io/"


def custom_resource(group: str, version: str, kind: str, plural: str, *, namespaced: bool = True) -> Object:
    """Give a definition without a schema: names, scope and status subresource are the real one's."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": schema,
                    "subresources": {"status": {}},
                }
            ],
        },
    }


CUSTOM_RESOURCES = (
    custom_resource("cert-manager.io", "v1", "Certificate", "certificates"),
    custom_resource("cert-manager.io", "v1", "CertificateRequest", "certificaterequests"),
    custom_resource("cert-manager.io", "v1", "Issuer", "issuers"),
    custom_resource("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers", namespaced=False),
    custom_resource("metallb.io", "v1beta1", "IPAddressPool", "ipaddresspools"),
)
STORAGE_CLASS: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "local-path"},
    "provisioner": "tests.example/none",
    "volumeBindingMode": "WaitForFirstConsumer",
}


def config_map(namespace: str, name: str, data: Mapping[str, str], **late: str) -> Object:
    """Give a ConfigMap; further keywords are late values, with underscores for dashes."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(namespace, name, late),
        "data": dict(data),
    }


def secret(namespace: str, name: str, data: Mapping[str, str], **late: str) -> Object:
    """Give a Secret of plain texts."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(namespace, name, late),
        "stringData": dict(data),
    }


def claim(
    namespace: str, name: str, *, size: str = "1Gi", storage_class: str | None = "local-path"
) -> Object:
    """Give a claim of access mode ReadWriteOnce."""
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(namespace, name, {}),
        "spec": spec,
    }


def deployment(
    namespace: str, name: str, *, replicas: int = 1, claims: Sequence[str] = (), **late: str
) -> Object:
    """Give a Deployment of one container."""
    volumes = [{"name": claimed, "persistentVolumeClaim": {"claimName": claimed}} for claimed in claims]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(namespace, name, late),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "example/none:1"}], "volumes": volumes},
            },
        },
    }


def balancer(namespace: str, name: str, address: str, **annotations: str) -> Object:
    """Give a Service of type LoadBalancer that asks for an address."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name, "annotations": dict(annotations)},
        "spec": {
            "type": "LoadBalancer",
            "loadBalancerIP": address,
            "selector": {"app": name},
            "ports": [{"name": "https", "port": 443}],
        },
    }


def certificate(namespace: str, name: str, issuer: str, **spec: str) -> Object:
    """Give a Certificate of a namespaced issuer; its Secret has its name."""
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": _metadata(namespace, name, {}),
        "spec": {"secretName": name, "issuerRef": {"name": issuer, "kind": "Issuer"}, **spec},
    }


def issuer(namespace: str, name: str) -> Object:
    """Give an issuer; nothing makes it ready but a test."""
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Issuer",
        "metadata": _metadata(namespace, name, {}),
        "spec": {"selfSigned": {}},
    }


def ingress(namespace: str, name: str, issuer: str) -> Object:
    """Give an Ingress for whose Secret, of the same name, cert-manager is asked."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "namespace": namespace,
            "name": name,
            "annotations": {"cert-manager.io/issuer": issuer},
        },
        "spec": {
            "tls": [{"hosts": ["registry.example.com"], "secretName": name}],
            "defaultBackend": {"service": {"name": name, "port": {"number": 80}}},
        },
    }


def _metadata(namespace: str, name: str, late: Mapping[str, str]) -> Object:
    annotations = {PREFIX + key.replace("_", "-"): value for key, value in late.items()}
    return {"namespace": namespace, "name": name, **({"annotations": annotations} if annotations else {})}
