# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for nodes and their kubelets, which need a machine: writes the statuses that they would."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import (
    Connection,
    open_connection,
)
from devcluster.control_plane import ControlPlane

ABLE: Mapping[str, Any] = {"phase": "Succeeded"}
# Tells nothing at all, as a kubelet that has stopped.
SILENT: Mapping[str, Any] = {}
# A controller that was refused pods waits twice as long before each further try.
_SECONDS = 90.0
_CAPACITY = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"}


def waiting(reason: str, message: str) -> Mapping[str, Any]:
    """The status of a canary whose container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [_container("canary", "", state)]}


def _container(name: str, image: str, state: Mapping[str, Any]) -> dict[str, Any]:
    ready = "running" in state
    return {"name": name, "image": "x", "imageID": image, "ready": ready, "restartCount": 0, "state": state}


class Kubelets:
    """The kubelets of all nodes: pods run at once, except that canaries get the status that a test says.

    :ivar canaries_seen: the nodes on which there were canaries while it ran last
    """

    def __init__(self, control_plane: ControlPlane) -> None:
        self._client: KubeClient = connect(str(control_plane.kubeconfig), None)
        self._connection: Connection = open_connection(str(control_plane.kubeconfig), None)
        self._canaries: Mapping[str, Any] = SILENT
        self.canaries_seen: set[str] = set()

    def _set_status(self, path: str, status: Mapping[str, Any]) -> None:
        self._connection.exchange(
            "PATCH",
            f"{path}/status",
            body={"status": status},
            content_type="application/strategic-merge-patch+json",
        )

    def add_node(self, name: str, *, taint: str = "", operating_system: str = "linux") -> None:
        """Register a ready node; those with a taint have another runtime than those without."""
        taints = [{"key": taint, "effect": "NoSchedule"}] if taint else []
        labels = {"kubernetes.io/os": operating_system, "kubernetes.io/arch": "amd64"}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
        self._client.apply(node, field_manager="kubelet")
        info = dict.fromkeys(("bootID", "kernelVersion", "machineID", "osImage", "systemUUID"), "")
        versions = {
            "kubeletVersion": "v1.36.3",
            "containerRuntimeVersion": "containerd://1.7" if taint else "containerd://2.3",
            "kubeProxyVersion": "",
            "operatingSystem": operating_system,
            "architecture": "amd64",
        }
        status = {
            "allocatable": _CAPACITY,
            "capacity": _CAPACITY,
            "nodeInfo": {**info, **versions},
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        self._set_status(f"/api/v1/nodes/{name}", status)
        # Nodes begin with a taint that the node lifecycle controller would take away; it does not run here.
        self._client.patch("v1", "Node", None, name, [{"op": "add", "path": "/spec/taints", "value": taints}])

    @contextmanager
    def running(self, namespace: str, canaries: Mapping[str, Any]) -> Iterator[None]:
        """Run beside the block; ``canaries`` is the status of every canary."""
        self._canaries = canaries
        self.canaries_seen = set()
        ends = threading.Event()

        def work() -> None:
            while not ends.wait(0.2):
                for pod in self._client.list("v1", "Pod", namespace):
                    self._attend(namespace, pod)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()

    def _attend(self, namespace: str, pod: Mapping[str, Any]) -> None:
        metadata, spec = pod["metadata"], pod["spec"]
        path = f"/api/v1/namespaces/{namespace}/pods/{metadata['name']}"
        is_canary = metadata["labels"]["app.kubernetes.io/name"] == "image-cache-canary"
        if not spec.get("nodeName"):
            return
        if is_canary:
            self.canaries_seen.add(spec["nodeName"])
        if metadata.get("deletionTimestamp"):
            self._connection.exchange("DELETE", path, query={"gracePeriodSeconds": "0"})
        elif is_canary:
            self._set_status(path, self._canaries)
        elif pod["status"].get("phase") != "Running":
            state = {"running": {"startedAt": metadata["creationTimestamp"]}}
            statuses = [_container(entry["name"], "x", state) for entry in spec["containers"]]
            conditions = [{"type": "Ready", "status": "True"}]
            status = {"phase": "Running", "containerStatuses": statuses, "conditions": conditions}
            self._set_status(path, status)

    def await_ready(self, namespace: str, count: int) -> None:
        """Wait until so many pods are ready."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            pods = self._client.list("v1", "Pod", namespace, field_selector="status.phase=Running")
            if len(pods) == count:
                return
            time.sleep(0.2)
        raise AssertionError("waited in vain")
