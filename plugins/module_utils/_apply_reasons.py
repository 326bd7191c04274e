# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the cluster why an object is not ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    condition,
    dig,
    key_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.pods import (
    Reason,
    condition_reason,
    event_reason,
    first_reason,
    newest_pods,
    unready_pod,
)

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
_TOLD_BY_EVENTS = frozenset({"PersistentVolumeClaim", "Service"})


def explain(client: KubeClient, obj: KubeObject) -> Reason | None:
    """Give the first reason why an object is not ready.

    None where the cluster tells none, or may not be asked.
    """
    try:
        if obj["kind"] in _WORKLOADS:
            return _workload(client, obj)
        if obj["kind"] == "Certificate":
            return _certificate(client, obj)
        if obj["kind"] in _TOLD_BY_EVENTS:
            return event_reason("", _events(client, obj))
        if obj["kind"] == "Pod":
            return first_reason([obj]) or event_reason("", _events(client, obj))
    except KubeError:
        # The reason is an extra: whether the object is ready is asked, and errors are told, elsewhere.
        return None
    return None


def _workload(client: KubeClient, workload: KubeObject) -> Reason | None:
    namespace = workload["metadata"]["namespace"]
    selector = label_selector(dig(workload, "spec", "selector") or {})
    replica_sets: list[KubeObject] = []
    if workload["kind"] == "Deployment":
        replica_sets = client.list("apps/v1", "ReplicaSet", namespace, label_selector=selector)
    pods = newest_pods(workload, replica_sets, client.list("v1", "Pod", namespace, label_selector=selector))
    found = first_reason(pods) or condition_reason(workload)
    if found is not None:
        return found
    pod = unready_pod(pods)
    if pod is not None:
        return event_reason(f"pod {pod['metadata']['name']}", _events(client, pod))
    return None if pods else event_reason("", _events(client, workload))


def _certificate(client: KubeClient, certificate: KubeObject) -> Reason | None:
    key, own = key_of(certificate), dig(certificate, "metadata", "uid")
    requests = [
        request
        for request in client.list(key.api_version, "CertificateRequest", key.namespace)
        if own in {entry.get("uid") for entry in dig(request, "metadata", "ownerReferences") or ()}
    ]
    newest = max(
        requests, key=lambda request: str(dig(request, "metadata", "creationTimestamp")), default=None
    )
    ready = condition(newest, "Ready")
    if newest is None or ready.get("status") != "False":
        return None
    word = ready.get("reason", "")
    subject = f"certificaterequest {newest['metadata']['name']}"
    return Reason(subject, word, ready.get("message", ""), word in ("Failed", "Denied", "InvalidRequest"))


def _events(client: KubeClient, obj: KubeObject) -> list[KubeObject]:
    metadata = obj["metadata"]
    selector = f"involvedObject.name={metadata['name']},involvedObject.uid={metadata.get('uid', '')}"
    return client.list("v1", "Event", metadata["namespace"], field_selector=selector)


def label_selector(selector: Mapping[str, Any]) -> str:
    """Give a LabelSelector as the query parameter of a list."""
    parts = [f"{name}={value}" for name, value in (selector.get("matchLabels") or {}).items()]
    forms = {"In": "{} in ({})", "NotIn": "{} notin ({})", "Exists": "{}", "DoesNotExist": "!{}"}
    for entry in selector.get("matchExpressions") or ():
        values = ",".join(entry.get("values") or ())
        parts.append(forms[entry["operator"]].format(entry["key"], values))
    return ",".join(parts)


def holder(obj: Mapping[str, object] | None) -> str:
    """Say what keeps an object that is being deleted: a namespace's own words, or the finalizers."""
    words = [
        str(condition(obj, kind).get("message"))
        for kind in (
            "NamespaceContentRemaining",
            "NamespaceFinalizersRemaining",
            "NamespaceDeletionContentFailure",
        )
        if condition(obj, kind).get("status") == "True"
    ]
    finalizers = dig(obj, "metadata", "finalizers") or ()
    if finalizers and not words:
        words.append(f"held by {', '.join(finalizers)}")
    return f": {'; '.join(words)}" if words else ""
