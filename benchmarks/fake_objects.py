# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes and pods that nobody runs, as kubelet, scheduler and DaemonSet controller would write them.

Pure. The forms are those of Kubernetes 1.36; that of a container's status is by the kubelet's source
(pkg/kubelet/kubelet_pods.go).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]

# Every fifth node is of another architecture.
ARM_EVERY = 5
MANAGED_BY_KWOK = {"kwok.x-k8s.io/node": "fake"}
PULL_FAILED = "ImagePullBackOff"
UNSCHEDULABLE = "Unschedulable"
_TIME = "2026-01-01T00:00:00Z"
_RESOURCES = {"cpu": "32", "memory": "256Gi", "pods": "110", "ephemeral-storage": "500Gi"}
_TAG = re.compile(r":[^:/]*$")
# What the DaemonSet controller adds to its pods, by Kubernetes' documentation.
_TOLERATED = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


@dataclass(frozen=True)
class Trouble:
    """What is not well, by names of nodes; the sets of nodes have nothing in common.

    On `failing_nodes` the `failing_images` cannot be pulled, and the others of the same pod run. On
    `pulling_nodes` no container has begun, and the pods of `unscheduled_nodes` are on no node yet.
    """

    failing_nodes: frozenset[str] = frozenset()
    failing_images: frozenset[str] = frozenset()
    pulling_nodes: frozenset[str] = frozenset()
    unscheduled_nodes: frozenset[str] = frozenset()

    def counts(self, nodes: int, images: int) -> dict[str, int]:
        """Pairs of node and image by state, where every node is to have every image."""
        failed = len(self.failing_nodes) * len(self.failing_images)
        pulling = len(self.pulling_nodes) * images
        unscheduled = len(self.unscheduled_nodes) * images
        cached = nodes * images - failed - pulling - unscheduled
        return {"cached": cached, "failed": failed, "pulling": pulling, "unscheduled": unscheduled}


HEALTHY = Trouble()


def node_name(number: int) -> str:
    """The name of a node, from 0 on."""
    return f"node-{number:05}"


def node(number: int) -> Object:
    """A node that is ready; all are managed by kwok, where that runs."""
    name = node_name(number)
    architecture = "arm64" if number % ARM_EVERY == ARM_EVERY - 1 else "amd64"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": MANAGED_BY_KWOK},
        "status": {
            "capacity": _RESOURCES,
            "allocatable": _RESOURCES,
            "addresses": [{"type": "Hostname", "address": name}],
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "message": "kubelet is posting ready status",
                    "lastHeartbeatTime": _TIME,
                    "lastTransitionTime": _TIME,
                }
            ],
            "nodeInfo": _node_info(architecture),
        },
    }


def pod(daemonset: Mapping[str, Any], node: str, trouble: Trouble = HEALTHY) -> Object:
    """The pod of a DaemonSet, as it was stored, for a node."""
    template, metadata = daemonset["spec"]["template"], daemonset["metadata"]
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    spec = {
        **template["spec"],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        "tolerations": [
            *template["spec"].get("tolerations", ()),
            *(
                {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
                for key, effect in _TOLERATED
            ),
        ],
    }
    if node not in trouble.unscheduled_nodes:
        spec["nodeName"] = node
    owner = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{metadata['name']}-{_hash(metadata['name'], node)[:10]}",
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"]
            | {"controller-revision-hash": _hash(metadata["name"])[:10], "pod-template-generation": "1"},
            "ownerReferences": [owner],
        },
        "spec": spec,
    }


