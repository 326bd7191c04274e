# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: deletes, applies each object as soon as it can be, and waits for all at once.

All of it is one loop that may be repeated at any point, so that an API server that restarts in the middle
only costs time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_plan import (
    OUTDATED,
    Plan,
    Prediction,
    certificate_secrets,
    is_outdated,
    read_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_progress import (
    Open,
    Picture,
    reasons,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_reasons import explain, holder
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.difference import differs
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    STORAGE_CLASSES,
    kinds_brought,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    core,
    dig,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.late import LateValueError, fill
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.order import rank
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight_claim import (
    consumerless_claims,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.readiness import (
    is_renewing,
    readiness,
)

_FIRST_PAUSE = 0.1
# Short while most things happen, then sparing: seconds between two looks, until which second of the wait.
_PAUSES = ((0.2, 30.0), (1.0, float("inf")))
_EXPLAIN_AFTER = 1.0
# Foreground keeps a workload until its pods are gone, so that "gone" means that nothing of it runs any more.
_FOREGROUND = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})


class RolloutError(ArtifactsError):
    """The apply was refused half-way, or something did not become ready."""


@dataclass(frozen=True)
class Limits:
    """How long to wait: whether at all for readiness, for everything, and for a failure to pass; seconds."""

    wait: bool
    timeout: float
    failure_grace: float


@dataclass(frozen=True)
class Step:
    """What happened to one object; ``action`` as in a prediction, or ``deleted``."""

    action: str
    before: KubeObject | None
    after: KubeObject | None


@dataclass(frozen=True)
class _Blocked:
    """Why an object cannot be applied yet, and which object has to be looked at again."""

    text: str
    look_at: ObjectKey
    failing: bool = False


class Rollout:
    """One run of a plan.

    :ivar steps: what happened so far, by object
    """

    def __init__(
        self,
        client: KubeClient,
        objects: Sequence[Desired],
        absent: Sequence[ObjectKey],
        plan: Plan,
        *,
        field_manager: str,
        limits: Limits,
        progress: Callable[[str], None],
    ) -> None:
        self._client = client
        self._field_manager = field_manager
        self._limits = limits
        self._start = time.monotonic()
        self._stored: dict[ObjectKey, KubeObject | None] = dict(plan.facts.objects)
        self._given = {one.key: one for one in objects}
        self._forget_what_goes_with_its_namespace()
        self._certificates = certificate_secrets(objects)
        self._brought = kinds_brought(objects)
        self._consumerless = consumerless_claims(objects, plan.facts.lists.get(STORAGE_CLASSES, ()))
        self._picture = Picture(progress, limits.failure_grace)
        self.steps: dict[ObjectKey, Step] = {}
        self._to_apply = [one for one in objects if not self._is_done(one, plan.predictions[one.key])]
        self._to_delete = [key for key in absent if self._stored.get(key) is not None]
        self._asked: dict[ObjectKey, str] = {}
        self._started: set[ObjectKey] = set()
        self._trouble_since: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def run(self) -> None:
        """Delete, apply and wait.

        :raises RolloutError: something was refused, failed for longer than the grace, or was not ready in
          time
        """
        pause = _FIRST_PAUSE
        opened = self._pass(look_again=False)
        while opened:
            self._picture.update(opened, self.elapsed)
            self._give_up(opened)
            time.sleep(max(0.0, min(pause, self._limits.timeout - self.elapsed)))
            pause = min(pause * 1.5, next(longest for longest, until in _PAUSES if self.elapsed < until))
            opened = self._pass(look_again=True)
        self._picture.update((), self.elapsed)

    def _forget_what_goes_with_its_namespace(self) -> None:
        """What lies in a namespace that is being deleted and made anew has to be made anew as well."""
        for key in self._stored:
            namespace = core("Namespace", "", key.namespace)
            if namespace in self._given and dig(self._stored.get(namespace), "metadata", "deletionTimestamp"):
                self._stored[key] = None

    def _is_done(self, one: Desired, prediction: Prediction) -> bool:
        if prediction.action != "unchanged" or not prediction.settled:
            return False
        self.steps[one.key] = Step("unchanged", prediction.after, prediction.after)
        return True

    def _pass(self, *, look_again: bool) -> list[Open]:
        """Do what can be done now, and give what is still open."""
        try:
            if look_again:
                self._look_again()
            self._delete()
            self._apply()
            opened = self._open()
        except KubeUnavailableError as error:
            return self._trouble(error)
        except KubeError as error:
            # A starting API server may not know its users' rights yet; anything else is told once the grace
            # is over.
            if error.status not in (401, 403):
                raise
            return self._trouble(error, failing=True)
        self._trouble_since = None
        return opened

    def _trouble(self, error: KubeError, *, failing: bool = False) -> list[Open]:
        since = self._trouble_since = self.elapsed if self._trouble_since is None else self._trouble_since
        final = failing and self.elapsed - since >= self._limits.failure_grace
        keys = [one.key for one in self._to_apply] or [*self._asked, *self._to_delete, *self._given]
        return [Open(keys[0], f"waits: {error.message}", final=final)] if keys else []

    def _give_up(self, opened: Sequence[Open]) -> None:
        failed = self._picture.failed(opened, self.elapsed)
        if not failed and self.elapsed < self._limits.timeout:
            return
        told = failed or opened
        why = "failed" if failed else f"was not ready within {self._limits.timeout:g} s"
        message = "; ".join(f"{one.key.full} {why}: {one.text}" for one in told)
        raise RolloutError(
            message, {"reasons": reasons([*told, *(one for one in opened if one not in told)])}
        )

    def _look_again(self) -> None:
        """Read what is open once more, all at once."""
        keys = {blocked.look_at for _one, blocked in self._blocked()}
        keys.update(key for key in self._asked if self._stored.get(key) is not None)
        keys.update(key for key, _obj in self._unready())
        keys = {key for key in keys if self._kind_known(key)}
        self._stored.update(
            self._client.in_parallel(lambda key: read_object(self._client, key), sorted(keys))
        )

    def _kind_known(self, key: ObjectKey) -> bool:
        return key.kind in self._client.discover(key.api_version)

    def _delete(self) -> None:
        """Ask once for each deletion, and once more where a controller has made the object anew."""
        due = [key for key in self._to_delete if self._asked.get(key) != self._uid(key) and self._uid(key)]
        for place in sorted({rank(key) for key in due}, reverse=True):
            group = [key for key in due if rank(key) == place]
            self._client.in_parallel(self._delete_one, group)
            for key in group:
                self._asked[key] = self._uid(key)
                self.steps.setdefault(key, Step("deleted", self._stored[key], None))
                # Whether it is gone is not known before it has been looked at again.

    def _delete_one(self, key: ObjectKey) -> None:
        propagation = "Foreground" if key.kind in _FOREGROUND else "Background"
        self._client.delete(key.api_version, key.kind, key.namespace, key.name, propagation=propagation)

    def _uid(self, key: ObjectKey) -> str:
        return str(dig(self._stored.get(key), "metadata", "uid") or "")

    def _apply(self) -> None:
        """Apply all objects that nothing holds back, over and over: each may be what another waits for."""
        while self._apply_ranks():
            pass

    def _apply_ranks(self) -> bool:
        """Apply rank by rank what can be applied now; whether there was anything."""
        before = len(self._to_apply)
        for place in sorted({rank(one.key) for one in self._to_apply}):
            here = [one for one in self._to_apply if rank(one.key) == place]
            self._started.update(one.key for one in here if self._block(one) and self._may_start(one))
            ready = [one.key for one in here if self._block(one) is None or self._must_start(one.key)]
            self._record(self._client.in_parallel(self._try_to_apply, ready))
        return len(self._to_apply) < before

    def _record(self, found: Mapping[ObjectKey, Step | KubeError | LateValueError]) -> None:
        """Take in what was applied, and only then raise what went wrong beside it."""
        done = {key: step for key, step in found.items() if isinstance(step, Step)}
        only_started = {key for key in done if self._must_start(key)}
        for key, step in done.items():
            first = self.steps.get(key)
            self.steps[key] = step if first is None else Step(first.action, first.before, step.after)
            self._stored[key] = step.after
        self._to_apply = [one for one in self._to_apply if one.key not in done or one.key in only_started]
        for key, error in found.items():
            if isinstance(error, KubeError) and is_outdated(error, self._given[key]):
                raise RolloutError(f"{key.full} was refused: {OUTDATED}")
            if isinstance(error, KubeUnavailableError) or (
                isinstance(error, KubeError) and error.status == 409
            ):
                raise KubeUnavailableError(f"{key.full}: {error.message}", status=error.status)
            if isinstance(error, (KubeError, LateValueError)):
                raise RolloutError(f"{key.full} was refused: {error}")

    def _try_to_apply(self, key: ObjectKey) -> Step | KubeError | LateValueError:
        one, before = self._given[key], self._stored.get(key)
        if before is not None and one.late.create_only:
            return Step("unchanged", before, before)
        try:
            body = one.body if self._must_start(key) else self._filled(one)
            after = self._client.apply(body, field_manager=self._field_manager)
        except (KubeError, LateValueError) as error:
            return error
        if before is None:
            return Step("created", None, after)
        return Step("configured" if differs(before, after) else "unchanged", before, after)

    def _filled(self, one: Desired) -> KubeObject:
        sources = {source: self._fresh(source) for source in one.late.sources}
        live = self._stored.get(one.key)
        return fill(one.body, one.late, sources, live, started=one.key in self._started)

    def _must_start(self, key: ObjectKey) -> bool:
        return key in self._started and key not in self.steps

    def _may_start(self, one: Desired) -> bool:
        """Whether a new workload can be made although what its pods read is still to come.

        Its pods wait for that, and meanwhile they are scheduled, their volumes made and images pulled. Not
        where nothing in the set promises a source, and not where one is there already and about to change:
        the pods would start with the old.
        """
        late = one.late
        if self._stored.get(one.key) is not None or not late.rollout_on or late.data_from or self._hold(one):
            return False
        coming = {source: self._block_by_source(source) for source in late.sources}
        return all(
            blocked is None or (not blocked.failing and self._stored.get(source) is None)
            for source, blocked in coming.items()
        )

    def _fresh(self, key: ObjectKey) -> KubeObject:
        """Give a late value's source.

        A certificate's Secret may have been read before the certificate became ready.
        """
        found = read_object(self._client, key) if key in self._certificates else self._stored.get(key)
        if found is None:
            raise KubeUnavailableError(f"{key.full} does not exist yet")
        return found

    def _blocked(self) -> list[tuple[Desired, _Blocked]]:
        found = [(one, self._block(one)) for one in self._to_apply]
        return [(one, blocked) for one, blocked in found if blocked is not None]

    def _block(self, one: Desired) -> _Blocked | None:
        """Say what holds an object back; None where it can be applied."""
        found = self._hold(one)
        for source in one.late.sources:
            found = found or self._block_by_source(source)
        return found

    def _hold(self, one: Desired) -> _Blocked | None:
        """Say what holds an object back whatever its late values are."""
        live = self._stored.get(one.key)
        if dig(live, "metadata", "deletionTimestamp"):
            return _Blocked(f"waits: it is still being deleted{holder(live)}", one.key)
        namespace = core("Namespace", "", one.key.namespace)
        if namespace in self._given and namespace not in self.steps:
            return _Blocked(f"waits for {namespace.short}", namespace)
        if (one.key.api_version, one.key.kind) in self._brought and not self._established(one):
            definition = self._definition(one)
            return _Blocked(f"waits for {definition.short}", definition)
        return None

    def _block_by_source(self, source: ObjectKey) -> _Blocked | None:
        certificate = self._certificates.get(source)
        if certificate is not None:
            live = self._stored.get(certificate)
            if certificate not in self.steps or live is None or not readiness(live).ready:
                return _Blocked(f"waits for {certificate.short}, which makes {source.short}", certificate)
            # A renewal that hangs must not hold a valid certificate back for longer than the grace.
            if is_renewing(live) and self.elapsed < self._limits.failure_grace:
                return _Blocked(f"waits for the renewal of {certificate.short}", certificate)
            return None
        if source in self._given:
            return None if source in self.steps else _Blocked(f"waits for {source.short}", source)
        if self._stored.get(source) is None:
            return _Blocked(f"waits for {source.full}, which does not exist", source, failing=True)
        return None

    def _definition(self, one: Desired) -> ObjectKey:
        return next(
            key
            for key, given in self._given.items()
            if key.kind == "CustomResourceDefinition"
            and dig(given.body, "spec", "group") == one.key.group
            and dig(given.body, "spec", "names", "kind") == one.key.kind
        )

    def _established(self, one: Desired) -> bool:
        definition = self._definition(one)
        live = self._stored.get(definition)
        return (
            definition in self.steps
            and live is not None
            and readiness(live).ready
            and self._kind_known(one.key)
        )

    def _unready(self) -> list[tuple[ObjectKey, KubeObject | None]]:
        """Give the applied objects that are not ready, or have vanished."""
        if not self._limits.wait:
            return []
        applied = [(key, self._stored.get(key)) for key in self._given if key in self.steps]
        return [
            (key, obj) for key, obj in applied if obj is None or not readiness(obj, self._consumerless).ready
        ]

    def _open(self) -> list[Open]:
        unready = dict(self._unready())
        found = [
            Open(one.key, blocked.text, blocked.failing)
            for one, blocked in self._blocked()
            if one.key not in unready
        ]
        found += self._client.in_parallel(lambda key: self._describe(key, unready[key]), unready).values()
        if self._limits.wait:
            remaining = [(key, self._stored.get(key)) for key in self._asked]
            found += [
                Open(key, f"is being deleted{holder(obj)}") for key, obj in remaining if obj is not None
            ]
        return found

    def _describe(self, key: ObjectKey, obj: KubeObject | None) -> Open:
        if obj is None:
            return Open(key, "has been deleted by somebody else", failing=True)
        state = readiness(obj, self._consumerless)
        why = explain(self._client, obj) if self.elapsed >= _EXPLAIN_AFTER or state.failing else None
        text = f"{state.picture}: {why}" if why else state.picture
        return Open(key, text, state.failing or (why is not None and why.failing), state.final)
