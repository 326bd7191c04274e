# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of an object that are known only once other objects exist.

Annotations of the prefix ``artifacts.clusterdepot.io/`` on a rendered object ask for them:

- ``create-only: "true"``: the object is applied only where there is none (generated secrets).
- ``rollout-on: "secret/NAME,configmap/NAME"`` on a workload: a digest of the named objects' data goes into
  the pod template, so that a change of theirs rolls the pods. The workload's own annotation of the same name
  tells the digest its pods were started with: a new workload may start before the named objects exist, since
  its pods wait for them, and needs no second rollout for a digest that only then is known.
- ``data-from: "KEY=secret/NAMESPACE/NAME#SECRETKEY,..."`` on a ConfigMap or a Secret: its data is filled from
  Secrets; ``KEY?=`` leaves the key out where the Secret has no such key.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    core,
    dig,
)

PREFIX = "artifacts.clusterdepot.io/"
CREATE_ONLY = f"{PREFIX}create-only"
ROLLOUT_ON = f"{PREFIX}rollout-on"
DATA_FROM = f"{PREFIX}data-from"
ROLLOUT_HASH = f"{PREFIX}rollout-hash"
WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
FILLED = frozenset({"ConfigMap", "Secret"})

_NAME = r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?"
_SOURCE = re.compile(rf"(secret|configmap)/({_NAME})")
_FILL = re.compile(rf"([-._a-zA-Z0-9]+?)(\?)?=secret/({_NAME})/({_NAME})#([-._a-zA-Z0-9]+)")
_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}


class LateValueError(Exception):
    """An annotation cannot be read, or what it names cannot be used; the text says why."""


@dataclass(frozen=True)
class DataFrom:
    """One key of a ConfigMap or Secret that is filled from one key of a Secret."""

    field: str
    optional: bool
    secret: ObjectKey
    secret_key: str


@dataclass(frozen=True)
class Late:
    """What an object's annotations ask for."""

    create_only: bool = False
    rollout_on: tuple[ObjectKey, ...] = ()
    data_from: tuple[DataFrom, ...] = ()

    @property
    def sources(self) -> tuple[ObjectKey, ...]:
        """The objects that must exist before the values are known."""
        return tuple(dict.fromkeys([*self.rollout_on, *(entry.secret for entry in self.data_from)]))

    @property
    def secret_fields(self) -> frozenset[str]:
        """Keys of the object's data that come from Secrets and must not be shown."""
        return frozenset(entry.field for entry in self.data_from)


def parse_late(kind: str, namespace: str, annotations: Mapping[str, str]) -> Late:
    """Read an object's annotations.

    :raises LateValueError: one of them is malformed or does not fit the object's kind
    """
    create_only = annotations.get(CREATE_ONLY, "false")
    if create_only not in ("true", "false"):
        raise LateValueError(f'annotation {CREATE_ONLY} is "{create_only}"; allowed are "true" and "false"')
    rollout_on = _entries(annotations, ROLLOUT_ON)
    data_from = _entries(annotations, DATA_FROM)
    if rollout_on and kind not in WORKLOADS:
        raise LateValueError(f"annotation {ROLLOUT_ON} is allowed on {', '.join(sorted(WORKLOADS))} only")
    if data_from and kind not in FILLED:
        raise LateValueError(f"annotation {DATA_FROM} is allowed on {', '.join(sorted(FILLED))} only")
    return Late(
        create_only == "true",
        tuple(_source(entry, namespace) for entry in rollout_on),
        tuple(_fill(entry) for entry in data_from),
    )


