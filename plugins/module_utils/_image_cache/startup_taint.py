# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The taint that keeps workloads from a node until its images are there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_TAINT = re.compile(
    rf"(?P<key>(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME})"
    rf"(?:=(?P<value>(?:{_NAME})?))?(?::(?P<effect>[A-Za-z]+))?\Z"
)
ALLOWED = "key, key:Effect or key=value:Effect, with an effect of " + ", ".join(_EFFECTS)


def is_taint(text: str) -> bool:
    """Whether this is ``key``, ``key:Effect`` or ``key=value:Effect``, as kubectl writes them."""
    found = _TAINT.match(text)
    return found is not None and found["effect"] in (None, *_EFFECTS)


def matches(entry: Mapping[str, Any], text: str) -> bool:
    """Whether an entry of a node's taints is the one that is meant; what is not written may be anything."""
    found = _TAINT.match(text)
    if found is None or entry.get("key") != found["key"]:
        return False
    if found["value"] is not None and (entry.get("value") or "") != found["value"]:
        return False
    return found["effect"] is None or entry.get("effect") == found["effect"]


def toleration(text: str) -> dict[str, str]:
    """The toleration of a pod that may run in spite of it, whatever the value."""
    found = _TAINT.match(text)
    if found is None:
        return {}
    tolerated = {"key": found["key"], "operator": "Exists"}
    return {**tolerated, "effect": found["effect"]} if found["effect"] else tolerated
