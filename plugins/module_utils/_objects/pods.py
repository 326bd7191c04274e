# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a workload is not ready: the first reason that its newest pods, or events, tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    condition,
    dig,
)

_BEGINNING = frozenset({"ContainerCreating", "PodInitializing", ""})
FAILURES = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "RunContainerError",
        "SignatureValidationFailed",
        "StartError",
    }
)
_REVISION = "deployment.kubernetes.io/revision"
_DAEMON_GENERATION = "deprecated.daemonset.template.generation"
# A first non-zero exit may be the start waiting for something; from the second on it counts as a failure.
_EXITS_TO_FAIL = 2


@dataclass(frozen=True)
class Reason:
    """Why something is not ready.

    :ivar subject: what tells it, such as ``pod registry-7d4b9``
    :ivar word: the one-word reason, such as ``ImagePullBackOff``; may be empty
    :ivar message: the words with it
    :ivar failing: it will most likely not pass by itself
    """

    subject: str
    word: str
    message: str
    failing: bool

    def __str__(self) -> str:
        return ": ".join(" ".join(part.split()) for part in (self.subject, self.word, self.message) if part)


def newest_pods(
    workload: KubeObject, replica_sets: Iterable[KubeObject], pods: Iterable[KubeObject]
) -> list[KubeObject]:
    """Give the pods of the workload's newest revision, oldest pod first.

    Pods that are being deleted do not count.
    """
    present = [pod for pod in pods if not dig(pod, "metadata", "deletionTimestamp")]
    return sorted(
        (pod for pod in present if _is_newest(workload, list(replica_sets), pod)),
        key=lambda pod: (str(dig(pod, "metadata", "creationTimestamp")), pod["metadata"]["name"]),
    )


def _is_newest(workload: KubeObject, replica_sets: Sequence[KubeObject], pod: KubeObject) -> bool:
    own = dig(workload, "metadata", "uid")
    labels = dig(pod, "metadata", "labels") or {}
    if workload["kind"] == "Deployment":
        revision = dig(workload, "metadata", "annotations", _REVISION)
        newest = {
            dig(entry, "metadata", "uid")
            for entry in replica_sets
            if own in _owners(entry) and dig(entry, "metadata", "annotations", _REVISION) == revision
        }
        return bool(newest & _owners(pod))
    if own not in _owners(pod):
        return False
    if workload["kind"] == "StatefulSet":
        return bool(labels.get("controller-revision-hash") == dig(workload, "status", "updateRevision"))
    if workload["kind"] == "DaemonSet":
        generation = dig(workload, "metadata", "annotations", _DAEMON_GENERATION)
        return generation is None or labels.get("pod-template-generation") == generation
    return True


def _owners(obj: KubeObject) -> set[Any]:
    return {entry.get("uid") for entry in dig(obj, "metadata", "ownerReferences") or ()}


def pod_reason(pod: KubeObject) -> Reason | None:
    """Give what a pod's own status tells; None where it tells nothing, as while it starts."""
    subject = f"pod {pod['metadata']['name']}"
    for status in (dig(pod, "status", "initContainerStatuses") or []) + (
        dig(pod, "status", "containerStatuses") or []
    ):
        found = _waiting(subject, status) or _ended(subject, status)
        if found is not None:
            return found
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return Reason(subject, scheduled.get("reason", ""), scheduled.get("message", ""), False)
    if dig(pod, "status", "phase") == "Failed":
        status = pod["status"]
        return Reason(subject, status.get("reason") or "Failed", status.get("message", ""), False)
    return None


def _waiting(subject: str, status: Mapping[str, Any]) -> Reason | None:
    waiting = dig(status, "state", "waiting") or {}
    word = waiting.get("reason", "")
    if word in _BEGINNING:
        return None
    message = waiting.get("message", "")
    terminated = dig(status, "lastState", "terminated")
    if terminated:
        message = f"{_exit(status, terminated)} ({message})" if message else _exit(status, terminated)
    return Reason(subject, word, message, word in FAILURES)


def _ended(subject: str, status: Mapping[str, Any]) -> Reason | None:
    if status.get("ready"):
        return None
    terminated = dig(status, "state", "terminated") or dig(status, "lastState", "terminated")
    if not terminated or terminated.get("exitCode", 0) == 0:
        return None
    exits = status.get("restartCount", 0) + (1 if dig(status, "state", "terminated") else 0)
    failing = terminated.get("reason") in FAILURES or exits >= _EXITS_TO_FAIL
    return Reason(subject, terminated.get("reason", ""), _exit(status, terminated), failing)


def _exit(status: Mapping[str, Any], terminated: Mapping[str, Any]) -> str:
    said = terminated.get("message", "").strip()
    told = f"container {status.get('name')} ended with exit code {terminated.get('exitCode')}"
    return f"{told}: {said}" if said else told


def first_reason(pods: Sequence[KubeObject]) -> Reason | None:
    """Give the reason that most needs to be read: the first failing one, else the first of any pod."""
    found = [reason for reason in map(pod_reason, pods) if reason is not None]
    return next((reason for reason in found if reason.failing), found[0] if found else None)


def event_reason(subject: str, events: Iterable[KubeObject]) -> Reason | None:
    """Give what the newest warning among an object's events tells (FailedMount, Unhealthy and so on)."""
    warnings = [event for event in events if event.get("type") == "Warning"]
    newest = max(warnings, key=_event_time, default=None)
    if newest is None:
        return None
    return Reason(subject, newest.get("reason", ""), newest.get("message", ""), False)


def _event_time(event: KubeObject) -> str:
    times = (event.get("lastTimestamp"), event.get("eventTime"), dig(event, "metadata", "creationTimestamp"))
    return max(str(time) for time in times if time) if any(times) else ""


def unready_pod(pods: Sequence[KubeObject]) -> KubeObject | None:
    """Give the first pod that is not ready: the one whose events are worth reading."""
    return next((pod for pod in pods if condition(pod, "Ready").get("status") != "True"), None)


def condition_reason(workload: KubeObject) -> Reason | None:
    """Give what a workload's conditions tell about pods that cannot be created (quota, pod security)."""
    found = condition(workload, "ReplicaFailure")
    if found.get("status") == "True":
        return Reason("its pods", found.get("reason", ""), found.get("message", ""), True)
    return None
