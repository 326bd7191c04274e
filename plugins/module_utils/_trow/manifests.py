# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the tree that are the same for every cluster: the base, and the overlay of an ingress.

Sources: Kubernetes' API, its "Pod Security Standards" (profile restricted), and kustomize's reference; of its
fields only those that are not deprecated are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import (
    DATA_FOLDER,
    Start,
    arguments,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import NGINX, Ingress
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import Version

STATEFUL_SET = "trow-set"
SERVICE = "trow-svc"
INGRESS = "trow-ingress"
ACCOUNT = "trow"
CONTAINER = "trow"
PORT = 8000
PORT_NAME = "http"
DATA_VOLUME = "data"
BASE = "base"

API = "kustomize.config.k8s.io/v1beta1"
LABELS = {"app.kubernetes.io/managed-by": "clusterdepot.artifacts"}
SELECTOR = {"app.kubernetes.io/name": "trow", "app.kubernetes.io/component": "registry"}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# The overlay of the cluster has the real one.
_NO_HOST = "registry.invalid"
_NGINX = "nginx.ingress.kubernetes.io"


def kustomization(resources: list[str], **more: Any) -> dict[str, Any]:
    """A kustomization.yaml."""
    return {"apiVersion": API, "kind": "Kustomization", "resources": resources, **more}


def pod_identity(version: Version) -> dict[str, Any]:
    """The security context of a pod, with user and group of the version's image."""
    uid = version.line.uid
    return {
        "runAsNonRoot": True,
        "runAsUser": uid,
        "runAsGroup": uid,
        "fsGroup": uid,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def probes(port: str, scheme: str = "HTTP") -> dict[str, Any]:
    """Trow's own answers: /healthz that it runs, /readiness that it can write."""

    def probe(path: str, **numbers: int) -> dict[str, Any]:
        return {"httpGet": {"path": path, "port": port, "scheme": scheme}, "timeoutSeconds": 5, **numbers}

    return {
        "startupProbe": probe("/healthz", periodSeconds=1, failureThreshold=120),
        "readinessProbe": probe("/readiness", periodSeconds=5, failureThreshold=2),
        "livenessProbe": probe("/healthz", periodSeconds=15, failureThreshold=8),
    }


def base_files(version: Version) -> dict[str, Mapping[str, Any]]:
    """The base; everything of it that differs between clusters is patched by their overlays.

    :param version: the one that the base has where no overlay says otherwise
    """
    names = ["service-account.yaml", "service.yaml", "stateful-set.yaml"]
    labels = [{"pairs": LABELS, "includeSelectors": False, "includeTemplates": True}]
    return {
        f"{BASE}/kustomization.yaml": kustomization(names, labels=labels),
        f"{BASE}/service-account.yaml": {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT},
            "automountServiceAccountToken": False,
        },
        f"{BASE}/service.yaml": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE},
            "spec": {
                "selector": SELECTOR,
                "ports": [{"name": PORT_NAME, "port": PORT, "protocol": "TCP", "targetPort": PORT_NAME}],
            },
        },
        f"{BASE}/stateful-set.yaml": _stateful_set(version),
    }


def _stateful_set(version: Version) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": STATEFUL_SET},
        "spec": {
            # Two would write to one database.
            "replicas": 1,
            "serviceName": SERVICE,
            # With the default a pod that cannot start is never replaced, not even by a template that could.
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": SELECTOR},
            "template": {
                "metadata": {"labels": SELECTOR},
                "spec": {
                    "serviceAccountName": ACCOUNT,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    # Trow lets requests end for 30 seconds.
                    "terminationGracePeriodSeconds": 35,
                    "securityContext": pod_identity(version),
                    "containers": [_container(version)],
                    "volumes": [
                        {"name": DATA_VOLUME, "persistentVolumeClaim": {"claimName": "trow-data"}},
                        {"name": "temporary", "emptyDir": {}},
                    ],
                },
            },
        },
    }


def _container(version: Version) -> dict[str, Any]:
    return {
        "name": CONTAINER,
        "image": version.image,
        "args": list(arguments(version, Start(_NO_HOST, PORT))),
        "env": [{"name": "RUST_LOG", "value": "info"}],
        "ports": [{"name": PORT_NAME, "containerPort": PORT, "protocol": "TCP"}],
        **probes(PORT_NAME),
        "securityContext": RESTRICTED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": DATA_VOLUME, "mountPath": DATA_FOLDER},
            {"name": "temporary", "mountPath": "/tmp"},
        ],
    }


def ingress_folder(ingress: Ingress) -> str:
    """The folder of the overlay for an ingress class."""
    return f"overlays/cert-manager-{ingress.class_name}"


def ingress_files(ingress: Ingress) -> dict[str, Mapping[str, Any]]:
    """The overlay that adds an Ingress with a certificate to the base."""
    folder = ingress_folder(ingress)
    return {
        f"{folder}/kustomization.yaml": kustomization([f"../../{BASE}", "ingress.yaml"]),
        f"{folder}/ingress.yaml": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": INGRESS, "labels": LABELS},
            "spec": {"ingressClassName": ingress.class_name, **ingress_rules(_NO_HOST, "trow-registry-tls")},
        },
    }


def ingress_rules(host: str, secret: str) -> dict[str, Any]:
    """The rules of an Ingress: a patch replaces them as a whole."""
    backend = {"service": {"name": SERVICE, "port": {"name": PORT_NAME}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "rules": [{"host": host, "http": {"paths": [path]}}],
        "tls": [{"hosts": [host], "secretName": secret}],
    }


def ingress_annotations(ingress: Ingress) -> dict[str, str]:
    """The annotations, the user's own last: layers are large, and take long."""
    issuer = "cluster-issuer" if ingress.issuer_kind == "ClusterIssuer" else "issuer"
    found = {f"cert-manager.io/{issuer}": ingress.issuer_name}
    if ingress.controller == NGINX:
        found[f"{_NGINX}/proxy-body-size"] = "0"
        found[f"{_NGINX}/proxy-read-timeout"] = str(ingress.timeout)
        found[f"{_NGINX}/proxy-send-timeout"] = str(ingress.timeout)
    return {**found, **ingress.annotations}
