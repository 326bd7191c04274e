# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of an action on one node, by its Job and its pod.

Sources: Kubernetes' API (JobStatus, PodStatus, ContainerStatus) and its documentation of pod disruptions.
Nothing that these objects hold raises.
"""

from __future__ import annotations

import datetime
import enum
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.kubelet_message import (
    reduce_message,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.termination import (
    LONGEST_REASON,
    Result,
    printable_lines,
    read_result,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    condition,
    dig,
    entries,
    number,
    text,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.pods import FAILURES
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

# The container that runs the script.
ACTION = "action"

_TRUE = "True"
# What the runner ends with before, or instead of, the script.
_MEANINGS = {
    64: "the runner was called wrongly",
    69: "the package server did not answer in time, or the node lacks what the runner needs",
    73: "the state of the action could not be written on the node",
    75: "another run of the action held the lock for too long",
    124: "the script reached its time limit",
}
_SIGNALLED = 128
# What the kubelet notes for containers that ended unseen, as when the node was started anew.
_UNSEEN = frozenset({"Unknown", "ContainerStatusUnknown"})
_OUT_OF_MEMORY = "OOMKilled"
_ENDED = frozenset({"Failed", "Succeeded"})
# The kubelet's own limit (registryPullQPS); it tells it as ErrImagePull, and tries again.
_TOO_MANY_PULLS = "pull QPS exceeded"
_BEGINNING = frozenset({"", "ContainerCreating", "PodInitializing"})
_CRASHED = "CrashLoopBackOff"
_DEADLINE = "DeadlineExceeded"


class State(enum.Enum):
    """How far an action has come on one node."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    RUNNING = "running"
    LOST = "lost"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An action on one node.

    FAILED: it ended, and not well. LOST: it was begun, and nobody can tell how it ended.

    :ivar code: what the script ended with; None where it did not end by itself
    :ivar seconds: how long it took; None where that is not known
    :ivar reason: one line; of RUNNING, what it waits for; empty where all is well
    :ivar output: the last lines of the script's output; printable
    :ivar stuck: of RUNNING, it will most likely not go on by itself
    """

    node: str
    state: State
    code: int | None = None
    seconds: float | None = None
    reason: str = ""
    output: str = ""
    stuck: bool = False

    @property
    def over(self) -> bool:
        """Whether it will not change any more."""
        return self.state not in (State.RUNNING, State.NOT_STARTED)

    @property
    def failed(self) -> bool:
        """Whether the node counts as one on which it failed."""
        return self.state in (State.FAILED, State.LOST)


def job_outcome(
    node: str,
    job: Mapping[str, Any] | None,
    pods: Iterable[Mapping[str, Any]],
    before: Outcome | None = None,
) -> Outcome:
    """Tell what came of an action.

    :param job: None where it is not there, or not any more
    :param pods: those of the Job, listed after it was read; the newest one counts
    :param before: what was told last; where the pods are gone, it tells how far they had come
    """
    newest = max(pods, key=_age, default=None)
    seen = None if newest is None else pod_outcome(node, newest)
    failure = condition(job, "Failed")
    told = ""
    if failure.get("status") == _TRUE:
        told = _joined(text(failure, "reason"), text(failure, "message")) or "its Job failed"
    if seen is not None and seen.over:
        # That the only pod failed is all that this reason says.
        more = told if seen.failed and text(failure, "reason") != "BackoffLimitExceeded" else ""
        return replace(seen, reason=_joined(seen.reason, more)) if more else seen
    last = seen.reason if seen is not None else before.reason if before is not None else ""
    if told:
        return Outcome(node, State.FAILED, reason=_after(told, last))
    if seen is not None:
        return seen
    if condition(job, "Complete").get("status") == _TRUE:
        return Outcome(node, State.DONE, reason="its pod is gone, and with it what it told")
    if job is None:
        return Outcome(node, State.LOST, reason=_after("its Job is gone, and told no result", last))
    return Outcome(node, State.RUNNING, reason="its pod is not there yet")


def pod_outcome(node: str, pod: Mapping[str, Any]) -> Outcome:
    """Tell what came of an action by its pod alone, be ACTION one of its containers or init containers."""
    initial, main = (
        entries(pod, "status", "initContainerStatuses"),
        entries(pod, "status", "containerStatuses"),
    )
    action = next((status for status in (*initial, *main) if text(status, "name") == ACTION), None)
    ended = _termination(action)
    if ended is not None:
        return _ended(node, pod, ended)
    if text(pod, "status", "phase") in _ENDED:
        return _ended_early(node, pod, action, initial)
    return _unfinished(node, pod, (*initial, *main))


def _ended(node: str, pod: Mapping[str, Any], ended: Mapping[str, Any]) -> Outcome:
    """The action's container has ended; what the kubelet saw counts more than what the runner told."""
    message, word = text(ended, "message") or "", text(ended, "reason") or ""
    result = read_result(message)
    code = number(ended, "exitCode")
    if code is None or word in _UNSEEN:
        if result is None:
            told = _joined("nobody saw how the script ended", _disruption(pod) or word)
            return Outcome(node, State.LOST, reason=told, output=printable_lines(message))
        code = result.code
    elif code == 0 and result is not None:
        code = result.code
    if result is None:
        return _without_result(node, pod, ended, code)
    seconds = result.seconds if result.seconds is not None else _duration(ended)
    state = State.FAILED if code else State.UNCHANGED if result.changed is False else State.DONE
    reason = _reason(pod, word, code, result) if code else result.reason
    return Outcome(node, state, code, seconds, reason, result.output)


