# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module kube_objects_info."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    UnknownKindError,
    connect,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
    "objects": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "api_version": {"type": "str", "default": "v1"},
            "kind": {"type": "str", "required": True},
            "namespace": {"type": "str"},
            "name": {"type": "str"},
            "label_selectors": {"type": "list", "elements": "str", "default": []},
        },
    },
}
# An empty one would mean all namespaces, and the others are none that there can be.
_NOWHERE = ("", ".", "..")


class WishError(ArtifactsError):
    """Entries of ``objects`` that cannot be read; the message names each."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Read objects, all at the same time; see the module's documentation for parameters and result.

    :raises WishError: before anything was asked
    :raises KubeError: the API server cannot be used, or refused
    """
    del check_mode, progress
    wished: list[dict[str, Any]] = parameters["objects"]
    faults = [
        f"objects[{at}], {entry['kind']}: name and label_selectors are given; allowed is one of them"
        for at, entry in enumerate(wished)
        if entry["name"] is not None and entry["label_selectors"]
    ]
    if faults:
        raise WishError("; ".join(faults))
    client = connect(parameters["kubeconfig"], parameters["context"])
    # Which kinds there are is asked once for each version, not by each thread again.
    client.in_parallel(client.discover, (entry["api_version"] for entry in wished))
    found = client.in_parallel(lambda at: _read(client, wished[at]), range(len(wished)))
    unknown = [entry for at, entry in enumerate(wished) if found[at] is None]
    return {
        "changed": False,
        "resources": [resource for read in found.values() for resource in read or ()],
        "unknown_kinds": sorted({f"{entry['api_version']} {entry['kind']}" for entry in unknown}),
        "warnings": list(client.warnings),
    }


def _read(client: KubeClient, entry: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What there is of an entry; None where the API server does not know its kind."""
    api_version, kind, namespace, name = (entry[key] for key in ("api_version", "kind", "namespace", "name"))
    try:
        namespaced = client.resource(api_version, kind).namespaced
    except UnknownKindError:
        return None
    if namespaced and namespace in _NOWHERE:
        return []
    if name is not None:
        return _named(client, entry)
    selector = ",".join(entry["label_selectors"])
    items = client.list(api_version, kind, namespace, label_selector=selector)
    # In a list the API server leaves them out.
    return [{"apiVersion": api_version, "kind": kind, **item} for item in items]


def _named(client: KubeClient, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        found = client.get(entry["api_version"], entry["kind"], entry["namespace"], entry["name"])
    except KubeError as error:
        # By a name that no object may have, such as one with a percent sign, there is none.
        if error.status != 400:
            raise
        found = None
    return [] if found is None else [found]
