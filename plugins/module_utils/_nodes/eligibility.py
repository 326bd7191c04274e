# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes an action can run on, and on which of them it was done already.

Sources: Kubernetes' documentation of taints and tolerations and of node status. ``nodeInfo.osImage`` is
PRETTY_NAME of the node's /etc/os-release.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    place,
    shown,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Taint, read_node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    OF_DAEMONSETS,
    WANTED,
    Eligibility,
    Toleration,
    Verdict,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.user_values import (
    read_labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.termination import (
    printable_lines,
    read_seconds,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    condition,
    dig,
    number,
    text,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

ANNOTATION_PREFIX = "actions.clusterdepot.io"
# Of a record: the script was begun, and did not end by itself, or nobody knows yet how.
NO_CODE = -1
# Of a record's output; all annotations of a node together may have 256 KiB.
LONGEST_KEPT_OUTPUT = 300

_KEYS = ("selector", "tolerations")
_TOLERATION_KEYS = ("key", "operator", "value", "effect")
_OPERATORS = ("", "Equal", "Exists")
_EFFECTS = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_REPELLING = frozenset({"NoSchedule", "NoExecute"})
_CORDONED = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
_SYSTEM_LABEL = "kubernetes.io/os"
_LINUX = "linux"
# What the DaemonSet controller adds to its pods (Kubernetes' documentation of DaemonSets).
_TOLERATED_BY_DAEMONSETS = (
    Toleration("node.kubernetes.io/not-ready", "Exists", "", "NoExecute"),
    Toleration("node.kubernetes.io/unreachable", "Exists", "", "NoExecute"),
    *OF_DAEMONSETS,
)
_TRUE = "True"
_LONGEST_SHOWN = 100
_NOT_WANTED = Eligibility(Verdict.NOT_WANTED, "its labels are not those that are selected")
# Others with a read-only /usr, such as Flatcar or Fedora CoreOS, have a shell and places to write to.
_UNABLE = (
    (re.compile(r"Talos\b"), "it has no shell, and is changed by its own API only"),
    (re.compile(r"Bottlerocket\b"), "its root file system is read-only, and it has no shell for scripts"),
    (
        re.compile(r"Container-Optimized OS\b"),
        "its root file system is read-only, and it has no package manager",
    ),
)


@dataclass(frozen=True)
class Selection:
    """The nodes that are meant.

    :ivar selector: labels that a node must have, sorted
    :ivar tolerations: of the pod that runs the action
    """

    selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[Toleration, ...] = ()

    def of_daemonset(self) -> Selection:
        """The same for pods of a DaemonSet, whose controller lets them onto cordoned nodes, too."""
        return Selection(self.selector, (*self.tolerations, *_TOLERATED_BY_DAEMONSETS))


@dataclass(frozen=True)
class Record:
    """What a node's annotation tells of the last run of an action.

    :ivar content_hash: of what was run
    :ivar code: what it ended with; 0 where it was done; NO_CODE
    :ivar finished: RFC 3339 time; may be empty
    :ivar machine: the machine ID of the node on which it ran; may be empty
    :ivar run: the UID of the Job, or of the pod of a DaemonSet, that ran it; may be empty
    :ivar seconds: how long the script took; None where that is not known
    :ivar output: the end of what it wrote, printable, of LONGEST_KEPT_OUTPUT characters at most
    """

    content_hash: str
    code: int
    finished: str
    machine: str = ""
    run: str = ""
    seconds: float | None = None
    output: str = ""


def read_selection(raw: object, where: str = "nodes") -> tuple[Selection, list[Fault]]:
    """Read which nodes are meant, a mapping with the keys ``selector`` and ``tolerations``; None for all.

    Gives what can be used, and every fault. Never raises.
    """
    if raw is None:
        return Selection(), []
    if not isinstance(raw, Mapping):
        message = f"{shown(raw)} is not a mapping with the keys {', '.join(_KEYS)}"
        return Selection(), [Fault(where, message)]
    faults = unknown_keys(raw, _KEYS, where)
    selector = _read_selector(raw.get("selector"), place(where, "selector"), faults)
    listed, at = raw.get("tolerations"), place(where, "tolerations")
    if listed is not None and not isinstance(listed, (list, tuple)):
        faults.append(Fault(at, f"{shown(listed)} is not a list of tolerations"))
        listed = None
    found = [_read_toleration(entry, f"{at}[{index}]", faults) for index, entry in enumerate(listed or ())]
    return Selection(selector, tuple(entry for entry in found if entry is not None)), faults


def judge(node: Mapping[str, Any], selection: Selection) -> Eligibility:
    """Decide whether an action can run on a node, as the API server gives it; nothing that it holds raises.

    NOT_WANTED: it is not selected. EXCLUDED: it is, but nothing can run there; the reason says why.
    """
    seen = read_node(node)
    if not all(seen.labels.get(key) == value for key, value in selection.selector):
        return _NOT_WANTED
    refusal = _system_refusal(node, seen.labels) or _state_refusal(node)
    if refusal is None:
        refusal = _taint_refusal(seen.taints, selection, cordoned=seen.unschedulable)
    return WANTED if refusal is None else Eligibility(Verdict.EXCLUDED, refusal)


def is_unable(node: Mapping[str, Any]) -> bool:
    """Whether the node's operating system cannot run actions, which no time will change."""
    return _system_refusal(node, read_node(node).labels) is not None


def readiness_refusal(node: Mapping[str, Any]) -> str | None:
    """Why the node is not ready, as it or the node lifecycle controller tells it; None where it is."""
    ready = condition(node, "Ready")
    if ready.get("status") == _TRUE:
        return None
    words = (_quoted(text(ready, key) or "") for key in ("reason", "message"))
    return ": ".join(filter(None, ("it is not ready", *words)))


def annotation_key(action: str) -> str:
    """The annotation of nodes that holds an action's Record."""
    return f"{ANNOTATION_PREFIX}/{action}"


def write_record(record: Record) -> str:
    """The value of the annotation: one line of JSON with the keys ``hash``, ``code`` and so on."""
    return json.dumps(
        {
            "hash": record.content_hash,
            "code": record.code,
            "finished": record.finished,
            "machine": record.machine,
            "run": record.run,
            "seconds": record.seconds,
            "output": record.output,
        }
    )


def read_record(node: Mapping[str, Any], action: str) -> Record | None:
    """What the node tells of an action's last run; None where it tells nothing that can be read."""
    written = text(node, "metadata", "annotations", annotation_key(action))
    if written is None:
        return None
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return None
    content_hash, code = text(value, "hash"), number(value, "code")
    if content_hash is None or code is None:
        return None
    return Record(
        content_hash,
        code,
        finished=text(value, "finished") or "",
        machine=text(value, "machine") or "",
        run=text(value, "run") or "",
        seconds=read_seconds(dig(value, "seconds")),
        output=printable_lines(text(value, "output") or "", LONGEST_KEPT_OUTPUT),
    )


def machine_of(node: Mapping[str, Any]) -> str:
    """The machine ID of the node; empty where it tells none."""
    return text(node, "status", "nodeInfo", "machineID") or ""


def is_done(node: Mapping[str, Any], action: str, content_hash: str) -> bool:
    """Whether the node tells that just this content was run there, and ended with 0.

    An object outlives a machine that is installed anew, whose machine ID is another one.
    """
    record = read_record(node, action)
    return (
        record is not None
        and record.code == 0
        and record.content_hash == content_hash
        and record.machine == machine_of(node)
    )


def _system_refusal(node: Mapping[str, Any], labels: Mapping[str, str]) -> str | None:
    system = text(node, "status", "nodeInfo", "operatingSystem") or labels.get(_SYSTEM_LABEL, "")
    if system != _LINUX:
        told = f"its operating system is {_quoted(system)}" if system else "it tells no operating system"
        return f"{told}; actions run on Linux only"
    image = text(node, "status", "nodeInfo", "osImage") or ""
    for pattern, reason in _UNABLE:
        if pattern.match(image) is not None:
            return f"it runs {_quoted(image)}: {reason}"
    return None


def _state_refusal(node: Mapping[str, Any]) -> str | None:
    if dig(node, "metadata", "deletionTimestamp"):
        return "it is being deleted"
    return readiness_refusal(node)


def _taint_refusal(taints: tuple[Taint, ...], selection: Selection, *, cordoned: bool) -> str | None:
    # The taint follows the field only after a while.
    if cordoned and not _tolerated(_CORDONED, selection):
        return "it is cordoned"
    for taint in taints:
        if taint.effect in _REPELLING and not _tolerated(taint, selection):
            return f"taint {taint} is not tolerated"
    return None


def _tolerated(taint: Taint, selection: Selection) -> bool:
    return any(toleration.covers(taint) for toleration in selection.tolerations)


def _quoted(told: str) -> str:
    return printable(told, _LONGEST_SHOWN)


def _read_selector(value: object, where: str, faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    if isinstance(value, Mapping) and value.get(_SYSTEM_LABEL, _LINUX) != _LINUX:
        told = shown(value[_SYSTEM_LABEL])
        faults.append(
            Fault(where, f"the label {_SYSTEM_LABEL} has the value {told}; actions run on linux only")
        )
        value = {key: content for key, content in value.items() if key != _SYSTEM_LABEL}
    return read_labels(value, where, faults) or ()


def _read_toleration(entry: object, where: str, faults: list[Fault]) -> Toleration | None:
    """One toleration; source of its rules: Kubernetes, validation of tolerations."""
    if not isinstance(entry, Mapping):
        faults.append(
            Fault(where, f"{shown(entry)} is not a mapping with the keys {', '.join(_TOLERATION_KEYS)}")
        )
        return None
    found = unknown_keys(entry, _TOLERATION_KEYS, where)
    given = {key: "" if entry.get(key) is None else entry[key] for key in _TOLERATION_KEYS if key in entry}
    found.extend(
        Fault(f"{where}.{key}", f"{shown(content)} is not a string: put it in quotes")
        for key, content in given.items()
        if not isinstance(content, str)
    )
    if not found:
        toleration = Toleration(*(str(given.get(key, "")) for key in _TOLERATION_KEYS))
        found = [Fault(where, reason) for reason in _toleration_faults(toleration)]
        if not found:
            return toleration
    faults.extend(found)
    return None


def _toleration_faults(toleration: Toleration) -> list[str]:
    reasons = []
    if toleration.operator not in _OPERATORS:
        reasons.append(f"the operator {shown(toleration.operator)} is not known; allowed: Equal, Exists")
    if toleration.effect not in _EFFECTS:
        allowed = ", ".join(filter(None, _EFFECTS))
        reasons.append(f"the effect {shown(toleration.effect)} is not known; allowed: {allowed}, or none")
    if not toleration.key and toleration.operator != "Exists":
        reasons.append("without a key only the operator Exists is allowed")
    if toleration.value and toleration.operator == "Exists":
        reasons.append("the operator Exists has no value")
    return reasons
