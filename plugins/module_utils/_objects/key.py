# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What identifies a Kubernetes object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KubeObject = dict[str, Any]


@dataclass(frozen=True, order=True)
class ObjectKey:
    """Identity of one object; ``namespace`` is empty for kinds without namespaces."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def short(self) -> str:
        """``deployment/name``, for progress lines."""
        return f"{self.kind.lower()}/{self.name}"

    @property
    def full(self) -> str:
        """``deployment/name in namespace x``, for messages."""
        return f"{self.short} in namespace {self.namespace}" if self.namespace else self.short

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return group_of(self.api_version)


def group_of(api_version: str) -> str:
    """Give the API group of an apiVersion; empty for the core group (``v1``)."""
    return api_version.rpartition("/")[0]


def key_of(obj: Mapping[str, Any]) -> ObjectKey:
    """Give the key of an object that has apiVersion, kind and metadata.name."""
    metadata = obj["metadata"]
    return ObjectKey(obj["apiVersion"], obj["kind"], metadata.get("namespace") or "", metadata["name"])


def core(kind: str, namespace: str, name: str) -> ObjectKey:
    """Give the key of an object of the core API group."""
    return ObjectKey("v1", kind, namespace, name)


def dig(obj: Mapping[str, Any] | None, *path: str) -> Any:
    """Give the value at a path of keys; None where any of it is missing or no mapping."""
    value: Any = obj
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(obj: Mapping[str, Any] | None, *path: str) -> str | None:
    """Give the string at a path of keys; None for anything else, which the API server will refuse itself."""
    value = dig(obj, *path)
    return value if isinstance(value, str) else None


def number(obj: Mapping[str, Any] | None, *path: str) -> int | None:
    """Give the whole number at a path of keys; None for anything else."""
    value = dig(obj, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def entries(obj: Mapping[str, Any] | None, *path: str) -> list[Mapping[str, Any]]:
    """Give the mappings in the list at a path of keys; none where there is no list."""
    value = dig(obj, *path)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def condition(obj: Mapping[str, Any] | None, kind: str) -> Mapping[str, Any]:
    """Give the status condition of a type; empty where the object has none such."""
    return next((entry for entry in entries(obj, "status", "conditions") if entry.get("type") == kind), {})
