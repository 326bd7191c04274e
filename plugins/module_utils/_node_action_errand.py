# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's part of an action: cordon, drain, create the Job, watch it, write down what came of it.

Each step can be taken again: what failed because the API server was away is done when it is back.
"""

from __future__ import annotations

import datetime
import enum
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeError,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import (
    TIME_FORMAT,
    ActionCluster,
    Look,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_drain import (
    Drain,
    DrainState,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    LONGEST_KEPT_OUTPUT,
    NO_CODE,
    Record,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import longest_run
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.observed import has_begun, is_over
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import (
    Outcome,
    State,
    job_outcome,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import SeenNode
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.termination import printable_lines
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject, text

DONE_EVENT, FAILED_EVENT = "NodeActionDone", "NodeActionFailed"

# How much longer than its Job may run a node is waited for.
_OVERDUE_SECONDS = 60
# A Job that has no pod for so long has been refused one.
_PODLESS_SECONDS = 10
# If nothing was heard of a pod for so long, its node is looked at.
_QUIET_SECONDS = 60

Refusals = Callable[[str], str]


class Stage(enum.Enum):
    """What an errand does next."""

    AWAIT = enum.auto()
    CORDON = enum.auto()
    DRAIN = enum.auto()
    MARK = enum.auto()
    CREATE = enum.auto()
    WATCH = enum.auto()
    RECORD = enum.auto()
    TELL = enum.auto()
    CLEAR = enum.auto()
    END = enum.auto()


class Errand:
    """One node, from its start to what is written down of it; used by one thread at a time.

    :ivar outcome: as it is known so far, without secrets
    :ivar changed: whether something was done on the node, or to what its annotation tells
    :ivar record: what the annotation tells in the end; None where there is none
    :ivar warnings: what could not be done, and does not matter to the node
    """

    def __init__(
        self,
        cluster: ActionCluster,
        wish: Wish,
        node: SeenNode,
        manifest: Mapping[str, Any],
        found: KubeObject | None = None,
        *,
        awaits: bool = False,
    ) -> None:
        """Begin; ``manifest`` is the Job to create, and ``found`` the same where it is there already.

        :param awaits: whether pods of an earlier run may be on the node, which have to end before
        """
        self._cluster, self._wish, self._node, self._manifest = cluster, wish, node, manifest
        self._name: str = manifest["metadata"]["name"]
        self._drain = None if wish.drain is None else Drain(cluster.client, node.name, wish.drain)
        # While an earlier run's script may go on there, the node stays as it is.
        self._cordoned = node.marked and not awaits
        self._run = ""
        self._began = time.monotonic()
        # What was seen before is older than what was deleted since.
        self._created_after = cluster.looks if awaits else 0
        self._stuck_since: float | None = None
        self._troubled_since: float | None = None
        self._stage = Stage.AWAIT if awaits else self._first_stage
        # Whether a Job may be there though its creation was not confirmed.
        self._doubtful = False
        self._heard = Outcome(node.name, State.NOT_STARTED)
        self._heard_at = self._began
        self._absence = ""
        self.outcome = Outcome(node.name, State.RUNNING)
        self.changed = False
        self.record = node.record
        self.warnings: list[str] = []
        if found is not None:
            self._take_job(found)

    @property
    def watches(self) -> bool:
        """Whether it needs a look that is newer than the one that it had last."""
        return self._stage in (Stage.AWAIT, Stage.WATCH)

    @property
    def _first_stage(self) -> Stage:
        return Stage.CORDON if self._wish.cordons else Stage.MARK

    def touch(self) -> None:
        """Another node has come to its end."""

    def stop(self, reason: str) -> None:
        """No other node is to be started; this one was."""

    def advance(self, look: Look, refusals: Refusals) -> Outcome | None:
        """Go on as far as it goes; gives the outcome once all is written down.

        :param refusals: tells why a Job's pod is refused, by the Job's name; empty where nothing is known
        """
        steps = {
            Stage.AWAIT: lambda: self._await_others(look),
            Stage.CORDON: self._cordon,
            Stage.DRAIN: self._take_pods_off,
            Stage.MARK: self._mark,
            Stage.CREATE: lambda: self._create(look),
            Stage.WATCH: lambda: self._watch(look, refusals),
            Stage.RECORD: self._write_down,
            Stage.TELL: self._tell,
            Stage.CLEAR: self._clear,
        }
        while self._stage is not Stage.END:
            before = self._stage
            try:
                steps[before]()
                self._troubled_since = None
            except KubeUnavailableError as error:
                if not self._lost_patience(error.message):
                    return None
            except KubeError as error:
                self._refused(error.message)
            if self._stage is before:
                return None
        return self.outcome

    def _lost_patience(self, message: str) -> bool:
        self._troubled_since = self._troubled_since or time.monotonic()
        if time.monotonic() - self._troubled_since < self._wish.settings.start_timeout:
            return False
        self._doubtful = self._stage is Stage.CREATE
        self._refused(message)
        return True

    def _refused(self, message: str) -> None:
        """What was asked for will not be done: before the end that is the node's failure."""
        self._troubled_since = None
        match self._stage:
            case Stage.RECORD:
                told = f"the result could not be written to the node: {message}"
                reason = f"{told}; the result: {self.outcome.state.value} {self.outcome.reason}".rstrip()
                self.outcome = replace(self.outcome, state=State.FAILED, reason=reason)
                self._stage = Stage.TELL
            case Stage.TELL:
                self.warnings.append(f"no event could be made about {self._node.name}: {message}")
                self._stage = Stage.CLEAR
            case Stage.CLEAR:
                self.warnings.append(f"job {self._name} could not be deleted: {message}")
                self._stage = Stage.END
            case _:
                self._end(Outcome(self._node.name, State.FAILED, reason=message))

    def _await_others(self, look: Look) -> None:
        """Wait until nothing of an earlier run goes on there, or can begin there."""
        if look.number <= self._created_after:
            return
        others = [pod for pod in look.on_node.get(self._node.name, ()) if not is_over(pod)]
        if not others:
            if self._node.marked and not self._wish.cordons:
                # The pods to come would not tolerate it.
                self._cluster.release(self._node)
            self._began, self._cordoned = time.monotonic(), self._node.marked
            self.outcome = replace(self.outcome, reason="")
            self._stage = self._first_stage
            return
        begun = any(map(has_begun, others))
        pod = text(others[0], "metadata", "name")
        told = f"pod {pod} of an earlier run {'has not ended' if begun else 'is not gone'}"
        settings = self._wish.settings
        limit = max(settings.lock_limit, settings.start_timeout)
        if time.monotonic() - self._began < limit:
            self.outcome = replace(self.outcome, reason=told)
            return
        reason = f"{told} within {limit} seconds (lock_timeout, start_timeout)"
        self._end(Outcome(self._node.name, State.FAILED, reason=reason))

    def _cordon(self) -> None:
        self._cordoned = self._cluster.cordon(self._node)
        self._stage = Stage.DRAIN if self._drain is not None else Stage.MARK

    def _take_pods_off(self) -> None:
        if self._drain is None:
            self._stage = Stage.MARK
            return
        state = self._drain.step()
        self.changed = self._drain.evicted > 0
        if state is DrainState.FAILED:
            reason = f"the node was not drained: {self._drain.reason}"
            self._end(Outcome(self._node.name, State.FAILED, reason=reason))
        elif state is DrainState.DONE:
            self._stage = Stage.MARK
        else:
            self.outcome = replace(self.outcome, reason=f"draining: {self._drain.reason}")

    def _mark(self) -> None:
        """Take back what the annotation tells of before: if this run is interrupted it is not so any more."""
        record, action = self.record, self._wish.action
        if record is not None and record.code == 0:
            content = record.content_hash if action.removes else action.content_hash
            self.record = self._cluster.mark_begun(self._node, content)
        self._stage = Stage.CREATE

    def _create(self, look: Look) -> None:
        created = self._cluster.create_job(self._manifest)
        if created is not None:
            self._take_job(created)
            self._created_after = look.number

    def _take_job(self, job: KubeObject) -> None:
        self._run = text(job, "metadata", "uid") or ""
        self._began = time.monotonic()
        self.outcome = replace(self.outcome, reason="")
        self._stage = Stage.WATCH

    def _watch(self, look: Look, refusals: Refusals) -> None:
        if look.number <= self._created_after:
            return
        job = look.jobs.get(self._name)
        pods: Sequence[KubeObject] = look.pods.get(self._run, ())
        if job is not None and text(job, "metadata", "uid") != self._run:
            # Somebody else's run of the same: ours is gone.
            job = None
        found = job_outcome(self._node.name, job, pods, self.outcome)
        if job is None and not pods and found.over:
            found = self._as_recorded(found)
        if job is not None and not pods and not found.over:
            found = self._podless(found, refusals)
        found = self._judged(self._attended(found) if pods else found)
        if found.over:
            self._end(found)
        else:
            self.outcome = found

    def _judged(self, found: Outcome) -> Outcome:
        """What was seen, with what time tells of it, and without secrets."""
        return self._wish.secrets.hidden_in(self._timed(found))

    def _attended(self, found: Outcome) -> Outcome:
        """The outcome, with why its node is not heard of where it has not changed for long."""
        now = time.monotonic()
        if found.over or found != self._heard:
            self._heard, self._heard_at, self._absence = found, now, ""
        elif now - self._heard_at >= _QUIET_SECONDS:
            self._absence, self._heard_at = self._cluster.absence(self._node.name), now
        if not self._absence:
            return found
        return replace(found, reason=": ".join(filter(None, (self._absence, found.reason))))

    def _podless(self, found: Outcome, refusals: Refusals) -> Outcome:
        if time.monotonic() - self._began < _PODLESS_SECONDS:
            return found
        refusal = refusals(self._name)
        return replace(found, reason=f"its pod is refused: {refusal}", stuck=True) if refusal else found

    def _timed(self, found: Outcome) -> Outcome:
        """The outcome, which is a failure where it has been stuck, or has run, for too long."""
        now, settings = time.monotonic(), self._wish.settings
        if found.over or not found.stuck:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since >= settings.start_timeout:
            reason = f"it could not start for {settings.start_timeout} seconds: {found.reason}"
            return Outcome(found.node, State.FAILED, reason=reason)
        run = longest_run(self._wish.action, settings, serves=self._wish.storage is not None)
        limit = run + _OVERDUE_SECONDS
        if not found.over and now - self._began >= limit:
            told = f"after {limit} seconds the node has not told an end"
            return Outcome(found.node, State.LOST, reason=f"{told}: {found.reason}".rstrip(": "))
        return found

    def _as_recorded(self, lost: Outcome) -> Outcome:
        """What another run of the same action wrote down of the Job, which it then deleted."""
        record = self._cluster.read_record(self._node.name)
        if self._wish.action.removes or record is None or record.run != self._run:
            return lost
        self.record = record
        code = None if record.code == NO_CODE else record.code
        reason = "another run of this action wrote the result down"
        state = State.DONE if record.code == 0 else State.FAILED
        return Outcome(lost.node, state, code, record.seconds, reason, record.output)

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._stage = Stage.RECORD

    def _write_down(self) -> None:
        record, annotations = self._record(), {}
        if record != self.record:
            annotations = self._cluster.record_change(record)
        if annotations or self._cordoned:
            if not self._cluster.write_node(self._node, annotations, uncordon=self._cordoned):
                self.warnings.append(f"node {self._node.name} is gone, and with it what its annotation told")
            self.record = record
        self.changed |= _differs(self._node.record, self.record)
        if self._run:
            self.changed |= self.outcome.state is not State.UNCHANGED
        self._stage = Stage.TELL

    def _record(self) -> Record | None:
        """What the annotation shall tell."""
        outcome, record = self.outcome, self.record
        if not self._run:
            return record if self._doubtful else self._node.record
        if record is not None and record.run == self._run:
            return record
        seconds = None if outcome.seconds is None else round(outcome.seconds, 1)
        output = printable_lines(outcome.output, LONGEST_KEPT_OUTPUT)
        if self._wish.action.removes:
            if not outcome.failed or record is None:
                return None
            # It stays, so that the removal is tried again.
            return replace(record, run=self._run, seconds=seconds, output=output)
        code = NO_CODE if outcome.failed and not outcome.code else outcome.code or 0
        now = datetime.datetime.now(datetime.UTC).strftime(TIME_FORMAT)
        content = self._wish.action.content_hash
        return Record(content, code, now, self._node.machine, self._run, seconds, output)

    def _tell(self) -> None:
        outcome = self.outcome
        output = printable_lines(outcome.output, LONGEST_KEPT_OUTPUT)
        code = "" if outcome.code is None else f"code {outcome.code}"
        seconds = "" if outcome.seconds is None else f"{outcome.seconds:.1f} s"
        told = ", ".join(filter(None, (code, seconds, outcome.reason)))
        message = f"action {self._wish.action.name}: {outcome.state.value}{f', {told}' if told else ''}"
        message += f"; it wrote:\n{output}" if output else ""
        run = self._run or f"{self._began}"
        reason = FAILED_EVENT if outcome.failed else DONE_EVENT
        self._cluster.tell(self._node, run, reason, message, warning=outcome.failed)
        self._stage = Stage.CLEAR

    def _clear(self) -> None:
        if self._run:
            self._cluster.delete_job(self._name)
        self._stage = Stage.END


def _differs(before: Record | None, after: Record | None) -> bool:
    if before is None or after is None:
        return before is not after
    return (before.content_hash, before.code, before.machine) != (
        after.content_hash,
        after.code,
        after.machine,
    )
