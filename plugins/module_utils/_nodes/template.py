# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of actions and of package servers: their containers, volumes and place.

Sources: Kubernetes' API (PodSpec) and its documentation of sidecar containers; the documentation of the
webhooks of Azure Workload Identity and of Amazon EKS (annotations ``skip-containers``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import Toleration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import Configuration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.containers import (
    CA_VOLUME,
    RESULT,
    RESULT_VOLUME,
    SCRIPT_VOLUME,
    SCRIPTS_VOLUME,
    SERVER,
    SHARED_VOLUME,
    SOURCE_VOLUME,
    STAGE_VOLUME,
    VARIABLES_VOLUME,
    Serving,
    action_container,
    as_sidecar,
    catalogue_container,
    health_probe,
    result_container,
    server_container,
    storage_container,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import ACTION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    HASH_ANNOTATION,
    NODE_ACTION,
    PACKAGE_SERVER,
    RUN,
    PodSettings,
    labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    CA_KEY,
    WORKLOAD,
    Storage,
)

# More than the scripts need to end by themselves.
_MORE_GRACE = 15
_SERVER_GRACE = 10
_READ_BY_ROOT = 0o400


def once_template(
    action: Action, storage: Storage | None, settings: PodSettings, configuration: Configuration
) -> dict[str, Any]:
    """The pod that runs an action and ends with it: labels, annotations and specification."""
    initial = []
    if storage is not None:
        serving = Serving(storage, settings, configuration, action.packages)
        initial = _serving_containers(serving)
    container = action_container(action, settings, configuration, serves=storage is not None, records=False)
    spec = {
        **_action_pod(storage, settings, configuration),
        "restartPolicy": "Never",
        "initContainers": initial,
        "containers": [container],
    }
    return {"metadata": _action_metadata(action, storage), "spec": spec}


def staying_template(
    action: Action, storage: Storage | None, settings: PodSettings, configuration: Configuration
) -> dict[str, Any]:
    """The pod that runs an action, then gives up all it has, and stays."""
    initial = []
    if storage is not None:
        serving = Serving(storage, settings, configuration, action.packages, records=True)
        initial = _serving_containers(serving)
    container = action_container(action, settings, configuration, serves=storage is not None, records=True)
    spec = _action_pod(storage, settings, configuration)
    spec["volumes"].append(_empty(RESULT_VOLUME))
    spec["initContainers"] = [*initial, container]
    spec["containers"] = [result_container(settings)]
    return {"metadata": _action_metadata(action, storage), "spec": spec}


def server_template(
    name: str, storage: Storage, settings: PodSettings, configuration: Configuration
) -> dict[str, Any]:
    """The pod of a package server that stays; it has no rights on the node but its loopback."""
    serving = Serving(storage, settings, configuration)
    server = {**server_container(serving), "readinessProbe": health_probe(settings)}
    spec = {
        **_pod(storage, settings, configuration),
        "terminationGracePeriodSeconds": _SERVER_GRACE,
        "initContainers": [catalogue_container(serving)],
        "containers": [storage_container(serving), server],
    }
    return {"metadata": _metadata(PACKAGE_SERVER, name, storage, {}), "spec": spec}


def _serving_containers(serving: Serving) -> list[dict[str, Any]]:
    return [
        catalogue_container(serving),
        as_sidecar(storage_container(serving)),
        as_sidecar(server_container(serving)),
    ]


def _action_pod(
    storage: Storage | None, settings: PodSettings, configuration: Configuration
) -> dict[str, Any]:
    spec = _pod(storage, settings, configuration)
    spec["hostPID"] = True
    spec["terminationGracePeriodSeconds"] = settings.grace + _MORE_GRACE
    spec["volumes"].append({"name": SCRIPT_VOLUME, "configMap": {"name": configuration.script}})
    if configuration.variables:
        secret = {"secretName": configuration.variables, "defaultMode": _READ_BY_ROOT}
        spec["volumes"].append({"name": VARIABLES_VOLUME, "secret": secret})
    return spec


def _pod(storage: Storage | None, settings: PodSettings, configuration: Configuration) -> dict[str, Any]:
    """What all pods have; without containers."""
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "nodeSelector": {**dict(settings.selection.selector), "kubernetes.io/os": "linux"},
        "volumes": [{"name": SCRIPTS_VOLUME, "configMap": {"name": configuration.scripts}}],
    }
    if storage is not None:
        # So that the node's loopback is the pod's. A storage may be a Service of the cluster all the same.
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
        spec["volumes"] += [_empty(SHARED_VOLUME), _empty(STAGE_VOLUME), *_volumes_of(storage)]
    if settings.selection.tolerations:
        spec["tolerations"] = [written(one) for one in settings.selection.tolerations]
    if settings.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in dict.fromkeys(settings.image_pull_secrets)]
    if settings.priority_class:
        spec["priorityClassName"] = settings.priority_class
    if settings.service_account:
        spec["serviceAccountName"] = settings.service_account
    return spec


def written(toleration: Toleration) -> dict[str, str]:
    """The toleration as a pod has it."""
    pairs = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
    }
    return {key: value for key, value in pairs.items() if value}


def _volumes_of(storage: Storage) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = []
    if storage.ca_secret:
        secret = {"secretName": storage.ca_secret, "items": [{"key": CA_KEY, "path": CA_KEY}]}
        volumes.append({"name": CA_VOLUME, "secret": secret})
    if storage.host_path:
        # A folder that is missing is told; some runtimes would make it.
        folder = {"path": storage.host_path, "type": "Directory"}
        volumes.append({"name": SOURCE_VOLUME, "hostPath": folder})
    return volumes


def _empty(volume: str) -> dict[str, Any]:
    return {"name": volume, "emptyDir": {}}


def _action_metadata(action: Action, storage: Storage | None) -> dict[str, Any]:
    return _metadata(NODE_ACTION, action.name, storage, {HASH_ANNOTATION: action.content_hash})


def _metadata(
    kind: str, instance: str, storage: Storage | None, annotations: Mapping[str, str]
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": labels(kind, instance, RUN)}
    found = dict(annotations)
    if storage is not None and storage.identity == WORKLOAD:
        # The webhooks give a token to the others.
        without = (SERVER, ACTION, RESULT)
        found["azure.workload.identity/skip-containers"] = ";".join(without)
        found["eks.amazonaws.com/skip-containers"] = ",".join(without)
        metadata["labels"]["azure.workload.identity/use"] = "true"
    if found:
        metadata["annotations"] = found
    return metadata
