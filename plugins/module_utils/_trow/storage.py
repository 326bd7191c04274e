# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The volume of the images, and how it comes to belong to the user that Trow runs as."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import DATA_FOLDER
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.manifests import (
    DATA_VOLUME,
    LABELS,
    RESTRICTED,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import HOST_PATH, Settings

# What has it says with which version its data was written.
VERSION_ANNOTATION = "artifacts.clusterdepot.io/trow-version"
OWNER_CONTAINER = "owner"


def persistent_volume(settings: Settings) -> dict[str, Any]:
    """A folder of nodes, kept whatever happens to the claim, and for that claim alone."""
    storage = settings.storage
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": settings.namespace,
        "name": storage.claim,
    }
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": storage.size},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "claimRef": claim,
        "hostPath": {"path": storage.path, "type": "DirectoryOrCreate"},
    }
    if storage.nodes:
        expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": list(storage.nodes)}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": storage.volume, "labels": {"app": "trow", **LABELS}},
        "spec": spec,
    }


def claim(settings: Settings) -> dict[str, Any]:
    """The claim of the images."""
    storage = settings.storage
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage.size}},
    }
    if storage.kind == HOST_PATH:
        spec |= {"storageClassName": "", "volumeName": storage.volume}
    elif storage.class_name:
        spec["storageClassName"] = storage.class_name
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": storage.claim,
            "labels": LABELS,
            "annotations": {VERSION_ANNOTATION: str(settings.version)},
        },
        "spec": spec,
    }


def owner_container(settings: Settings) -> dict[str, Any]:
    """Gives a folder of a node to Trow's user, which the kubelet does not do there.

    It is the one container that is root. Only what has another owner is touched, so that nothing is left
    undone where it was ended half-way.
    """
    uid = settings.version.line.uid
    found = (
        rf"find {DATA_FOLDER} -path {DATA_FOLDER}/lost+found -prune -o \( ! -user {uid} -o ! -group {uid} \)"
    )
    return {
        "name": OWNER_CONTAINER,
        "image": settings.storage.owner_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", rf"{found} -exec chown -h {uid}:{uid} {{}} +"],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            **RESTRICTED,
            "runAsNonRoot": False,
            "runAsUser": 0,
            "runAsGroup": 0,
            "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": DATA_VOLUME, "mountPath": DATA_FOLDER}],
    }
