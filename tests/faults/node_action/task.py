# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task node_action as a function, and what it may not leave or tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action import (
    ARGUMENT_SPEC,
    run,
)
from devcluster.control_plane import ControlPlane

ACTION = "install"


@dataclass
class Watching:
    """Progress that is kept; ``on_update`` may end the run, as a user does."""

    lines: list[str] = field(default_factory=list)
    on_update: Callable[[str], None] = lambda _line: None

    def __call__(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(line)

    def update(self, line: str) -> None:
        """Keep it as well."""
        self.lines.append(line)
        self.on_update(line)


@dataclass
class Task:
    """Runs the task in one namespace."""

    control_plane: ControlPlane
    namespace: str
    progress: Watching = field(default_factory=Watching)
    context: str | None = None

    def __call__(self, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run it and require success."""
        result = self.attempt(check_mode=check_mode, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def fail(self, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run it and require that it fails."""
        result = self.attempt(check_mode=check_mode, **options)
        assert result.get("failed")
        return result

    def attempt(self, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run it, whatever comes."""
        given = {
            "kubeconfig": str(self.control_plane.kubeconfig),
            "context": self.context,
            "namespace": self.namespace,
            "name": ACTION,
            **({} if options.get("state") == "absent" else {"script": "echo hello"}),
            **options,
        }
        return outcome(run, validated(given), check_mode=check_mode, diff_mode=True, progress=self.progress)


def validated(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as Ansible hands them over."""
    validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate(dict(given))
    assert not validation.error_messages
    return dict(validation.validated_parameters)


def states(result: Mapping[str, Any]) -> dict[str, str]:
    """The state of each node."""
    return {row["node"]: row["state"] for row in result["nodes"]}


def reasons(result: Mapping[str, Any]) -> dict[str, str]:
    """The reason of each node."""
    return {row["node"]: row["reason"] for row in result["nodes"]}


def stored(client: KubeClient, namespace: str) -> dict[str, str]:
    """The resourceVersion of all that the task might write."""
    kinds = [("v1", kind) for kind in ("ConfigMap", "Secret", "Pod", "Event")]
    kinds += [("batch/v1", "Job"), ("apps/v1", "DaemonSet")]
    found = [(kind, obj) for version, kind in kinds for obj in client.list(version, kind, namespace)]
    found += [("Node", obj) for obj in client.list("v1", "Node")]
    found += [("Event", obj) for obj in client.list("v1", "Event", "default")]
    return {f"{kind}/{obj['metadata']['name']}": obj["metadata"]["resourceVersion"] for kind, obj in found}


def left(client: KubeClient, namespace: str) -> list[str]:
    """Names of what an action leaves in its namespace."""
    label = "app.kubernetes.io/name=node-action"
    kinds = (("v1", "ConfigMap"), ("v1", "Secret"), ("batch/v1", "Job"), ("apps/v1", "DaemonSet"))
    return [
        f"{kind}/{obj['metadata']['name']}"
        for version, kind in kinds
        for obj in client.list(version, kind, namespace, label_selector=label)
    ]
