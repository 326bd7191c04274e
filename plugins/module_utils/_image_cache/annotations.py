# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a DaemonSet of the cache tells about itself, so that it can be read back.

Anybody who may change DaemonSets may change this; so what cannot be read counts as not told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import Strategy
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import Group
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
    linux_architecture,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, text

_PREFIX = "artifacts.clusterdepot.io"
SHARD_LABEL = f"{_PREFIX}/shard"
DIGESTS_HASH = f"{_PREFIX}/digests-hash"
_IMAGES = f"{_PREFIX}/images"
_DIGESTS = f"{_PREFIX}/digests"
_GROUP = f"{_PREFIX}/group"


def write_annotations(
    group: Group, pins: Mapping[str, str], expected: Mapping[str, Resolved]
) -> dict[str, str]:
    """Give a DaemonSet's annotations.

    :param pins: the reference of each pin container, in their order
    :param expected: by reference; others than those of the pins are left out
    """
    return {
        _IMAGES: _json(pins),
        _DIGESTS: _json(_digests(group, pins.values(), expected)),
        _GROUP: group.as_json(),
    }


def _digests(group: Group, references: Iterable[str], expected: Mapping[str, Resolved]) -> dict[str, Any]:
    """What references stand for, for the architectures of the group: others would only take room."""

    def fits(platform: str) -> bool:
        return not group.architectures or linux_architecture(platform) in {*group.architectures, ""}

    return {
        reference: {
            "digest": found.digest,
            "platforms": {
                name: found.platforms[name].digest for name in sorted(found.platforms) if fits(name)
            },
            **({"same": sorted(found.same)} if found.same else {}),
        }
        for reference in references
        if (found := expected.get(reference)) is not None
    }


def read_pins(obj: Mapping[str, Any]) -> dict[str, str]:
    """Give the reference of each pin container, in their order."""
    return _strings(_read(obj, _IMAGES))


def read_expected(obj: Mapping[str, Any]) -> dict[str, Resolved]:
    """Give what each reference was last resolved to; the layers are not told, so there are none."""
    return {
        reference: Resolved(
            digest=digest,
            platforms={
                platform: PlatformImage(digest=own, layers=())
                for platform, own in _strings(told.get("platforms")).items()
            },
            same=_texts(told.get("same")),
        )
        for reference, told in _read(obj, _DIGESTS).items()
        if isinstance(told, dict) and isinstance(digest := told.get("digest"), str)
    }


def read_group(obj: Mapping[str, Any]) -> Group | None:
    """Give the group; None where it is not told."""
    told = _read(obj, _GROUP)
    registry, pull_secret, strategy = (text(told, name) for name in ("registry", "pullSecret", "strategy"))
    architectures = told.get("architectures")
    if registry is None or pull_secret is None or not isinstance(architectures, list):
        return None
    if strategy not in {known.value for known in Strategy}:
        return None
    return Group(
        registry=registry,
        pull_secret=pull_secret,
        node_selector=tuple(sorted(_strings(told.get("nodeSelector")).items())),
        architectures=frozenset(name for name in architectures if isinstance(name, str)),
        strategy=Strategy(strategy),
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _read(obj: Mapping[str, Any], annotation: str) -> dict[str, Any]:
    try:
        told = json.loads(text(dig(obj, "metadata", "annotations"), annotation) or "")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _texts(value: object) -> frozenset[str]:
    return (
        frozenset(name for name in value if isinstance(name, str)) if isinstance(value, list) else frozenset()
    )


def _strings(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: found for name, found in value.items() if isinstance(found, str)}
