# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a user gives to objects that can be applied, or to faults."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    dig,
    key_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.late import (
    CREATE_ONLY,
    DATA_FROM,
    ROLLOUT_ON,
    Late,
    LateValueError,
    parse_late,
)


@dataclass(frozen=True)
class Desired:
    """One object to apply: its body without the annotations that steer the apply, and what they ask for."""

    key: ObjectKey
    body: KubeObject
    late: Late = field(default_factory=Late)


@dataclass(frozen=True)
class Wanted:
    """Everything that one call wants, checked as far as that needs no API server."""

    objects: tuple[Desired, ...]
    absent: tuple[ObjectKey, ...]
    faults: tuple[str, ...]


def read_wanted(objects: Iterable[object], absent: Iterable[object]) -> Wanted:
    """Check the form of all objects and bring them into the form that is applied; never raises."""
    faults: list[str] = []
    desired: list[Desired] = []
    for index, entry in enumerate(objects):
        where = f"objects[{index}]"
        plain = _plain(entry, where, faults)
        if plain is not None:
            desired.extend(_read_one(plain, faults))
    keys: list[ObjectKey] = []
    for index, entry in enumerate(absent):
        plain = _plain(entry, f"absent[{index}]", faults)
        if plain is not None:
            keys.append(key_of(plain))
    faults.extend(_duplicates([one.key for one in desired], keys))
    return Wanted(tuple(desired), tuple(dict.fromkeys(keys)), tuple(faults))


def _plain(entry: object, where: str, faults: list[str]) -> KubeObject | None:
    """Give a deep copy of plain JSON types (templates may leave others), or None and faults."""
    if not isinstance(entry, Mapping):
        faults.append(f"{where} is no mapping; each element must be one Kubernetes object")
        return None
    try:
        plain: KubeObject = json.loads(json.dumps(entry))
    except (TypeError, ValueError) as error:
        faults.append(f"{where} has a value that JSON cannot express: {error}")
        return None
    metadata = plain.get("metadata")
    named = {"apiVersion": plain.get("apiVersion"), "kind": plain.get("kind")}
    named["metadata.name"] = metadata.get("name") if isinstance(metadata, dict) else None
    wrong = [name for name, value in named.items() if not isinstance(value, str) or not value]
    faults.extend(f"{where} ({_hint(named)}) has no {name}; a non-empty string is needed" for name in wrong)
    if wrong:
        return None
    namespace = plain["metadata"].get("namespace")
    if namespace is not None and not isinstance(namespace, str):
        faults.append(f"{where} ({_hint(named)}) has a metadata.namespace that is no string")
        return None
    return plain


def _hint(named: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in named.values() if value) or "empty"


def _read_one(plain: KubeObject, faults: list[str]) -> list[Desired]:
    key = key_of(plain)
    metadata = plain["metadata"]
    annotations = metadata.get("annotations") or {}
    if not isinstance(annotations, dict):
        faults.append(f"{key.full}: metadata.annotations is no mapping of names to strings")
        return []
    wrong = [name for name, value in annotations.items() if not isinstance(value, str)]
    if wrong:
        faults.append(f"{key.full}: annotation {', '.join(sorted(wrong))} must be a string")
        return []
    try:
        late = parse_late(key.kind, key.namespace, annotations)
    except LateValueError as error:
        faults.append(f"{key.full}: {error}")
        return []
    odd = _odd_places(plain, late)
    if odd:
        faults.extend(f"{key.full}: {place} is no mapping" for place in odd)
        return []
    kept = {
        name: value for name, value in annotations.items() if name not in (CREATE_ONLY, ROLLOUT_ON, DATA_FROM)
    }
    metadata.pop("annotations", None)
    if kept:
        metadata["annotations"] = kept
    if key.kind == "Secret" and key.api_version == "v1":
        found = _encode_secret(plain, key)
        faults.extend(found)
        if found:
            return []
    plain.pop("status", None)
    metadata.pop("managedFields", None)
    return [Desired(key, plain, late)]


def _odd_places(plain: KubeObject, late: Late) -> list[str]:
    """Give the places that late values go to and that are no mappings."""
    if late.data_from:
        return [] if isinstance(plain.get("data") or {}, dict) else ["data"]
    if not late.rollout_on:
        return []
    if not isinstance(dig(plain, "spec", "template"), dict):
        return ["spec.template"]
    paths = (("metadata",), ("metadata", "annotations"))
    template = plain["spec"]["template"]
    return [
        ".".join(("spec", "template", *path))
        for path in paths
        if not isinstance(dig(template, *path) or {}, dict)
    ]


def _encode_secret(plain: KubeObject, key: ObjectKey) -> list[str]:
    """Move stringData into data, as the API server would, so that only data has an owner."""
    faults = [
        f"{key.full}: {part} is no mapping of names to strings"
        for part in ("data", "stringData")
        if not isinstance(plain.get(part) or {}, dict)
    ]
    if faults:
        return faults
    faults = [
        f"{key.full}: {part}.{name} is no string; quote it"
        for part in ("data", "stringData")
        for name, value in (plain.get(part) or {}).items()
        if not isinstance(value, str)
    ]
    if faults:
        return faults
    texts = plain.pop("stringData", None) or {}
    if texts:
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        plain["data"] = {**(plain.get("data") or {}), **encoded}
    return []


def _duplicates(desired: list[ObjectKey], absent: list[ObjectKey]) -> list[str]:
    faults: list[str] = []
    seen: dict[tuple[str, str, str, str], ObjectKey] = {}
    for key in desired:
        identity = (key.group, key.kind, key.namespace, key.name)
        if identity in seen:
            faults.append(f"{key.full} is given more than once in objects; give it once")
        seen[identity] = key
    faults.extend(
        f"{key.full} is given in objects and in absent; give it in one of them"
        for key in absent
        if (key.group, key.kind, key.namespace, key.name) in seen
    )
    return faults
