# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The volume of the images, and how it comes to belong to the user that Trow runs as."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import DATA_FOLDER
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.manifests import (
    DATA_VOLUME,
    LABELS,
    RESTRICTED,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import (
    HOST_PATH,
    Settings,
    Storage,
)

# What has it says with which version its data was written.
VERSION_ANNOTATION = "artifacts.clusterdepot.io/trow-version"
OWNER_CONTAINER = "owner"
# Folders of a node's own: not to be given away, nor is anything below those of the first pattern.
_WITH_ALL_BELOW = re.compile(
    r"/(?:bin|boot|dev|etc|lib(?:32|64|x32|exec)?|proc|run|sbin|sys|usr|var/run|var/lib/(?:containerd|etcd|kubelet))(?:/|\Z)"
)
_THEMSELVES = frozenset(
    ("/", "/home", "/opt", "/root", "/tmp", "/var", "/var/cache", "/var/lib", "/var/log", "/var/tmp")
)
# Of the value of a label.
_LONGEST_NODE = 63


def storage_faults(storage: Storage) -> tuple[Fault, ...]:
    """What no folder of a node may be, because it is given to Trow's user with everything in it."""
    if storage.kind != HOST_PATH:
        return ()
    faults = [
        Fault(
            f"hostpath_nodes[{number}]",
            f"{shown(node)} is longer than the value of the label kubernetes.io/hostname can be; allowed: at "
            f"most {_LONGEST_NODE} characters",
        )
        for number, node in enumerate(storage.nodes)
        if len(node) > _LONGEST_NODE
    ]
    # A path may begin with two slashes.
    folder = posixpath.normpath(f"/{storage.path.strip('/')}")
    if folder in _THEMSELVES or _WITH_ALL_BELOW.match(folder):
        faults.append(
            Fault(
                "hostpath_path",
                f"{shown(storage.path)} is a folder of the node's own, and would be given to Trow's user "
                "with all that is in it; allowed: a folder for the images alone, such as /data or "
                "/var/lib/trow",
            )
        )
    return tuple(faults)


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
