# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Job that runs an action on one node.

Sources: Kubernetes' API (JobSpec, NodeSelectorTerm), its documentation of Jobs, and that of evictions by
taints.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import Configuration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    HASH_ANNOTATION,
    NODE_ACTION,
    NODE_ANNOTATION,
    POD_ANNOTATION,
    RUN,
    PodSettings,
    labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import Storage
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.template import once_template

# For Jobs that nobody has deleted after their end.
_KEPT_SECONDS = 86400
_MORE_SECONDS = 60
_HASH_DIGITS = 12
# Or a cluster autoscaler may take the node away while the script runs (Cluster Autoscaler's FAQ).
_KEEPING_THE_NODE = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
_CORDONED = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}
# By them pods are taken from a node that is not heard of, after five minutes if they do not say otherwise.
_SILENT = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def job_name(action: Action, node_uid: str) -> str:
    """The Job's name: the same one for the same work on the same node."""
    force = "force" if action.force else ""
    told = f"{node_uid}\n{action.content_hash}\n{force}"
    return f"{action.name}-{hashlib.sha256(told.encode()).hexdigest()[:_HASH_DIGITS]}"


def longest_run(action: Action, settings: PodSettings, *, serves: bool) -> int:
    """How many seconds a Job may take from its start on.

    :param serves: whether its pod has a package server
    """
    serving = settings.catalogue_limit + settings.server_limit if serves else 0
    script = settings.lock_limit + action.time_limit + settings.grace
    return settings.start_timeout + serving + script + _MORE_SECONDS


def make_job(
    action: Action,
    storage: Storage | None,
    settings: PodSettings,
    configuration: Configuration,
    node_name: str,
    node_uid: str,
    *,
    cordons: bool = False,
) -> dict[str, Any]:
    """The Job of an action on a node.

    :param cordons: whether the node is cordoned for the run, which the pod has to tolerate
    """
    template = once_template(action, storage, settings, configuration)
    spec = template["spec"]
    spec["affinity"] = _on(node_name)
    seconds = longest_run(action, settings, serves=storage is not None)
    spec["tolerations"] = [*spec.get("tolerations", ()), *_while_silent(seconds)]
    if cordons:
        spec["tolerations"].append(dict(_CORDONED))
    template["metadata"]["annotations"] |= {NODE_ANNOTATION: node_name, **_KEEPING_THE_NODE}
    annotations = {
        NODE_ANNOTATION: node_name,
        HASH_ANNOTATION: action.content_hash,
        POD_ANNOTATION: _hash_of(template),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(action, node_uid),
            "namespace": settings.namespace,
            "labels": labels(NODE_ACTION, action.name, RUN),
            "annotations": annotations,
        },
        "spec": {
            # A script that failed half-way is for somebody to look at.
            "backoffLimit": 0,
            "activeDeadlineSeconds": seconds,
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            "template": template,
        },
    }


def _on(node_name: str) -> dict[str, Any]:
    # A label of that name may be missing, or have another value.
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_name]}]}
    required = {"nodeSelectorTerms": [term]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def _while_silent(seconds: int) -> list[dict[str, Any]]:
    # A node that is heard of again goes on with the script; a pod that was taken off would have it ended.
    return [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
        for key in _SILENT
    ]


def _hash_of(template: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()
