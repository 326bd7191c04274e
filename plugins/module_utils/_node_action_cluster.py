# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node action reads from the cluster, and writes there.

Sources: Kubernetes' API (Job, Pod, Event). Every method raises KubeError where the API server cannot be asked
or refuses.
"""

from __future__ import annotations

import datetime
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.refusals import (
    FAILED_CREATE,
    refusals_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    NO_CODE,
    Record,
    Selection,
    annotation_key,
    read_record,
    readiness_refusal,
    write_record,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.observed import (
    is_ended,
    needs,
    node_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import (
    CORDON_MARK,
    SeenNode,
    see,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    NAME_LABEL,
    NODE_ACTION,
    selector_labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    dig,
    entries,
    number,
    text,
)

FIELD_MANAGER = "clusterdepot.artifacts"
# Events about nodes are kept there, as those of the kubelet.
EVENT_NAMESPACE = "default"
EVENT_SOURCE = "clusterdepot.artifacts/node-action"

# RFC 3339, in UTC.
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

# A pod with the text of a script's end takes some 15 kB of JSON.
_PAGE_SIZE = 200
_JOB = ("batch/v1", "Job")
_DAEMONSET = ("apps/v1", "DaemonSet")
_CONFIGURATION_KINDS = ("ConfigMap", "Secret")
_CONFLICT = 409
_GONE = (404, _CONFLICT)
_TRIES = 5
# What is written at once; other runs are kept away in between.
_PIECE = 100
# A controller takes note of a change at once; this is how long it is given, and how often it is asked.
_HALT_SECONDS = 10.0
_NOTE_SECONDS = 0.2

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Look:
    """The Jobs of an action and their pods at one time.

    :ivar number: of looks before this one
    :ivar jobs: by name
    :ivar pods: by the UID of their Job; they were listed after the Jobs
    :ivar on_node: the same, and those of its DaemonSet, by the name of their node
    """

    number: int
    jobs: Mapping[str, KubeObject]
    pods: Mapping[str, tuple[KubeObject, ...]]
    on_node: Mapping[str, tuple[KubeObject, ...]] = field(default_factory=dict)


@dataclass
class ActionCluster:
    """All that belongs to one action. May be used by several threads, except for ``look`` and ``each``.

    :ivar keep: keeps other runs of the action away; raises ArtifactsError where it cannot any more
    """

    client: KubeClient
    namespace: str
    action: str
    keep: Callable[[], None]
    looks: int = field(default=0, init=False)

    @property
    def selector(self) -> str:
        """Finds its Jobs, pods, ConfigMaps and Secrets."""
        pairs = selector_labels(NODE_ACTION, self.action)
        return ",".join(f"{key}={value}" for key, value in pairs.items())

    def each(self, call: Callable[[Key], Value], keys: Iterable[Key]) -> dict[Key, Value]:
        """Call a function for each key, for many at the same time, and keep other runs away all the while."""
        distinct = list(dict.fromkeys(keys))
        found: dict[Key, Value] = {}
        for first in range(0, len(distinct), _PIECE):
            self.keep()
            found |= self.client.in_parallel(call, distinct[first : first + _PIECE])
        return found

    def read_nodes(self, selection: Selection) -> tuple[SeenNode, ...]:
        """Read all nodes, one page after the other."""
        pages = self.client.pages("v1", "Node")
        return tuple(see(node, self.action, selection) for page in pages for node in page)

    def read_jobs(self) -> dict[str, KubeObject]:
        """Read its Jobs, by name."""
        return {job["metadata"]["name"]: job for job in self._all(*_JOB)}

    def look_at_nodes(self) -> Look:
        """Read the pods of its DaemonSet; ``pods`` has them by the name of their node."""
        pods: dict[str, list[KubeObject]] = {}
        for pod in self._all("v1", "Pod"):
            pods.setdefault(text(pod, "spec", "nodeName") or "", []).append(pod)
        self.looks += 1
        return Look(self.looks, {}, _frozen(pods))

    def look(self, *, every_pod: bool = True) -> Look:
        """Read Jobs and pods; without ``every_pod`` no pods where there are no Jobs."""
        jobs = self.read_jobs()
        pods: dict[str, list[KubeObject]] = {}
        on_node: dict[str, list[KubeObject]] = {}
        for pod in self._all("v1", "Pod") if jobs or every_pod else ():
            on_node.setdefault(node_of(pod), []).append(pod)
            for owner in entries(pod, "metadata", "ownerReferences"):
                pods.setdefault(text(owner, "uid") or "", []).append(pod)
        self.looks += 1
        return Look(self.looks, jobs, _frozen(pods), _frozen(on_node))

    def refusals(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """Why pods of these Jobs or DaemonSets may not be made, by name, as their controller told it last."""
        selector = f"involvedObject.kind={kind},reason={FAILED_CREATE}"
        events = self.client.list("v1", "Event", self.namespace, field_selector=selector)
        return refusals_of(events, frozenset(names), datetime.datetime.now(datetime.UTC))

    def create_job(self, manifest: Mapping[str, Any]) -> KubeObject | None:
        """Create it, or take the one that is there by that name; None while an older one is being deleted."""
        try:
            return self.client.create(manifest)
        except KubeError as error:
            if error.status != 409:
                raise
        found = self.client.get(*_JOB, self.namespace, manifest["metadata"]["name"])
        return None if found is None or dig(found, "metadata", "deletionTimestamp") else found

    def has_daemonset(self) -> bool:
        """Whether there is a DaemonSet of the action."""
        found = self.client.get(*_DAEMONSET, self.namespace, self.action)
        return text(found, "metadata", "labels", NAME_LABEL) == NODE_ACTION

    def delete_pod(self, name: str, uid: str) -> None:
        """Delete just this pod; another one of its name stays."""
        found = self.client.get("v1", "Pod", self.namespace, name)
        if found is None or text(found, "metadata", "uid") != uid:
            return
        try:
            version = text(found, "metadata", "resourceVersion") or ""
            self.client.delete("v1", "Pod", self.namespace, name, version=version)
        except KubeError as error:
            # Its status was written meanwhile; the next look shows it again.
            if error.status != 409:
                raise

    def halt_daemonset(self) -> None:
        """Have its controller make no pod anew that is there; the next run of it applies its strategy again.

        Waits for a moment until the controller has taken note.
        """
        strategy = {"type": "OnDelete", "rollingUpdate": None}
        changes = {"spec": {"updateStrategy": strategy}}
        found: KubeObject | None = self.client.merge(*_DAEMONSET, self.namespace, self.action, changes)
        ends_at = time.monotonic() + _HALT_SECONDS
        while found is not None and time.monotonic() < ends_at:
            written = number(found, "metadata", "generation") or 0
            if (number(found, "status", "observedGeneration") or 0) >= written:
                return
            time.sleep(_NOTE_SECONDS)
            found = self.client.get(*_DAEMONSET, self.namespace, self.action)

    def delete_daemonset(self) -> None:
        """Delete the DaemonSet, and its pods, without waiting for them."""
        self.client.delete(*_DAEMONSET, self.namespace, self.action)

    def delete_job(self, name: str) -> None:
        """Delete it and its pods, without waiting for them."""
        self.client.delete(*_JOB, self.namespace, name)

    def cordon(self, node: SeenNode) -> bool:
        """Cordon the node under the action's mark; false where somebody else had cordoned it already."""
        for attempt in range(_TRIES):
            found = self.client.get("v1", "Node", None, node.name)
            if found is None or dig(found, "spec", "unschedulable") is True:
                return text(found, "metadata", "annotations", CORDON_MARK) == self.action
            metadata = {
                "uid": node.uid,
                "resourceVersion": text(found, "metadata", "resourceVersion"),
                "annotations": {CORDON_MARK: self.action},
            }
            try:
                self.client.merge(
                    "v1", "Node", None, node.name, {"metadata": metadata, "spec": {"unschedulable": True}}
                )
            except KubeError as error:
                # The kubelet writes as well.
                if error.status != 409 or attempt == _TRIES - 1:
                    raise
                continue
            return True
        return False

    def release(self, node: SeenNode) -> None:
        """Uncordon the node, if it is still the action that keeps it cordoned."""
        self.write_node(node, {}, uncordon=True)

    def write_node(self, node: SeenNode, annotations: Mapping[str, str | None], *, uncordon: bool) -> bool:
        """Change annotations, None removing one, in one request that may uncordon the node, too.

        :param uncordon: whether it is uncordoned, if it still has the action's mark
        :returns: false where that node is not there any more, be it that another one has its name
        """
        for attempt in range(_TRIES):
            metadata: dict[str, Any] = {"uid": node.uid, "annotations": dict(annotations)}
            changes: dict[str, Any] = {"metadata": metadata}
            if uncordon:
                found = self.client.get("v1", "Node", None, node.name)
                if found is None or text(found, "metadata", "uid") != node.uid:
                    return False
                if text(found, "metadata", "annotations", CORDON_MARK) == self.action:
                    metadata["annotations"][CORDON_MARK] = None
                    metadata["resourceVersion"] = text(found, "metadata", "resourceVersion")
                    changes["spec"] = {"unschedulable": None}
            if not metadata["annotations"]:
                return True
            try:
                self.client.merge("v1", "Node", None, node.name, changes)
            except KubeError as error:
                if "resourceVersion" in metadata and error.status == _CONFLICT and attempt < _TRIES - 1:
                    continue
                if error.status in _GONE and "resourceVersion" not in metadata:
                    return False
                raise
            return True
        return False

    def record_change(self, record: Record | None) -> dict[str, str | None]:
        """The annotation that keeps a record, or none."""
        return {annotation_key(self.action): None if record is None else write_record(record)}

    def mark_begun(self, node: SeenNode, content_hash: str) -> Record:
        """Write down that something is begun on the node, so that what the node told before counts no more.

        :param content_hash: of what is begun; of a removal that of what it takes back
        """
        now = datetime.datetime.now(datetime.UTC).strftime(TIME_FORMAT)
        run = "" if node.record is None else node.record.run
        record = Record(content_hash, NO_CODE, now, node.machine, run)
        self.write_node(node, self.record_change(record), uncordon=False)
        return record

    def absence(self, name: str) -> str:
        """Why nothing can be heard of the node; empty where it is ready."""
        found = self.client.get("v1", "Node", None, name)
        return "the node is gone" if found is None else readiness_refusal(found) or ""

    def read_record(self, name: str) -> Record | None:
        """What the node tells of the action's last run now."""
        found = self.client.get("v1", "Node", None, name)
        return None if found is None else read_record(found, self.action)

    def tell(self, node: SeenNode, run: str, reason: str, message: str, *, warning: bool) -> None:
        """Create an Event about the node; once for each ``run``, which is a UID or something as unique."""
        now = datetime.datetime.now(datetime.UTC).strftime(TIME_FORMAT)
        name = hashlib.sha256(f"{run} {node.uid} {reason}".encode()).hexdigest()[:16]
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"namespace": EVENT_NAMESPACE, "name": f"{self.action}.{name}"},
            "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": node.uid},
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message,
            "action": self.action,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": EVENT_SOURCE},
            "reportingComponent": EVENT_SOURCE,
            "reportingInstance": self.namespace,
        }
        try:
            self.client.create(event)
        except KubeError as error:
            if error.status != 409:
                raise

    def apply(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Apply what the pods need."""
        for obj in objects:
            self.client.apply(obj, field_manager=FIELD_MANAGER)

    def prune(self) -> list[str]:
        """Delete its ended Jobs, and what nothing of it needs any more; gives ``kind/name`` of each."""
        jobs = self.read_jobs()
        ended = [name for name, job in jobs.items() if is_ended(job)]
        self.each(self.delete_job, ended)
        pruned = [f"job/{name}" for name in ended]
        users = [job for job in jobs.values() if not is_ended(job)]
        daemonsets = list(self._all(*_DAEMONSET))
        users += daemonsets
        # Where a rollout was stopped, some have an older content, and are started again with their node.
        users += self._pods_of(daemonsets)
        needed = {name for user in users for name in needs(user)}
        for kind in _CONFIGURATION_KINDS:
            for obj in self._all("v1", kind):
                name = obj["metadata"]["name"]
                self.keep()
                if (kind, name) not in needed and self.client.delete("v1", kind, self.namespace, name):
                    pruned.append(f"{kind.lower()}/{name}")
        return pruned

    def _pods_of(self, daemonsets: Iterable[KubeObject]) -> list[KubeObject]:
        owners = {text(one, "metadata", "uid") for one in daemonsets}
        if not owners:
            return []
        return [
            pod
            for pod in self._all("v1", "Pod")
            if any(text(owner, "uid") in owners for owner in entries(pod, "metadata", "ownerReferences"))
        ]

    def _all(self, api_version: str, kind: str) -> Iterable[KubeObject]:
        pages = self.client.pages(
            api_version, kind, self.namespace, label_selector=self.selector, page_size=_PAGE_SIZE
        )
        return (obj for page in pages for obj in page)


def _frozen(found: Mapping[str, Iterable[KubeObject]]) -> dict[str, tuple[KubeObject, ...]]:
    return {key: tuple(pods) for key, pods in found.items()}
