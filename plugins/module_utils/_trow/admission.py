# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The webhook by which the API server asks Trow about pods, and the pods that answer it.

The registry itself speaks HTTP behind the ingress, and the API server only HTTPS, so the answers come from
pods of their own, which have neither images nor credentials.

Source: Kubernetes' API (ValidatingWebhookConfiguration v1) and "Admission Webhook Good Practices".
"""

from __future__ import annotations

import base64
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import (
    CERTIFICATE_FOLDER,
    CONFIGURATION_FOLDER,
    DATA_FOLDER,
    Start,
    arguments,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.configuration import Configuration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.manifests import (
    LABELS,
    RESTRICTED,
    pod_identity,
    probes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import Admission, Settings

WEBHOOK = "trow-webhook"
CERTIFICATE_SECRET = "trow-webhook-tls"
_PORT = 8443
_PORT_NAME = "https"
_PATH = "/validate-image"
_NAME_LABEL = "kubernetes.io/metadata.name"
_SELECTOR = {"app.kubernetes.io/name": "trow", "app.kubernetes.io/component": "webhook"}
_FOLLOWED = f"secret/{CERTIFICATE_SECRET},configmap/{WEBHOOK}"


def validator_name(namespace: str) -> str:
    """The name of the ValidatingWebhookConfiguration, which is in no namespace."""
    return f"trow-validator-{namespace}"


def admission_documents(settings: Settings, admission: Admission) -> list[dict[str, Any]]:
    """The ValidatingWebhookConfiguration.

    It is not asked for the namespaces that are needed to let it answer again.
    """
    service: dict[str, Any] = {"name": WEBHOOK, "namespace": settings.namespace, "path": _PATH, "port": 443}
    client: dict[str, Any] = {"service": service}
    metadata: dict[str, Any] = {"name": validator_name(settings.namespace), "labels": LABELS}
    if admission.ca_bundle:
        client["caBundle"] = base64.b64encode(admission.ca_bundle.encode("ascii")).decode("ascii")
    else:
        metadata["annotations"] = {"cert-manager.io/inject-ca-from": f"{settings.namespace}/{WEBHOOK}"}
    expressions = [{"key": _NAME_LABEL, "operator": "NotIn", "values": list(admission.exempt)}]
    if admission.only:
        expressions.append({"key": _NAME_LABEL, "operator": "In", "values": list(admission.only)})
    webhook = {
        "name": f"validate-image.{WEBHOOK}.{settings.namespace}",
        "admissionReviewVersions": ["v1"],
        "clientConfig": client,
        "failurePolicy": admission.failure_policy,
        "matchPolicy": "Equivalent",
        "namespaceSelector": {"matchExpressions": expressions},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["pods"],
                "scope": "Namespaced",
            }
        ],
        "sideEffects": "None",
        "timeoutSeconds": admission.timeout,
    }
    return [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": metadata,
            "webhooks": [webhook],
        }
    ]


def webhook_documents(settings: Settings, admission: Admission) -> list[dict[str, Any]]:
    """What answers: certificate, configuration, pods and Service."""
    files = Configuration(settings.configuration.validation).files(settings.version)
    metadata = {"name": WEBHOOK, "labels": LABELS}
    documents = [
        _certificate(settings),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": files},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {
                "selector": _SELECTOR,
                "ports": [{"name": _PORT_NAME, "port": 443, "protocol": "TCP", "targetPort": _PORT_NAME}],
            },
        },
        _deployment(settings, admission, tuple(files)),
    ]
    if admission.replicas > 1:
        spec = {"maxUnavailable": 1, "selector": {"matchLabels": _SELECTOR}}
        documents.append(
            {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}
        )
    return documents


def _certificate(settings: Settings) -> dict[str, Any]:
    service = f"{WEBHOOK}.{settings.namespace}"
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": WEBHOOK, "labels": LABELS},
        "spec": {
            "secretName": CERTIFICATE_SECRET,
            "dnsNames": [f"{service}.svc", service, WEBHOOK],
            # Trow reads it once, when it starts, so it has to last as long as the pods do.
            "duration": "87600h",
            "renewBefore": "8760h",
            # Trow reads no key in another form.
            "privateKey": {
                "algorithm": "ECDSA",
                "size": 256,
                "encoding": "PKCS8",
                "rotationPolicy": "Always",
            },
            "usages": ["digital signature", "server auth"],
            "issuerRef": {
                "name": settings.ingress.issuer_name,
                "kind": settings.ingress.issuer_kind,
                "group": "cert-manager.io",
            },
        },
    }


def _deployment(settings: Settings, admission: Admission, files: tuple[str, ...]) -> dict[str, Any]:
    start = Start(settings.host, _PORT, settings.pod.bind, configuration=files, tls=True)
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": _SELECTOR},
    }
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_identity(settings.version),
        "topologySpreadConstraints": [spread],
        "containers": [_container(settings, list(arguments(settings.version, start)))],
        "volumes": [
            {"name": "configuration", "configMap": {"name": WEBHOOK}},
            {"name": "certificate", "secret": {"secretName": CERTIFICATE_SECRET}},
            {"name": "data", "emptyDir": {}},
            {"name": "temporary", "emptyDir": {}},
        ],
    }
    if settings.image.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in settings.image.pull_secrets]
    if settings.pod.tolerations:
        pod["tolerations"] = list(settings.pod.tolerations)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": WEBHOOK,
            "labels": LABELS,
            "annotations": {"artifacts.clusterdepot.io/rollout-on": _FOLLOWED},
        },
        "spec": {
            "replicas": admission.replicas,
            "selector": {"matchLabels": _SELECTOR},
            "template": {"metadata": {"labels": {**_SELECTOR, **LABELS}}, "spec": pod},
        },
    }


def _container(settings: Settings, argv: list[str]) -> dict[str, Any]:
    return {
        "name": "webhook",
        "image": settings.image.reference,
        "imagePullPolicy": settings.image.pull_policy,
        "args": argv,
        "env": [{"name": "RUST_LOG", "value": settings.pod.log_level}],
        "ports": [{"name": _PORT_NAME, "containerPort": _PORT, "protocol": "TCP"}],
        **probes(_PORT_NAME, "HTTPS"),
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": RESTRICTED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "configuration", "mountPath": CONFIGURATION_FOLDER, "readOnly": True},
            {"name": "certificate", "mountPath": CERTIFICATE_FOLDER, "readOnly": True},
            {"name": "data", "mountPath": DATA_FOLDER},
            {"name": "temporary", "mountPath": "/tmp"},
        ],
    }