def _without_result(node: str, pod: Mapping[str, Any], ended: Mapping[str, Any], code: int) -> Outcome:
    message, word = text(ended, "message") or "", text(ended, "reason") or ""
    seconds, output = _duration(ended), printable_lines(message)
    if code == 0:
        return Outcome(node, State.DONE, 0, seconds, "it ended with 0, but told no result", output)
    disrupted = _disruption(pod)
    if disrupted and not disrupted.startswith(_DEADLINE):
        reason = _joined("its pod was ended before the script told a result", disrupted)
        return Outcome(node, State.LOST, None, seconds, reason, output)
    if word in FAILURES or word == "ContainerCannotRun":
        return Outcome(node, State.FAILED, None, None, _joined(*reduce_message(word, message)))
    return Outcome(node, State.FAILED, code, seconds, _reason(pod, word, code, None), output)


def _ended_early(
    node: str,
    pod: Mapping[str, Any],
    action: Mapping[str, Any] | None,
    initial: Iterable[Mapping[str, Any]],
) -> Outcome:
    """The pod has ended, and the container of the action tells no end."""
    told = _disruption(pod)
    if not told:
        for status in initial:
            ended = _termination(status)
            if ended is not None and number(ended, "exitCode") != 0:
                seconds = _duration(ended)
                return Outcome(node, State.FAILED, None, seconds, _container_end(status, ended))
        told = "its pod ended, and tells no reason"
    if isinstance(dig(action, "state", "running"), Mapping):
        return Outcome(node, State.LOST, reason=_joined("its pod ended while the script ran", told))
    return Outcome(node, State.FAILED, reason=_joined("the script was not started", told))


def _unfinished(node: str, pod: Mapping[str, Any], statuses: Iterable[Mapping[str, Any]]) -> Outcome:
    for status in statuses:
        waiting = dig(status, "state", "waiting")
        word, message = text(waiting, "reason") or "", text(waiting, "message") or ""
        if word not in _BEGINNING:
            last = dig(status, "lastState", "terminated")
            if word == _CRASHED and isinstance(last, Mapping):
                told = _container_end(status, last)
            else:
                told = _joined(f"container {_name(status)}", *reduce_message(word, message))
            stuck = word in FAILURES and _TOO_MANY_PULLS not in message
            return Outcome(node, State.RUNNING, reason=told, stuck=stuck)
        ended = _termination(status)
        if ended is not None and number(ended, "exitCode") not in (0, None):
            return Outcome(node, State.RUNNING, reason=_container_end(status, ended))
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        # Its node is chosen already, and has no room for it.
        told = _joined(text(scheduled, "reason"), text(scheduled, "message"))
        return Outcome(node, State.RUNNING, reason=told, stuck=True)
    return Outcome(node, State.RUNNING, reason=_joined(text(pod, "status", "reason")))


def _termination(status: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """How the container ended, be it that it waits to be started again; None while it runs, or never ran."""
    state = dig(status, "state")
    ended = dig(state, "terminated")
    if isinstance(ended, Mapping):
        return ended
    last = dig(status, "lastState", "terminated")
    return last if isinstance(dig(state, "waiting"), Mapping) and isinstance(last, Mapping) else None


def _container_end(status: Mapping[str, Any], ended: Mapping[str, Any]) -> str:
    code = number(ended, "exitCode")
    told = f"container {_name(status)} ended with exit code {'not told' if code is None else code}"
    word = text(ended, "reason") or ""
    return _joined(told, word if word != "Error" else "", text(ended, "message"))


def _name(status: Mapping[str, Any]) -> str:
    return text(status, "name") or "without a name"


def _reason(pod: Mapping[str, Any], word: str, code: int, result: Result | None) -> str:
    """Why the script failed: what was told of it, else what its exit code means."""
    if word == _OUT_OF_MEMORY:
        return f"{word}: it took more memory than its container may have"
    # A result from before the end does not tell why it came to that end.
    if result is not None and result.reason and result.code == code:
        return _joined(result.reason, _disruption(pod) if code > _SIGNALLED else "")
    return _joined(_meaning(code), _disruption(pod))


def _meaning(code: int) -> str:
    known = _MEANINGS.get(code)
    if known is not None:
        return known
    try:
        name = signal.Signals(code - _SIGNALLED).name
    except ValueError:
        return f"the script ended with exit code {code}"
    return f"the script ended with exit code {code}, as after the signal {name}"


def _disruption(pod: Mapping[str, Any]) -> str:
    """Why the pod as a whole was ended, such as an eviction; empty where it tells no reason."""
    disrupted = condition(pod, "DisruptionTarget")
    source = disrupted if disrupted.get("status") == _TRUE else dig(pod, "status")
    word = text(pod, "status", "reason") or text(source, "reason") or ""
    return _joined(word, text(source, "message") or text(pod, "status", "message")) if word else ""


def _duration(ended: Mapping[str, Any]) -> float | None:
    times = (text(ended, key) for key in ("startedAt", "finishedAt"))
    try:
        begin, end = (datetime.datetime.fromisoformat(time or "") for time in times)
        seconds = (end - begin).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds >= 0 else None


def _age(pod: Mapping[str, Any]) -> tuple[str, str]:
    return text(pod, "metadata", "creationTimestamp") or "", text(pod, "metadata", "name") or ""


def _joined(*parts: str | None) -> str:
    return printable(": ".join(part.strip() for part in parts if part and part.strip()), LONGEST_REASON)


def _after(told: str, last: str) -> str:
    return printable(f"{told}; before that: {last}" if last else told, LONGEST_REASON)