def pod_status(spec: Mapping[str, Any], node: str, trouble: Trouble = HEALTHY) -> Object:
    """The status of a pod for a node: containers run, or whatever the trouble is."""
    if node in trouble.unscheduled_nodes:
        waiting = {
            **_condition("PodScheduled", holds=False),
            "reason": UNSCHEDULABLE,
            "message": "0/1 nodes are available: 1 Insufficient memory.",
        }
        return {"phase": "Pending", "conditions": [waiting]}
    begun = node not in trouble.pulling_nodes
    failing = trouble.failing_images if node in trouble.failing_nodes else frozenset()
    user = {name: spec.get("securityContext", {}).get(f"runAs{name}", 0) for name in ("User", "Group")}
    where = _OnNode(node, user["User"], user["Group"])
    initializers = spec.get("initContainers", ())
    reason = "PodInitializing" if initializers else "ContainerCreating"
    containers = [
        _container(entry, where, failing) if begun else _waiting(entry, reason, "")
        for entry in spec["containers"]
    ]
    running = all(entry["ready"] for entry in containers)
    address = _address(node)
    return {
        "phase": "Running" if running else "Pending",
        "observedGeneration": 1,
        "startTime": _TIME,
        "hostIP": address,
        "hostIPs": [{"ip": address}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [
            _condition("PodScheduled", holds=True),
            _condition("PodReadyToStartContainers", holds=begun),
            _condition("Initialized", holds=begun),
            _condition("ContainersReady", holds=running),
            _condition("Ready", holds=running),
        ],
        "containerStatuses": containers,
        "initContainerStatuses": [
            _ended(entry, where) if begun else _waiting(entry, reason, "") for entry in initializers
        ],
    }


def daemonset_status(daemonset: Mapping[str, Any], nodes: int, running: int) -> Object:
    """What the controller counts for a DaemonSet that has a pod for each of so many nodes."""
    counts = {
        "observedGeneration": daemonset["metadata"]["generation"],
        "desiredNumberScheduled": nodes,
        "currentNumberScheduled": nodes,
        "updatedNumberScheduled": nodes,
        "numberMisscheduled": 0,
        "numberReady": running,
    }
    # The counts that may be left out are left out where they are 0.
    optional = {"numberAvailable": running, "numberUnavailable": nodes - running}
    return counts | {name: count for name, count in optional.items() if count}


def image_id(image: str) -> str:
    """What a kubelet tells for an image; without a digest of its own it has the hash of its reference.

    kwok computes the same, see fake_stages.
    """
    name, _, digest = image.partition("@")
    return f"{_TAG.sub('', name)}@{digest or f'sha256:{_hash(image)}'}"


@dataclass(frozen=True)
class _OnNode:
    """A pod that is on a node; ``user`` and ``group`` are what its containers run as."""

    node: str
    user: int
    group: int

    def container_id(self, name: str) -> str:
        return f"containerd://{_hash(self.node, name)}"


def _container(entry: Mapping[str, Any], where: _OnNode, failing: frozenset[str]) -> Object:
    if entry["image"] in failing:
        message = f'Back-off pulling image "{entry["image"]}": ErrImagePull: {entry["image"]}: not found'
        return _waiting(entry, PULL_FAILED, message)
    return _started(entry, where, {"running": {"startedAt": _TIME}})


def _ended(entry: Mapping[str, Any], where: _OnNode) -> Object:
    times = {"startedAt": _TIME, "finishedAt": _TIME}
    container = where.container_id(entry["name"])
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "containerID": container, **times}}
    return _started(entry, where, state)


def _started(entry: Mapping[str, Any], where: _OnNode, state: Object) -> Object:
    resources = entry.get("resources", {})
    return _status(entry, image_id(entry["image"]), state, ready=True) | {
        "containerID": where.container_id(entry["name"]),
        "allocatedResources": resources.get("requests", {}),
        "resources": resources,
        "user": {"linux": {"uid": where.user, "gid": where.group, "supplementalGroups": [where.group]}},
    }


def _waiting(entry: Mapping[str, Any], reason: str, message: str) -> Object:
    waiting = {"reason": reason, "message": message} if message else {"reason": reason}
    return _status(entry, "", {"waiting": waiting}, ready=False)


def _status(entry: Mapping[str, Any], identity: str, state: Object, *, ready: bool) -> Object:
    return {
        "name": entry["name"],
        "image": entry["image"],
        "imageID": identity,
        "ready": ready,
        "started": "running" in state,
        "restartCount": 0,
        "lastState": {},
        "state": state,
        "volumeMounts": [
            {"name": mount["name"], "mountPath": mount["mountPath"]}
            | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else {})
            for mount in entry.get("volumeMounts", ())
        ],
    }


def _condition(kind: str, *, holds: bool) -> Object:
    return {
        "type": kind,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "observedGeneration": 1,
        "lastTransitionTime": _TIME,
    }


def _node_info(architecture: str) -> Object:
    unknown = ("bootID", "kernelVersion", "kubeProxyVersion", "machineID", "osImage", "systemUUID")
    return dict.fromkeys(unknown, "") | {
        "architecture": architecture,
        "operatingSystem": "linux",
        "kubeletVersion": "v1.36.3",
        "containerRuntimeVersion": "containerd://2.1.4",
    }


def _address(name: str) -> str:
    """An address of the range for benchmarks (RFC 2544); nothing is ever sent there."""
    octets = hashlib.sha256(name.encode()).digest()
    return f"198.18.{octets[0]}.{octets[1]}"


def _hash(*texts: str) -> str:
    return hashlib.sha256(" ".join(texts).encode()).hexdigest()
