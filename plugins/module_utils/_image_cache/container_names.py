# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of DaemonSets and of their containers.

Source: Kubernetes, "Object Names and IDs" (a DNS label has at most 63 lower-case letters, digits, hyphens).
A DaemonSet's name has at most 52, since its pods and its controller revisions add to it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import Reference

_OTHERS = re.compile(r"[^a-z0-9]+")
_PIN = "pin-"
_REFRESH = "refresh-"
_HASH = 8
_LONGEST_INSTANCE = 17
_LONGEST_REGISTRY = 20
_LONGEST_IMAGE = 32


def shard_prefix(instance: str, registry: str, group_hash: str) -> str:
    """Give the name of a group's DaemonSets up to their ordinal: at most 48 characters."""
    return f"{_slug(instance, _LONGEST_INSTANCE)}-{_slug(registry, _LONGEST_REGISTRY)}-{group_hash[:_HASH]}-"


def pin_name(reference: Reference) -> str:
    """Give the name of an image's pin container, which tells the last part of its repository and its tag."""
    image = reference.repository.rpartition("/")[2] + (f"-{reference.tag}" if reference.tag else "")
    digest = hashlib.sha256(str(reference).encode()).hexdigest()
    return f"{_PIN}{_slug(image, _LONGEST_IMAGE)}-{digest[:_HASH]}"


def refresh_name(pin: str, k: int) -> str:
    """Give the name of refresh container ``k`` of a pin."""
    return f"{_REFRESH}{pin.removeprefix(_PIN)}-{k}"


def refreshes_of(pin: str, containers: Iterable[str]) -> tuple[str, ...]:
    """Give those containers that refresh the pin's image, in their order."""
    prefix = refresh_name(pin, 0).removesuffix("0")
    return tuple(
        name
        for name in containers
        if name.startswith(prefix) and re.fullmatch("[0-9]+", name.removeprefix(prefix))
    )


def _slug(text: str, longest: int) -> str:
    return _OTHERS.sub("-", text.lower()).strip("-")[:longest].rstrip("-") or "x"
