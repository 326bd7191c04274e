# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a real API server takes of an object, and what it stores of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient

MANAGER = "tests"


def make_guarded_namespace(client: KubeClient, name: str, level: str, account: str) -> str:
    """Make a namespace with that level of pod security, and the service accounts of its pods; gives its name.

    :param account: a service account that is made beside the one called default
    """
    labels = {"pod-security.kubernetes.io/enforce": level}
    metadata = {"name": name, "labels": labels}
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, field_manager=MANAGER)
    for one in ("default", account):
        body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": one, "namespace": name}}
        client.apply(body, field_manager=MANAGER)
    return name


def put_into(namespace: str, made: Mapping[str, Any]) -> dict[str, Any]:
    """The object in another namespace."""
    return {**made, "metadata": {**made["metadata"], "namespace": namespace}}


def pod_from(workload: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """A pod as its controller would make it."""
    template = workload["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], "name": "pod", "namespace": namespace},
        "spec": template["spec"],
    }


def lost(sent: Any, stored: Any, where: str = "") -> Iterator[str]:
    """Places where something else is stored than was sent; what was added is no loss."""
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        for key, value in sent.items():
            yield from lost(value, stored.get(key), f"{where}.{key}")
    elif isinstance(sent, list) and isinstance(stored, list) and len(sent) <= len(stored):
        for index, (one, other) in enumerate(zip(sent, stored, strict=False)):
            yield from lost(one, other, f"{where}[{index}]")
    # An empty value is left out.
    elif sent != stored and not (stored is None and sent in ("", [])):
        yield where
