# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes an action is run on, and why: what nodes tell, compared with what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import Verdict
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    ANNOTATION_PREFIX,
    NO_CODE,
    Record,
    Selection,
    is_unable,
    judge,
    machine_of,
    read_record,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, entries, text

# On nodes: the name of the action that cordoned them, and will uncordon them. No name of an action has a dot.
CORDON_MARK = f"{ANNOTATION_PREFIX}/cordoned.by"

_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


@dataclass(frozen=True, slots=True)
class SeenNode:
    """What one node tells that matters to an action.

    :ivar machine: its machine ID
    :ivar verdict: whether the action can run there
    :ivar refusal: why not, where the verdict is EXCLUDED
    :ivar record: of the action's last run there
    :ivar unable: its operating system is the reason
    :ivar marked: this action cordoned it, and did not come to uncordon it
    """

    name: str
    uid: str
    machine: str
    verdict: Verdict
    refusal: str
    unable: bool
    record: Record | None
    marked: bool


@dataclass(frozen=True)
class Plan:
    """What is to be done, nodes in the order of their names.

    :ivar run: the nodes to run on, each with the reason
    :ivar settled: those on which nothing is to be done, each with the reason
    :ivar refused: those on which it should run and cannot, each with the reason
    """

    run: Mapping[str, str]
    settled: Mapping[str, str]
    refused: Mapping[str, str]


def see(node: Mapping[str, Any], action: str, selection: Selection) -> SeenNode:
    """Read a Node as the API server gives it. What this action cordoned itself counts as not cordoned."""
    marked = text(node, "metadata", "annotations", CORDON_MARK) == action
    found = judge(_uncordoned(node) if marked else node, selection)
    return SeenNode(
        name=text(node, "metadata", "name") or "",
        uid=text(node, "metadata", "uid") or "",
        machine=machine_of(node),
        verdict=found.verdict,
        refusal=found.reason if found.verdict is Verdict.EXCLUDED else "",
        unable=is_unable(node),
        record=read_record(node, action),
        marked=marked,
    )


def make_plan(
    seen: Iterable[SeenNode], action: Action, under_way: Collection[str], reached: Mapping[str, str]
) -> Plan:
    """Decide on each node that is selected.

    :param under_way: names of nodes that have a Job of an earlier run with just this content
    :param reached: names of nodes that have a Job or a pod of the action, each with the hash of its content;
      it may have run there without being written down
    """
    run: dict[str, str] = {}
    settled: dict[str, str] = {}
    refused: dict[str, str] = {}
    for node in sorted(seen, key=lambda one: one.name):
        if node.name in under_way:
            run[node.name] = "an earlier run of it is under way"
            continue
        if node.verdict is Verdict.NOT_WANTED:
            continue
        content = reached.get(node.name)
        reason, wanted = (_removal if action.removes else _need)(node, action, content)
        if not wanted:
            settled[node.name] = reason
        elif node.verdict is Verdict.EXCLUDED:
            refused[node.name] = node.refusal
        else:
            run[node.name] = reason
    return Plan(run, settled, refused)


def _need(node: SeenNode, action: Action, reached: str | None) -> tuple[str, bool]:
    """Why the action runs, or does not, and whether it does."""
    record = node.record
    if record is None:
        return "it was not run here", True
    if record.machine != node.machine:
        return "the machine is another one than that on which it was run", True
    if record.content_hash != action.content_hash or reached not in (None, action.content_hash):
        return "what was run here was something else", True
    if record.code == NO_CODE:
        return "it was begun here, and did not come to an end of its own", True
    if record.code != 0:
        return "it failed here", True
    return ("it is forced", True) if action.force else ("done before", False)


def _removal(node: SeenNode, action: Action, reached: str | None) -> tuple[str, bool]:
    if node.record is not None:
        return "it was run here", True
    if reached is not None:
        return "a Job or a pod of it is here", True
    return ("it is forced", True) if action.force else ("there is nothing to take back", False)


def _uncordoned(node: Mapping[str, Any]) -> Mapping[str, Any]:
    taints = [entry for entry in entries(node, "spec", "taints") if entry.get("key") != _UNSCHEDULABLE]
    spec = dig(node, "spec")
    return {**node, "spec": {**(spec or {}), "unschedulable": False, "taints": taints}}
