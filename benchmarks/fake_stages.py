# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How kwok moves what is on fake nodes: its Stage objects, API kwok.x-k8s.io/v1alpha1.

Pure. kwok itself keeps the leases of the nodes that it manages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

HEARTBEAT_SECONDS = 300
_POD = {"apiGroup": "v1", "kind": "Pod"}
_NODE = {"apiGroup": "v1", "kind": "Node"}
_NOT_DELETED = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_HEARTBEAT = """
{{ $now := Now }}
conditions:
- type: Ready
  status: "True"
  reason: KubeletReady
  message: kubelet is posting ready status
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ .metadata.creationTimestamp | Quote }}
"""
_IDENTITY = (
    '{{ $parts := splitList "@" .image }}'
    '{{ $name := regexReplaceAll ":[^:/]*$" (first $parts) "" }}'
    '{{ $digest := printf "sha256:%s" (sha256sum .image) }}'
    "{{ if gt (len $parts) 1 }}{{ $digest = last $parts }}{{ end }}"
)
_CONDITIONS = """
conditions:
{{ range list "PodScheduled" "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- type: {{ . }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
"""
_RUNNING = f"""
{{{{ $now := Now }}}}
phase: Running
startTime: {{{{ $now | Quote }}}}
{_CONDITIONS}
containerStatuses:
{{{{ range .spec.containers }}}}{_IDENTITY}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: {{{{ printf "%s@%s" $name $digest | Quote }}}}
  ready: true
  started: true
  restartCount: 0
  state:
    running:
      startedAt: {{{{ $now | Quote }}}}
{{{{ end }}}}
"""
_SUCCEEDED = """
{{ $now := Now }}
phase: Succeeded
containerStatuses:
{{ range .status.containerStatuses }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .imageID | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
"""


@dataclass(frozen=True)
class Ending:
    """How pods of Jobs end: the template of their status then, and how long they run before."""

    template: str
    milliseconds: int = 0


AT_ONCE = Ending(_SUCCEEDED)


def stages(held: Iterable[str] = (), ending: Ending = AT_ONCE) -> list[Object]:
    """Nodes stay ready; pods run, those of Jobs to their end, and go when they are deleted.

    The pods on the nodes `held` stay as they are until somebody writes their status, or they are deleted.
    """
    begins = [_NOT_DELETED, _one_of(".status.phase", "Pending")]
    names = sorted(held)
    if names:
        begins.append({"key": ".spec.nodeName", "operator": "NotIn", "values": names})
    of_job = _one_of(".metadata.ownerReferences.[].kind", "Job")
    return [
        _stage(
            "node-stays-ready",
            _NODE,
            [_NOT_DELETED],
            {"statusTemplate": _HEARTBEAT},
            delay={"durationMilliseconds": HEARTBEAT_SECONDS * 1000},
        ),
        _stage("pod-runs", _POD, begins, {"statusTemplate": _RUNNING}),
        _stage(
            "pod-of-job-ends",
            _POD,
            [_NOT_DELETED, _one_of(".status.phase", "Running"), of_job],
            {"statusTemplate": ending.template},
            delay={"durationMilliseconds": ending.milliseconds} if ending.milliseconds else None,
        ),
        _stage("pod-goes", _POD, [{"key": _NOT_DELETED["key"], "operator": "Exists"}], {"delete": True}),
    ]


def written(objects: Iterable[Mapping[str, Any]]) -> str:
    """The objects as a file that kwok reads: JSON, which is YAML, in documents of their own."""
    return "\n---\n".join(json.dumps(one) for one in objects) + "\n"


def _one_of(key: str, *values: str) -> Object:
    return {"key": key, "operator": "In", "values": list(values)}


def _stage(
    name: str, resource: Object, selector: list[Object], following: Object, delay: Object | None = None
) -> Object:
    spec = {"resourceRef": resource, "selector": {"matchExpressions": selector}, "next": following}
    if delay is not None:
        spec["delay"] = delay
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": spec,
    }
