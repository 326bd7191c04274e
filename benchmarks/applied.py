# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that a field manager applied, as it applied them: no defaults, no status, no other's fields.

The API server notes the fields of every manager in `metadata.managedFields`, in the format FieldsV1 of
structured-merge-diff: `f:NAME` is a field, `k:{...}` an element of a list by its keys, `v:VALUE` an element
of a set, `.` the element itself; an entry without entries of its own stands for the whole value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WORKLOADS = frozenset({"DaemonSet", "Deployment", "StatefulSet"})


def applied_by(manager: str, objects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the objects that this manager applied, what it applied, in an order that kubectl can apply.

    `objects` are as `kubectl get --show-managed-fields` gives them. Namespaces come first and workloads last,
    since they use what the others are.
    """
    found = [
        _with_identity(one, extract(one, entry["fieldsV1"]))
        for one in objects
        for entry in one["metadata"].get("managedFields", ())
        if entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource")
    ]
    return sorted(found, key=_rank)


def extract(value: Any, fields: Mapping[str, Any]) -> Any:
    """The part of a value that the fields name; fields that the value has no longer are left out."""
    own = {name: below for name, below in fields.items() if name != "."}
    if not own:
        return value
    if isinstance(value, Mapping):
        return {
            name: extract(value[name], below)
            for name, below in ((key.removeprefix("f:"), below) for key, below in own.items())
            if name in value
        }
    return list(_elements(value, own))


def _elements(values: Iterable[Any], fields: Mapping[str, Any]) -> Iterator[Any]:
    """Elements in the order of the list, which may matter."""
    for value in values:
        for name, below in fields.items():
            kind, _, key = name.partition(":")
            wanted = json.loads(key)
            if kind == "v" and value == wanted:
                yield value
            elif kind == "k" and all(value.get(field) == part for field, part in wanted.items()):
                yield extract(value, below)


def _with_identity(whole: Mapping[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """The manager's fields never include what makes the object's address."""
    names = {key: whole["metadata"][key] for key in ("name", "namespace") if key in whole["metadata"]}
    metadata = {**names, **part.get("metadata", {})}
    return {"apiVersion": whole["apiVersion"], "kind": whole["kind"], **part, "metadata": metadata}


def _rank(obj: Mapping[str, Any]) -> int:
    if obj["kind"] == "Namespace":
        return 0
    return 2 if obj["kind"] in WORKLOADS else 1
