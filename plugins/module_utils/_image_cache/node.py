# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's own object tells that matters to cached images."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    condition,
    dig,
    entries,
    text,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.quantity import parse_quantity

_ARCHITECTURE = "kubernetes.io/arch"


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    value: str
    effect: str

    def __str__(self) -> str:
        return f"{self.key}{f'={self.value}' if self.value else ''}:{self.effect}"


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    :ivar architecture: as Kubernetes and Go name it (``amd64``); empty where the node does not tell
    :ivar ready: its condition Ready is True
    :ivar unschedulable: it is cordoned
    :ivar allocatable_bytes: ephemeral storage for pods, in octets; 0 where the node does not tell
    :ivar runtime_version: such as ``containerd://2.1.4``
    """

    name: str
    architecture: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    ready: bool
    unschedulable: bool
    allocatable_bytes: int
    kubelet_version: str
    runtime_version: str


def read_node(obj: Mapping[str, Any]) -> Node:
    """Read a Node as the API server gives it; what is missing or of a wrong type is left empty."""
    labels = dig(obj, "metadata", "labels")
    read_labels = {
        sys.intern(key): sys.intern(value)
        for key, value in (labels.items() if isinstance(labels, Mapping) else ())
        if isinstance(key, str) and isinstance(value, str)
    }
    architecture = text(obj, "status", "nodeInfo", "architecture") or read_labels.get(_ARCHITECTURE, "")
    return Node(
        name=sys.intern(text(obj, "metadata", "name") or ""),
        architecture=sys.intern(architecture),
        labels=read_labels,
        taints=tuple(_taint(entry) for entry in entries(obj, "spec", "taints")),
        ready=condition(obj, "Ready").get("status") == "True",
        unschedulable=dig(obj, "spec", "unschedulable") is True,
        allocatable_bytes=_octets(dig(obj, "status", "allocatable", "ephemeral-storage")),
        kubelet_version=sys.intern(text(obj, "status", "nodeInfo", "kubeletVersion") or ""),
        runtime_version=sys.intern(text(obj, "status", "nodeInfo", "containerRuntimeVersion") or ""),
    )


def _taint(entry: Mapping[str, Any]) -> Taint:
    return Taint(*(sys.intern(text(entry, field) or "") for field in ("key", "value", "effect")))


def _octets(quantity: object) -> int:
    try:
        return int(parse_quantity(quantity))
    except ValueError:
        return 0
