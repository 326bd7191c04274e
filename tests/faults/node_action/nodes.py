# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for nodes and their kubelets, which need a machine: writes the statuses that they would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeError
from devcluster.control_plane import ControlPlane
from tests.faults.kube_apply.pretended_nodes import PretendedNodes, again_and_again

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Script:
    """What the script does on a node.

    :ivar seconds: how long it runs; below zero: for ever
    :ivar waits: why its container cannot be started; empty where it can
    """

    code: int = 0
    changed: bool = True
    seconds: float = 0.2
    output: str = ""
    waits: str = ""


DONE = Script()
# An image that no registry has.
MISSPELT = "registry.example.com/misspelt:1"
HANGS = Script(seconds=-1)
Behaviour = Callable[[str], Script]


class Nodes(PretendedNodes):
    """All nodes; while ``running``, pods of actions do what ``behaviour`` says for their node.

    :ivar started: the nodes on which a script was started, in order
    :ivar most_jobs: the largest number of Jobs that were seen at one time
    :ivar cordoned_at_start: whether the node was cordoned when its script was started
    """

    def __init__(self, control_plane: ControlPlane) -> None:
        super().__init__(control_plane)
        self.behaviour: Behaviour = lambda _node: DONE
        self.started: list[str] = []
        self.cordoned_at_start: dict[str, bool] = {}
        self.most_jobs = 0
        self._since: dict[str, float] = {}

    def add(self, *names: str, machine: str = "machine-1", image: str = "Ubuntu 24.04.1 LTS") -> None:
        """Register ready nodes, without taints and with no action done."""
        for name in names:
            self.register(name, image=image, machine=machine)

    def silence(self, name: str) -> None:
        """As the node lifecycle controller notes it, once the kubelet has not told anything for a while."""
        told = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
        status = {"conditions": [{"type": "Ready", "status": "Unknown", **told}]}
        self.set_status(f"/api/v1/nodes/{name}", status)

    def remove_all(self) -> None:
        """Delete all nodes, and the DaemonSets that would have pods on the next ones."""
        for made in self.client.list("apps/v1", "DaemonSet"):
            metadata = made["metadata"]
            self.client.delete("apps/v1", "DaemonSet", metadata["namespace"], metadata["name"])
        for node in self.client.list("v1", "Node"):
            self.client.delete("v1", "Node", None, node["metadata"]["name"])

    def read(self, name: str) -> dict[str, Any]:
        """The node as it is now."""
        found = self.client.get("v1", "Node", None, name)
        assert found is not None
        return found

    def record(self, name: str, action: str) -> Mapping[str, Any] | None:
        """What the node's annotation tells of the action."""
        annotations = self.read(name)["metadata"].get("annotations", {})
        written = annotations.get(f"actions.clusterdepot.io/{action}")
        return None if written is None else json.loads(written)

    @contextmanager
    def running(self, behaviour: Behaviour | None = None) -> Iterator[None]:
        """Kubelets run beside the block."""
        self.behaviour = behaviour or (lambda _node: DONE)
        self.started, self.cordoned_at_start, self.most_jobs, self._since = [], {}, 0, {}
        # A test may have ended the API server, or deleted what is looked at.
        with again_and_again(self._attend_all, _LOOK_SECONDS, passed_over=(KubeError,)):
            yield

    def _attend_all(self) -> None:
        jobs = self.client.list("batch/v1", "Job")
        self.most_jobs = max(self.most_jobs, len(jobs))
        for pod in self.client.list("v1", "Pod"):
            self._attend(pod)

    def _attend(self, pod: Mapping[str, Any]) -> None:
        metadata, node = pod["metadata"], pod["spec"].get("nodeName")
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if metadata.get("deletionTimestamp"):
            self.end_pod(path)
            return
        labels = metadata.get("labels", {})
        if not node or labels.get("app.kubernetes.io/name") != "node-action" or _has_ended(pod):
            return
        if self.client.get("v1", "Node", None, node) is None:
            return
        if metadata["uid"] not in self._since:
            self._since[metadata["uid"]] = time.monotonic()
            self.started.append(node)
            self.cordoned_at_start[node] = bool(self.read(node)["spec"].get("unschedulable"))
        image = pod["spec"]["containers"][0]["image"]
        script = Script(waits="ImagePullBackOff") if image == MISSPELT else self.behaviour(node)
        ran = time.monotonic() - self._since[metadata["uid"]]
        over = not script.waits and 0 <= script.seconds <= ran
        content = metadata["annotations"]["actions.clusterdepot.io/content-hash"]
        in_daemonset = metadata["ownerReferences"][0]["kind"] == "DaemonSet"
        self.set_status(path, _status(script, content, over=over, in_daemonset=in_daemonset))


def _has_ended(pod: Mapping[str, Any]) -> bool:
    """Whether its script has; the pod of a DaemonSet stays."""
    status = pod["status"]
    every = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return any("terminated" in entry["state"] for entry in every)


def _status(script: Script, content: str, *, over: bool, in_daemonset: bool) -> dict[str, Any]:
    """The status that a kubelet writes of a pod whose container ``action`` is so far."""
    if script.waits:
        state: dict[str, Any] = {"waiting": {"reason": script.waits, "message": "it cannot be started"}}
    elif not over:
        state = {"running": {"startedAt": "2026-11-21T09:00:00Z"}}
    else:
        told = {
            "hash": content,
            "code": script.code,
            "changed": script.changed,
            "seconds": script.seconds,
            "reason": "",
            "output": script.output,
        }
        ended = {"exitCode": 0 if in_daemonset else script.code, "reason": "Completed"}
        times = {"startedAt": "2026-11-21T09:00:00Z", "finishedAt": "2026-11-21T09:00:01Z"}
        state = {"terminated": {**ended, **times, "message": json.dumps(told)}}
    kept = {"name": "action", "image": "x", "imageID": "x", "restartCount": 0}
    status = {**kept, "ready": "running" in state, "state": state}
    if in_daemonset:
        ready = "True" if over and script.code == 0 else "False"
        phase = "Running" if over else "Pending"
        conditions = [{"type": "Ready", "status": ready}]
        return {"phase": phase, "initContainerStatuses": [status], "conditions": conditions}
    phase = ("Failed" if script.code else "Succeeded") if over else "Pending" if script.waits else "Running"
    return {"phase": phase, "containerStatuses": [status]}


def named(count: int) -> Sequence[str]:
    """Names of nodes, sorted."""
    return [f"n{number:02d}" for number in range(count)]
