# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an object changed, and a difference fit to be shown."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject

HIDDEN = "(hidden)"
# Nobody can change it: there is nothing to compare it with, and what it was made from is shown as well.
IMMUTABLE = "(immutable, {} octets)"
CHANGED = "(changed)"
_SERVER_METADATA = (
    "managedFields",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
# kubectl keeps a whole copy of the object in it, secrets included.
# What the API server notes at the second apply for fields that had no owner at the first.
_NOBODY = "before-first-apply"
_COPY_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration",)


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the API server stores something else, fields' owners included.

    What controllers report does not count.
    """
    return cleaned(before) != cleaned(after) or _owners(before) != _owners(after)


def cleaned(obj: Mapping[str, Any]) -> KubeObject:
    """Give what somebody asked for: no status, and nothing that the server writes into metadata."""
    clean = copy.deepcopy({name: value for name, value in obj.items() if name != "status"})
    metadata = clean.get("metadata", {})
    for name in _SERVER_METADATA:
        metadata.pop(name, None)
    for name in ("annotations", "labels"):
        if not metadata.get(name):
            metadata.pop(name, None)
    for name in _COPY_ANNOTATIONS:
        metadata.get("annotations", {}).pop(name, None)
    return clean


def shown(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, secret_fields: Iterable[str] = ()
) -> tuple[KubeObject | None, KubeObject | None]:
    """Give both sides of a difference, cleaned and without secret values.

    :param secret_fields: keys of a ConfigMap's data that hold secret values
    """
    left = None if before is None else cleaned(before)
    right = None if after is None else cleaned(after)
    one = left or right or {}
    if one.get("kind") == "Secret":
        for part in ("data", "stringData"):
            _hide(left, right, part, None)
    elif one.get("kind") == "ConfigMap" and one.get("immutable"):
        for side in (left, right):
            _summarize((side or {}).get("data"))
    elif one.get("kind") == "ConfigMap":
        _hide(left, right, "data", frozenset(secret_fields))
    return left, right


def _summarize(data: dict[str, str] | None) -> None:
    for name, value in (data or {}).items():
        (data or {})[name] = IMMUTABLE.format(len(value.encode()))


def _hide(left: KubeObject | None, right: KubeObject | None, part: str, names: frozenset[str] | None) -> None:
    """Replace values in place; a value that is new or other on the right becomes "(changed)"."""
    old = dict((left or {}).get(part) or {})
    new = dict((right or {}).get(part) or {})
    for name in old:
        if left is not None and (names is None or name in names):
            left[part][name] = HIDDEN
    for name, value in new.items():
        if right is not None and (names is None or name in names):
            right[part][name] = CHANGED if left is not None and old.get(name) != value else HIDDEN


def _owners(obj: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Give who owns which fields, without times and without owners of subresources such as status."""
    return sorted(
        (str(entry.get("manager")), str(entry.get("operation")), repr(_sorted(entry.get("fieldsV1"))))
        for entry in obj.get("metadata", {}).get("managedFields") or ()
        if not entry.get("subresource") and entry.get("manager") != _NOBODY
    )


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [(name, _sorted(value[name])) for name in sorted(value)]
    return value
