# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which nodes a DaemonSet's pods belong.

Sources: Kubernetes' documentation of taints and tolerations, of node affinity, and of the tolerations that
the DaemonSet controller adds to its pods.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node, Taint
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, entries, text

_REQUIRED = ("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
_REPELLING = frozenset({"NoSchedule", "NoExecute"})


class Verdict(enum.Enum):
    """Whether a node is to have a pod."""

    WANTED = "wanted"
    NOT_WANTED = "not wanted"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Eligibility:
    """A verdict on one node; ``reason`` is empty for WANTED.

    NOT_WANTED: selector, operating system or architecture are others. EXCLUDED: those fit, a taint does not.
    """

    verdict: Verdict
    reason: str


WANTED = Eligibility(Verdict.WANTED, "")
_NOT_WANTED = Eligibility(Verdict.NOT_WANTED, "its labels are not those that are selected")


@dataclass(frozen=True)
class Toleration:
    """A toleration; an empty ``key`` stands for all keys and an empty ``effect`` for all effects."""

    key: str
    operator: str
    value: str
    effect: str

    def covers(self, taint: Taint) -> bool:
        """Whether the taint is tolerated; an operator that is not known tolerates nothing."""
        if self.effect not in ("", taint.effect) or self.key not in ("", taint.key):
            return False
        if self.operator == "Exists":
            return True
        return self.operator in ("", "Equal") and self.key != "" and self.value == taint.value


# What the DaemonSet controller adds to its pods, whatever happens to the node's readiness.
OF_DAEMONSETS = tuple(
    Toleration(f"node.kubernetes.io/{taint}", "Exists", "", "NoSchedule")
    for taint in ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
)
# The controller tolerates not-ready and unreachable for NoExecute alone. Here both are tolerated whatever the
# effect: such a node is down for a while, and must not leave the picture by that.
_OF_CONTROLLER = (
    Toleration("node.kubernetes.io/not-ready", "Exists", "", ""),
    Toleration("node.kubernetes.io/unreachable", "Exists", "", ""),
    *OF_DAEMONSETS,
)


@dataclass(frozen=True)
class Requirement:
    """One expression over a label, or over the node's name where ``field`` is set."""

    key: str
    operator: str
    values: tuple[str, ...]
    field: bool

    def holds(self, node: Node) -> bool:
        """Whether the node meets it; an operator that is not known is met by none."""
        if self.field:
            present = node.name if self.key == "metadata.name" else None
        else:
            present = node.labels.get(self.key)
        match self.operator:
            case "In":
                return present in self.values
            case "NotIn":
                return present not in self.values
            case "Exists":
                return present is not None
            case "DoesNotExist":
                return present is None
            case "Gt" | "Lt":
                return self._compares(present)
            case _:
                return False

    def _compares(self, present: str | None) -> bool:
        try:
            held, bound = int(present or ""), int(self.values[0] if self.values else "")
        except ValueError:
            return False
        return held > bound if self.operator == "Gt" else held < bound


@dataclass(frozen=True)
class Placement:
    """Where a DaemonSet's pods may go.

    :ivar selector: labels that the node must have
    :ivar terms: of the required node affinity, of which one must hold; None where there is none
    """

    selector: tuple[tuple[str, str], ...]
    terms: tuple[tuple[Requirement, ...], ...] | None
    tolerations: tuple[Toleration, ...]


def read_placement(daemonset: Mapping[str, Any]) -> Placement:
    """Read it from a DaemonSet, live or rendered; what is of a wrong type is passed over."""
    pod = dig(daemonset, "spec", "template", "spec")
    selector = dig(pod, "nodeSelector")
    required = dig(pod, *_REQUIRED)
    return Placement(
        selector=tuple(sorted((str(key), str(value)) for key, value in selector.items()))
        if isinstance(selector, Mapping)
        else (),
        terms=tuple(_term(entry) for entry in entries(required, "nodeSelectorTerms"))
        if isinstance(required, Mapping)
        else None,
        tolerations=tuple(
            Toleration(*(text(entry, field) or "" for field in ("key", "operator", "value", "effect")))
            for entry in entries(pod, "tolerations")
        ),
    )


def _term(entry: Mapping[str, Any]) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(
            text(expression, "key") or "",
            text(expression, "operator") or "",
            tuple(str(value) for value in values)
            if isinstance(values := expression.get("values"), list)
            else (),
            of_fields,
        )
        for list_name, of_fields in (("matchExpressions", False), ("matchFields", True))
        for expression in entries(entry, list_name)
    )


def judge(node: Node, placement: Placement) -> Eligibility:
    """Decide whether the node is to have a pod."""
    if not all(node.labels.get(key) == value for key, value in placement.selector):
        return _NOT_WANTED
    # A term without expressions is met by no node.
    if placement.terms is not None and not any(
        term and all(requirement.holds(node) for requirement in term) for term in placement.terms
    ):
        return _NOT_WANTED
    for taint in node.taints:
        if taint.effect in _REPELLING and not _tolerated(taint, placement):
            return Eligibility(Verdict.EXCLUDED, f"taint {taint} is not tolerated")
    return WANTED


def _tolerated(taint: Taint, placement: Placement) -> bool:
    return any(toleration.covers(taint) for toleration in (*_OF_CONTROLLER, *placement.tolerations))


def eligible(node: Node, daemonset: Mapping[str, Any]) -> Eligibility:
    """Decide it for a single DaemonSet; for many nodes read the placement once."""
    return judge(node, read_placement(daemonset))
