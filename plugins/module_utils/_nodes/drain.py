# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What draining a node may do, and which of its pods it is about.

Source: Kubernetes' documentation of what ``kubectl drain`` leaves alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    place,
    read_flag,
    shown,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import NAME_LABEL, NODE_ACTION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, entries, text

DEFAULT_TIMEOUT = 300
LONGEST_TIMEOUT = 86400

_KEYS = ("timeout", "delete_emptydir_data", "unmanaged")
_MIRROR = "kubernetes.io/config.mirror"
_ENDED = frozenset({"Failed", "Succeeded"})
_MOST_NAMED = 3


@dataclass(frozen=True)
class DrainRules:
    """What draining may do.

    :ivar timeout: seconds for one node
    :ivar delete_emptydir_data: whether pods go that lose the files of an emptyDir by that
    :ivar unmanaged: whether pods go that no controller makes anew
    """

    timeout: int = DEFAULT_TIMEOUT
    delete_emptydir_data: bool = False
    unmanaged: bool = False


def read_drain_rules(raw: object, where: str = "drain") -> tuple[DrainRules, list[Fault]]:
    """Read the option; None is what it is by default. Gives what can be used, and every fault."""
    if raw is None:
        return DrainRules(), []
    if not isinstance(raw, Mapping):
        return DrainRules(), [Fault(where, f"{shown(raw)} is not a mapping with the keys {', '.join(_KEYS)}")]
    faults = unknown_keys(raw, _KEYS, where)
    timeout = DEFAULT_TIMEOUT if raw.get("timeout") is None else raw["timeout"]
    if not isinstance(timeout, int) or isinstance(timeout, bool) or not 1 <= timeout <= LONGEST_TIMEOUT:
        rule = f"a whole number of seconds from 1 to {LONGEST_TIMEOUT}"
        faults.append(Fault(place(where, "timeout"), f"{shown(timeout)} is not a time limit: {rule}"))
        timeout = DEFAULT_TIMEOUT
    flags = [read_flag(raw.get(key), place(where, key), faults) for key in _KEYS[1:]]
    return DrainRules(timeout, *map(bool, flags)), faults


def is_to_go(pod: Mapping[str, Any]) -> bool:
    """Whether draining is about this pod.

    It is not about those of DaemonSets, static ones, those that have ended, and those of node actions.
    """
    if text(pod, "metadata", "labels", NAME_LABEL) == NODE_ACTION:
        return False
    if dig(pod, "metadata", "annotations", _MIRROR) is not None or text(pod, "status", "phase") in _ENDED:
        return False
    return _controller(pod) != "DaemonSet"


def refusal_of(pods: Sequence[Mapping[str, Any]], rules: DrainRules) -> str:
    """Why a node with these pods must not be drained, in one line; empty where it may be."""
    present = [pod for pod in pods if not dig(pod, "metadata", "deletionTimestamp")]
    reasons = []
    unmanaged = [pod_name(pod) for pod in present if not _controller(pod)]
    if unmanaged and not rules.unmanaged:
        reasons.append(f"no controller would make anew {listed(unmanaged)} (drain.unmanaged allows it)")
    local = [pod_name(pod) for pod in present if _has_local_data(pod)]
    if local and not rules.delete_emptydir_data:
        told = f"files in an emptyDir would be lost of {listed(local)}"
        reasons.append(f"{told} (drain.delete_emptydir_data allows it)")
    return "; ".join(reasons)


def _controller(pod: Mapping[str, Any]) -> str:
    """The kind of what made the pod and makes it anew; empty where nothing does."""
    owners = entries(pod, "metadata", "ownerReferences")
    return next((text(owner, "kind") or "" for owner in owners if owner.get("controller") is True), "")


def _has_local_data(pod: Mapping[str, Any]) -> bool:
    return any("emptyDir" in volume for volume in entries(pod, "spec", "volumes"))


def pod_name(pod: Mapping[str, Any]) -> str:
    """``namespace/name`` of a pod."""
    return f"{text(pod, 'metadata', 'namespace')}/{text(pod, 'metadata', 'name')}"


def listed(told: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
