# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps two runs of one action in one namespace apart, by a Lease.

Source: Kubernetes' API (coordination.k8s.io/v1, LeaseSpec). Clocks of different machines are not compared:
a Lease has lapsed once it was seen unchanged for as long as it says. One that is gone after it was held was
taken over, and given up again: it is made anew by nobody who held it before.
"""

from __future__ import annotations

import datetime
import time
import uuid
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    NODE_ACTION,
    RUN,
    labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    number,
    text,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress

# How long a Lease outlives a run that was killed, and how often a run that goes on renews it; in seconds.
VALID_SECONDS = 60
RENEWAL_SECONDS = 10
_LOOK_SECONDS = 1.0
_LEASE = ("coordination.k8s.io/v1", "Lease")
_FORBIDDEN, _NOT_FOUND, _CONFLICT = 403, 404, 409
_ENDING_NAMESPACE = "is being terminated"
# A machine that sleeps renews nothing; its monotonic clock may stand still meanwhile.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class HeldError(ArtifactsError):
    """Another run of the action goes on."""


class Lease:
    """The Lease of one action; used by one thread."""

    def __init__(self, client: KubeClient, namespace: str, action: str) -> None:
        """Prepare; nothing is asked."""
        self._client, self._namespace, self._action = client, namespace, action
        self._name = f"node-action-{action}"
        self._holder = uuid.uuid4().hex
        self._version = ""
        self._renewed_at = 0.0

    def take(self, patience: float, progress: Progress) -> None:
        """Take it, or wait for so many seconds until another run has given it up, or let it lapse.

        Whether a run was killed shows only after its Lease's own time: for so long one that is not renewed is
        watched, however short the patience is. Where there is no namespace for it, there is nothing to keep
        apart.

        :raises HeldError: the other run has not ended in time
        :raises KubeError: the API server cannot be asked, or refuses
        """
        began = time.monotonic()
        seen, seen_at, goes_on = "", began, False
        while not self._create():
            now = time.monotonic()
            held = self._read()
            if held is None:
                continue
            version = text(held, "metadata", "resourceVersion") or ""
            if version != seen:
                goes_on = seen != ""
                seen, seen_at = version, now
            lapses_at = seen_at + (number(held, "spec", "leaseDurationSeconds") or VALID_SECONDS)
            if self._is_mine(held) or (now >= lapses_at and self._write(version, taking=True)):
                return
            ends_at = began + patience if goes_on else max(began + patience, lapses_at)
            if now >= ends_at:
                raise HeldError(self._told(held, patience))
            progress.update(f"{now - began:.0f} s: another run of the action {self._action} goes on")
            time.sleep(min(_LOOK_SECONDS, max(0.1, ends_at - now)))

    def keep(self) -> None:
        """Renew it where that is due.

        :raises HeldError: another run has taken it, since it was not renewed for too long; it may have ended
        :raises KubeUnavailableError: the API server is away
        """
        seconds = _seconds() - self._renewed_at
        if not self._version or seconds < RENEWAL_SECONDS or self._write(self._version):
            return
        found = self._read()
        if self._is_mine(found):
            return
        self._version = ""
        if found is not None:
            raise HeldError(
                f"another run of the action {self._action} has taken over, and goes on with what is begun, "
                f"since this one could not renew its lease {self._name} for {seconds:.0f} seconds"
            )
        raise HeldError(
            f"the lease {self._name} of this run of the action {self._action} is gone: in the {seconds:.0f} "
            "seconds since it was renewed another run may have taken over, and ended; run it again"
        )

    def release(self) -> None:
        """Give it up; where that cannot be done it lapses by itself."""
        if not self._version:
            return
        try:
            # What renewed it last may have been ended before it heard of that.
            if self._is_mine(self._read()):
                self._client.delete(*_LEASE, self._namespace, self._name, version=self._version)
        except KubeError:
            return
        self._version = ""

    def _create(self) -> bool:
        metadata = {
            "name": self._name,
            "namespace": self._namespace,
            "labels": labels(NODE_ACTION, self._action, RUN),
        }
        spec = {**self._spec(), "acquireTime": _now()}
        manifest = {"apiVersion": _LEASE[0], "kind": _LEASE[1], "metadata": metadata, "spec": spec}
        try:
            self._remember(self._client.create(manifest))
        except KubeError as error:
            if self._has_no_place(error):
                return True
            if error.status != _CONFLICT:
                raise
            return False
        return True

    def _has_no_place(self, error: KubeError) -> bool:
        """Whether its namespace is the reason that it cannot be made."""
        missing = error.status == _NOT_FOUND and f'namespaces "{self._namespace}" not found' in error.message
        return missing or (error.status == _FORBIDDEN and _ENDING_NAMESPACE in error.message)

    def _read(self) -> KubeObject | None:
        return self._client.get(*_LEASE, self._namespace, self._name)

    def _write(self, version: str, *, taking: bool = False) -> bool:
        """Renew or take over just this version; false where there is another one, or none."""
        spec = {**self._spec(), "acquireTime": _now()} if taking else self._spec()
        changes = {"metadata": {"resourceVersion": version}, "spec": spec}
        try:
            self._remember(self._client.merge(*_LEASE, self._namespace, self._name, changes))
        except KubeError as error:
            if error.status not in (_NOT_FOUND, _CONFLICT):
                raise
            return False
        return True

    def _is_mine(self, found: KubeObject | None) -> bool:
        """Whether this run holds it; a request whose answer was lost may have written it."""
        if found is None or text(found, "spec", "holderIdentity") != self._holder:
            return False
        self._remember(found)
        return True

    def _remember(self, stored: KubeObject) -> None:
        self._version = text(stored, "metadata", "resourceVersion") or ""
        self._renewed_at = _seconds()

    def _spec(self) -> dict[str, Any]:
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": VALID_SECONDS,
            "renewTime": _now(),
        }

    def _told(self, held: KubeObject, patience: float) -> str:
        since = text(held, "spec", "acquireTime") or "a time that is not told"
        return (
            f"another run of the action {self._action} goes on since {since}, and has not ended within "
            f"{patience:.0f} seconds (lock_timeout); its lease is {self._name} in the namespace "
            f'"{self._namespace}"; nothing was changed'
        )


def _seconds() -> float:
    """Seconds since some time, those of the machine's sleep among them."""
    return time.clock_gettime(_CLOCK)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
