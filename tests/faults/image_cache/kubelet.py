# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for nodes and their kubelets, which need a machine: writes the statuses that they would."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from devcluster.control_plane import ControlPlane
from tests.faults.kube_apply.pretended_nodes import PretendedNodes, again_and_again

ABLE: Mapping[str, Any] = {"phase": "Succeeded"}
# Tells nothing at all, as a kubelet that has stopped.
SILENT: Mapping[str, Any] = {}
# A controller that was refused pods waits twice as long before each further try.
_SECONDS = 90.0
_LOOK_SECONDS = 0.2


def waiting(reason: str, message: str) -> Mapping[str, Any]:
    """The status of a canary whose container waits."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"phase": "Pending", "containerStatuses": [_container("canary", "", state)]}


def _container(name: str, image: str, state: Mapping[str, Any]) -> dict[str, Any]:
    ready = "running" in state
    return {"name": name, "image": "x", "imageID": image, "ready": ready, "restartCount": 0, "state": state}


class Kubelets(PretendedNodes):
    """The kubelets of all nodes: pods run at once, except that canaries get the status that a test says.

    :ivar canaries_seen: the nodes on which there were canaries while it ran last
    """

    def __init__(self, control_plane: ControlPlane) -> None:
        super().__init__(control_plane)
        self._canaries: Mapping[str, Any] = SILENT
        self.canaries_seen: set[str] = set()

    def add_node(self, name: str, *, taint: str = "", operating_system: str = "linux") -> None:
        """Register a ready node; those with a taint have another runtime than those without."""
        self.register(
            name,
            operating_system=operating_system,
            runtime="containerd://1.7" if taint else "containerd://2.3",
            taints=[{"key": taint, "effect": "NoSchedule"}] if taint else [],
        )

    @contextmanager
    def running(self, namespace: str, canaries: Mapping[str, Any]) -> Iterator[None]:
        """Run beside the block; ``canaries`` is the status of every canary."""
        self._canaries = canaries
        self.canaries_seen = set()

        def attend_all() -> None:
            for pod in self.client.list("v1", "Pod", namespace):
                self._attend(namespace, pod)

        with again_and_again(attend_all, _LOOK_SECONDS):
            yield

    def _attend(self, namespace: str, pod: Mapping[str, Any]) -> None:
        metadata, spec = pod["metadata"], pod["spec"]
        path = f"/api/v1/namespaces/{namespace}/pods/{metadata['name']}"
        is_canary = metadata["labels"]["app.kubernetes.io/name"] == "image-cache-canary"
        if not spec.get("nodeName"):
            return
        if is_canary:
            self.canaries_seen.add(spec["nodeName"])
        if metadata.get("deletionTimestamp"):
            self.end_pod(path)
        elif is_canary:
            self.set_status(path, self._canaries)
        elif pod["status"].get("phase") != "Running":
            state = {"running": {"startedAt": metadata["creationTimestamp"]}}
            statuses = [_container(entry["name"], "x", state) for entry in spec["containers"]]
            conditions = [{"type": "Ready", "status": "True"}]
            status = {"phase": "Running", "containerStatuses": statuses, "conditions": conditions}
            self.set_status(path, status)

    def await_ready(self, namespace: str, count: int) -> None:
        """Wait until so many pods are ready."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            pods = self.client.list("v1", "Pod", namespace, field_selector="status.phase=Running")
            if len(pods) == count:
                return
            time.sleep(_LOOK_SECONDS)
        raise AssertionError("waited in vain")
