# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for cert-manager and the kubelet, which need nodes: writes the status that they would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import (
    Connection,
    open_connection,
)
from tests.faults.kube_apply.control_plane import ControlPlane
from tests.faults.kube_apply.objects import Object, secret
from tests.faults.kube_apply.pretended_nodes import MERGE, write_status

SECONDS = 20


class Controllers:
    """Writes to status subresources."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self.client: KubeClient = connect(str(control_plane.kubeconfig), None)
        self._connection: Connection = open_connection(str(control_plane.kubeconfig), None)

    def set_status(self, path: str, status: Mapping[str, Any]) -> None:
        """Merge into the status of the object at a path."""
        answer = write_status(self._connection, path, status, MERGE)
        assert answer.status == 200, answer.body

    def make_ready(self, namespace: str, plural: str, name: str, generation: int = 1) -> None:
        """Report an object of cert-manager as ready."""
        ready = {"type": "Ready", "status": "True", "observedGeneration": generation}
        self.set_status(
            f"/apis/cert-manager.io/v1/namespaces/{namespace}/{plural}/{name}", {"conditions": [ready]}
        )

    def issue(self, namespace: str, name: str, content: str) -> None:
        """Wait for a Certificate, write its Secret, then report it as ready."""
        found = self.wait_for(lambda: self.client.get("cert-manager.io/v1", "Certificate", namespace, name))
        made = secret(namespace, name, {})
        made.pop("stringData")
        made["data"] = {"tls.crt": content}
        self.client.apply(made, field_manager="cert-manager")
        self.make_ready(namespace, "certificates", name, found["metadata"]["generation"])

    def fail_pod(self, namespace: str, waiting: Mapping[str, str]) -> None:
        """Wait for a pod and report its container as waiting."""
        pod = self.wait_for(lambda: next(iter(self.client.list("v1", "Pod", namespace)), None))
        status = {"name": "main", "image": "example/none:1", "imageID": "", "ready": False, "restartCount": 0}
        self.set_status(
            f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}",
            {"phase": "Pending", "containerStatuses": [{**status, "state": {"waiting": dict(waiting)}}]},
        )

    def run_pods(self, namespace: str) -> None:
        """Wait for a pod and report it as ready."""
        pod = self.wait_for(lambda: next(iter(self.client.list("v1", "Pod", namespace)), None))
        conditions = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
        self.set_status(
            f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}",
            {"phase": "Running", "conditions": conditions},
        )

    @staticmethod
    def wait_for(look: Callable[[], Object | None]) -> Object:
        """Give the first thing that a look finds."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError("waited in vain")


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something beside the block, and fail where it failed."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except (AssertionError, RuntimeError) as error:
            errors.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not errors, errors
