# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DaemonSets: of an action, for nodes that are still to come, and of a package server that stays.

Sources: Kubernetes' API (DaemonSetSpec, NodeSelectorTerm) and its documentation of DaemonSets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import Configuration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    ATTEMPT_KEY,
    CONFIGURATION,
    HASH_ANNOTATION,
    NODE_ACTION,
    PACKAGE_SERVER,
    RUN,
    PodSettings,
    attempt_name,
    labels,
    selector_labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import Storage
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.template import (
    server_template,
    staying_template,
)

_SERVER_UNAVAILABLE = "25%"


def action_daemonset(
    action: Action,
    storage: Storage | None,
    settings: PodSettings,
    configuration: Configuration,
    refused: Sequence[str] = (),
    max_unavailable: int | str = 1,
) -> dict[str, Any]:
    """The DaemonSet of an action; its name is the action's.

    :param refused: names of nodes that are selected, and cannot run it
    :param max_unavailable: on how many nodes a changed action runs at once, or a percentage such as ``10%``
    """
    template = staying_template(action, storage, settings, configuration)
    if refused:
        template["spec"]["affinity"] = _not_on(refused)
    made = _daemonset(NODE_ACTION, action.name, settings.namespace, template, max_unavailable)
    made["metadata"]["annotations"] = {HASH_ANNOTATION: action.content_hash}
    return made


def attempt_object(action: Action, settings: PodSettings, attempt: str) -> dict[str, Any]:
    """What pods of the action's DaemonSet are told of a run when they are started.

    A script that failed runs again only where this differs from what it was then. It is no part of the pods,
    so that a change of it makes none anew.

    :param attempt: unlike that of any other run; letters, digits and hyphens
    """
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": attempt_name(action.name),
            "namespace": settings.namespace,
            "labels": labels(NODE_ACTION, action.name, CONFIGURATION),
        },
        "data": {ATTEMPT_KEY: attempt},
    }


def server_daemonset(
    name: str, storage: Storage, settings: PodSettings, configuration: Configuration
) -> dict[str, Any]:
    """The DaemonSet of a package server that stays.

    :param configuration: as ``server_configuration`` gives it
    """
    template = server_template(name, storage, settings, configuration)
    return _daemonset(PACKAGE_SERVER, name, settings.namespace, template, _SERVER_UNAVAILABLE)


def _daemonset(
    kind: str, name: str, namespace: str, template: dict[str, Any], max_unavailable: int | str
) -> dict[str, Any]:
    rollout = {"maxUnavailable": max_unavailable}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(kind, name, RUN)},
        "spec": {
            "selector": {"matchLabels": selector_labels(kind, name)},
            "revisionHistoryLimit": 1,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": rollout},
            "template": template,
        },
    }


def _not_on(nodes: Sequence[str]) -> dict[str, Any]:
    # Of fields, each expression takes one value only.
    fields = [{"key": "metadata.name", "operator": "NotIn", "values": [name]} for name in sorted(set(nodes))]
    required = {"nodeSelectorTerms": [{"matchFields": fields}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
