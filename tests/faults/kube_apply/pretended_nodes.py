# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes without machines: registered, and with the statuses that a kubelet would write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import (
    Answer,
    Connection,
    open_connection,
)
from devcluster.control_plane import ControlPlane

# Merges lists whose entries have a key; the API server does not offer it for custom resources.
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
_CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "110", "ephemeral-storage": "100Gi"}
# The API server wants them all, whatever they are.
_UNTOLD = dict.fromkeys(("bootID", "kernelVersion", "systemUUID", "kubeProxyVersion"), "")


def write_status(
    connection: Connection, path: str, status: Mapping[str, Any], how: str = STRATEGIC
) -> Answer:
    """Write the status of the object at a path; gives the answer, whatever it is.

    :param how: the media type of the patch, STRATEGIC or MERGE
    """
    return connection.exchange("PATCH", f"{path}/status", body={"status": status}, content_type=how)


class PretendedNodes:
    """Writes what kubelets would of their nodes and pods.

    :ivar client: one with the rights of the control plane's first user
    """

    def __init__(self, control_plane: ControlPlane) -> None:
        self.client: KubeClient = connect(str(control_plane.kubeconfig), None)
        self._connection: Connection = open_connection(str(control_plane.kubeconfig), None)

    def set_status(self, path: str, status: Mapping[str, Any]) -> None:
        """Write the status of the object at a path, where there is one."""
        write_status(self._connection, path, status)

    def end_pod(self, path: str) -> None:
        """Take a pod away that is being deleted, as once its containers have ended."""
        self._connection.exchange("DELETE", path, query={"gracePeriodSeconds": "0"})

    def register(
        self,
        name: str,
        *,
        operating_system: str = "linux",
        runtime: str = "containerd://2.3",
        image: str = "",
        machine: str = "",
        taints: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """Register a ready node that is not cordoned, or make one that is there so.

        :param image: the name of its operating system's release
        :param machine: what its machine-id is
        """
        labels = {
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": operating_system,
        }
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
        self.client.apply(node, field_manager="kubelet")
        told = {
            "kubeletVersion": "v1.36.3",
            "containerRuntimeVersion": runtime,
            "operatingSystem": operating_system,
            "architecture": "amd64",
            "osImage": image,
            "machineID": machine,
        }
        status = {
            "allocatable": _CAPACITY,
            "capacity": _CAPACITY,
            "nodeInfo": {**_UNTOLD, **told},
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        self.set_status(f"/api/v1/nodes/{name}", status)
        # The node lifecycle controller would take the first taint away; it does not run here.
        spec = {"taints": list(taints) or None, "unschedulable": None}
        self.client.merge("v1", "Node", None, name, {"spec": spec})


@contextmanager
def again_and_again(
    work: Callable[[], None], seconds: float, *, passed_over: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Work beside the block, with pauses of so many seconds; an error that is not passed over ends it."""
    ends = threading.Event()

    def repeat() -> None:
        while not ends.wait(seconds):
            with suppress(*passed_over):
                work()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