def fill(
    obj: Mapping[str, Any],
    late: Late,
    sources: Mapping[ObjectKey, Mapping[str, Any]],
    live: Mapping[str, Any] | None = None,
    *,
    started: bool = False,
) -> KubeObject:
    """Give the object with its late values.

    :param sources: every object of ``late.sources``
    :param live: the object as it is stored, None where it is not
    :param started: the live object's pods have been made to wait for exactly these sources
    :raises LateValueError: a Secret lacks a key that is not optional, or its value is no text and fills a
      ConfigMap
    """
    filled = copy.deepcopy(dict(obj))
    if late.rollout_on:
        digest = rollout_hash([sources[key] for key in late.rollout_on])
        same_pods = started or _own_hash(live) == digest
        _set_rollout_hash(filled, digest, _template_hash(live) if same_pods else digest)
    for entry in late.data_from:
        encoded = dig(sources[entry.secret], "data", entry.secret_key)
        if encoded is not None:
            # Secrets hold their values encoded, whatever these are; ConfigMaps hold text.
            value = encoded if filled.get("kind") == "Secret" else _text(entry, encoded)
            _put(filled, entry.field, value)
        elif not entry.optional:
            raise LateValueError(
                f"{entry.secret.full} has no key {entry.secret_key}, which fills {entry.field}"
            )
    return filled


def keep(obj: Mapping[str, Any], late: Late, live: Mapping[str, Any] | None) -> KubeObject:
    """Give the object with the late values that the live object has, where they cannot be known yet."""
    kept = copy.deepcopy(dict(obj))
    if late.rollout_on:
        _set_rollout_hash(kept, _own_hash(live), _template_hash(live))
    for entry in late.data_from:
        old = dig(live, "data", entry.field)
        if old is not None:
            _put(kept, entry.field, old)
    return kept


def is_incomplete(obj: Mapping[str, Any], late: Late) -> bool:
    """Whether a Secret lacks a late value that it needs.

    The API server refuses such a Secret where its type demands the key (kubernetes.io/dockerconfigjson).
    """
    needed = {entry.field for entry in late.data_from if not entry.optional}
    return obj.get("kind") == "Secret" and not needed <= (obj.get("data") or {}).keys()


def rollout_hash(objects: Sequence[Mapping[str, Any]]) -> str:
    """Give the SHA-256 over the data of Secrets and ConfigMaps, as hexadecimal digits."""
    content = [
        [obj["kind"], obj["metadata"]["name"], obj.get("data") or {}, obj.get("binaryData") or {}]
        for obj in sorted(objects, key=lambda obj: (obj["kind"], obj["metadata"]["name"]))
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _entries(annotations: Mapping[str, str], name: str) -> list[str]:
    return [entry.strip() for entry in annotations.get(name, "").split(",") if entry.strip()]


def _source(entry: str, namespace: str) -> ObjectKey:
    match = _SOURCE.fullmatch(entry)
    if match is None:
        raise LateValueError(
            f'annotation {ROLLOUT_ON} has "{entry}"; allowed are secret/NAME and configmap/NAME'
        )
    return core(_KINDS[match[1]], namespace, match[2])


def _fill(entry: str) -> DataFrom:
    match = _FILL.fullmatch(entry)
    if match is None:
        raise LateValueError(
            f'annotation {DATA_FROM} has "{entry}"; allowed are KEY=secret/NAMESPACE/NAME#SECRETKEY and '
            "KEY?=..."
        )
    return DataFrom(match[1], match[2] is not None, core("Secret", match[3], match[4]), match[5])


def _own_hash(live: Mapping[str, Any] | None) -> str | None:
    found = dig(live, "metadata", "annotations", ROLLOUT_HASH)
    return found if isinstance(found, str) else None


def _template_hash(live: Mapping[str, Any] | None) -> str | None:
    found = dig(live, "spec", "template", "metadata", "annotations", ROLLOUT_HASH)
    return found if isinstance(found, str) else None


def _set_rollout_hash(obj: KubeObject, own: str | None, template: str | None) -> None:
    for place, value in ((obj, own), (obj["spec"]["template"], template)):
        if value is not None:
            metadata = place.get("metadata") or {}
            annotations = {**(metadata.get("annotations") or {}), ROLLOUT_HASH: value}
            place["metadata"] = {**metadata, "annotations": annotations}


def _put(obj: KubeObject, field: str, value: str) -> None:
    obj["data"] = {**(obj.get("data") or {}), field: value}


def _text(entry: DataFrom, encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise LateValueError(
            f"key {entry.secret_key} of {entry.secret.full}, which fills {entry.field}, is no UTF-8 text"
        ) from error
