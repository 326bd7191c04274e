# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlay of one cluster: host, arguments, placement and volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.admission import (
    admission_documents,
    webhook_documents,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import (
    CONFIGURATION_FOLDER,
    PASSWORD_FILE,
    Start,
    arguments,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.manifests import (
    CONTAINER,
    DATA_VOLUME,
    INGRESS,
    LABELS,
    PORT,
    STATEFUL_SET,
    ingress_annotations,
    ingress_folder,
    ingress_rules,
    kustomization,
    pod_identity,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import HOST_PATH, Settings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.storage import (
    VERSION_ANNOTATION,
    claim,
    owner_container,
    persistent_volume,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.tree import KUSTOMIZATION, Content
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.yaml_writer import (
    yaml_documents,
    yaml_text,
)

CONFIGURATION = "trow-config"
NAMESPACE_FILE = "trow-namespace.yaml"
ROLLOUT_ON = "artifacts.clusterdepot.io/rollout-on"
_PASSWORD_VOLUME = "password"
_CONFIGURATION_VOLUME = "configuration"
# No namespace can have this name.
_NO_NAMESPACE = "NOT-NAMED"
# Kubernetes' own kinds that have a namespace, and those of cert-manager that a tree of ours has.
_NAMESPACED = (
    "Certificate",
    "ConfigMap",
    "ControllerRevision",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "EndpointSlice",
    "Endpoints",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Issuer",
    "Job",
    "Lease",
    "LimitRange",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
)


def overlay_folder(settings: Settings) -> str:
    """The folder of the cluster's overlay."""
    return f"overlays/{settings.overlay_name}"


def overlay_files(settings: Settings) -> dict[str, Content]:
    """The overlay; its kustomization is a mapping, since the user's own files are added to it."""
    patches: dict[str, Mapping[str, Any]] = {
        "patch-ingress-host.yaml": _ingress_patch(settings),
        "patch-trow-arg.yaml": _pod_patch(_arguments_part(settings), _annotations(settings)),
    }
    placement = _placement_part(settings)
    if placement:
        patches["patch-placement.yaml"] = _pod_patch(placement)
    resources: dict[str, str] = {"pvc-data-trow.yaml": yaml_text(claim(settings))}
    if settings.storage.kind == HOST_PATH:
        resources["pv-data-trow.yaml"] = yaml_text(persistent_volume(settings))
        patches["patch-owner.yaml"] = _pod_patch({"initContainers": [owner_container(settings)]})
    files = settings.configuration.files(settings.version)
    if files and not settings.configuration.is_secret():
        resources["config-map.yaml"] = yaml_text(_configuration(settings, "ConfigMap", "data", files))
    if settings.admission is not None:
        resources["webhook.yaml"] = yaml_documents(webhook_documents(settings, settings.admission))
        resources["validate.yaml"] = yaml_documents(admission_documents(settings, settings.admission))
    folder = overlay_folder(settings)
    ingress = f"../{ingress_folder(settings.ingress).rpartition('/')[2]}"
    whole = kustomization(
        [ingress, *sorted(resources)],
        transformers=[NAMESPACE_FILE],
        patches=[{"path": name} for name in sorted(patches)],
    )
    own = {name: yaml_text(patch) for name, patch in patches.items()} | resources
    own[NAMESPACE_FILE] = yaml_documents(_namespace_documents(settings.namespace))
    return {f"{folder}/{KUSTOMIZATION}": whole, **{f"{folder}/{name}": own[name] for name in sorted(own)}}


def _namespace_documents(namespace: str) -> list[dict[str, Any]]:
    """What gives the namespace to the objects that name none, and leaves the user's own alone otherwise.

    kustomize's field ``namespace`` would take objects out of other namespaces, and put those of cluster-wide
    kinds that it does not know into one. Transformers run after the patches, so these find what they change
    with or without.
    """

    def named(name: str, operation: dict[str, str], **target: str) -> dict[str, Any]:
        return {
            "apiVersion": "builtin",
            "kind": "PatchTransformer",
            "metadata": {"name": name},
            "target": {**target, "namespace": _NO_NAMESPACE},
            "patch": f"- {yaml_text(operation)}".replace("\n", "\n  ").rstrip(" "),
        }

    path = {"path": "/metadata/namespace"}
    return [
        {
            "apiVersion": "builtin",
            "kind": "NamespaceTransformer",
            "metadata": {"name": "mark-what-names-none", "namespace": _NO_NAMESPACE},
            "unsetOnly": True,
            "setRoleBindingSubjects": "none",
        },
        named(
            "name-it",
            {"op": "replace", **path, "value": namespace},
            kind=f"({'|'.join(_NAMESPACED)})",
        ),
        # A kind that is not known here may be one without a namespace.
        named("leave-the-others-as-they-were", {"op": "remove", **path}),
    ]


def configuration_secret(settings: Settings) -> dict[str, Any] | None:
    """The Secret with the configuration, where that has passwords and so cannot be in the tree."""
    files = settings.configuration.files(settings.version)
    if not files or not settings.configuration.is_secret():
        return None
    secret = _configuration(settings, "Secret", "stringData", files)
    secret["metadata"]["namespace"] = settings.namespace
    return {**secret, "type": "Opaque"}


def _configuration(settings: Settings, kind: str, key: str, files: Mapping[str, str]) -> dict[str, Any]:
    labels = {**LABELS, "app.kubernetes.io/version": str(settings.version)}
    metadata: dict[str, Any] = {"name": CONFIGURATION, "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, key: dict(files)}


def _ingress_patch(settings: Settings) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": INGRESS, "annotations": ingress_annotations(settings.ingress)},
        "spec": ingress_rules(settings.host, settings.ingress.tls_secret),
    }


def _pod_patch(pod: Mapping[str, Any], annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": STATEFUL_SET}
    if annotations:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata,
        "spec": {"template": {"spec": pod}},
    }


def _annotations(settings: Settings) -> dict[str, str]:
    kind = "secret" if settings.configuration.is_secret() else "configmap"
    followed = [f"secret/{settings.login.secret}"] if settings.login.user else []
    if settings.configuration.files(settings.version):
        followed.append(f"{kind}/{CONFIGURATION}")
    annotations = {VERSION_ANNOTATION: str(settings.version)}
    return {ROLLOUT_ON: ",".join(followed), **annotations} if followed else annotations


def _arguments_part(settings: Settings) -> dict[str, Any]:
    image = settings.image
    volumes: list[dict[str, Any]] = [
        {"name": DATA_VOLUME, "persistentVolumeClaim": {"claimName": settings.storage.claim}}
    ]
    mounts: list[dict[str, Any]] = []
    if settings.login.user:
        items = [{"key": settings.login.key, "path": PASSWORD_FILE.rpartition("/")[2]}]
        secret = {"secretName": settings.login.secret, "items": items}
        volumes.append({"name": _PASSWORD_VOLUME, "secret": secret})
        mounts.append(_mount(_PASSWORD_VOLUME, PASSWORD_FILE.rpartition("/")[0]))
    files = tuple(settings.configuration.files(settings.version))
    if files:
        source = {"secret": {"secretName": CONFIGURATION}}
        plain = {"configMap": {"name": CONFIGURATION}}
        volumes.append(
            {"name": _CONFIGURATION_VOLUME, **(source if settings.configuration.is_secret() else plain)}
        )
        mounts.append(_mount(_CONFIGURATION_VOLUME, CONFIGURATION_FOLDER))
    start = Start(settings.host, PORT, settings.pod.bind, settings.login.user, files)
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": image.reference,
        "imagePullPolicy": image.pull_policy,
        "args": list(arguments(settings.version, start)),
        "env": [{"name": "RUST_LOG", "value": settings.pod.log_level}],
        "resources": settings.pod.resources,
    }
    if mounts:
        container["volumeMounts"] = mounts
    part: dict[str, Any] = {"securityContext": pod_identity(settings.version)}
    if image.pull_secrets:
        part["imagePullSecrets"] = [{"name": name} for name in image.pull_secrets]
    return {**part, "containers": [container], "volumes": volumes}


def _mount(volume: str, folder: str) -> dict[str, Any]:
    return {"name": volume, "mountPath": folder, "readOnly": True}


def _placement_part(settings: Settings) -> dict[str, Any]:
    pod = settings.pod
    part: dict[str, Any] = {"nodeSelector": pod.node_selector, "affinity": pod.affinity}
    part["tolerations"] = list(pod.tolerations)
    return {key: value for key, value in part.items() if value}
