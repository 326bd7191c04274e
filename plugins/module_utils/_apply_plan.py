# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply would do: looks facts up, judges them, and asks the API server by dry runs. Writes nothing.

The dry run of a server-side apply gives the object as it would be stored. Where that equals the live object
nothing has to be
written; where it is refused, the user learns it before anything is changed; and check mode is the same
computation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import FaultsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired, Wanted
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.difference import differs
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    Facts,
    KindKey,
    keys_to_read,
    kinds_brought,
    lists_to_read,
    more_lists_to_read,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    core,
    dig,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.late import (
    LateValueError,
    fill,
    is_incomplete,
    keep,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight import (
    faults_of,
    kind_faults,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.readiness import (
    is_renewing,
    readiness,
)

OUTDATED = "others have changed it since it was read; run this again"

# Source: cert-manager's documentation of annotated Ingress resources.
_INGRESS_ISSUERS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer")


class PreflightError(FaultsError):
    """What was given cannot be applied; nothing was written."""


@dataclass(frozen=True)
class Prediction:
    """What applying one object would do.

    :ivar action: ``created``, ``configured`` or ``unchanged``
    :ivar after: the object as it would be stored, or as it was rendered where the API server cannot tell yet
    :ivar settled: whether this is all; false where a late value is not known yet or no dry run was possible
    """

    action: str
    after: KubeObject
    settled: bool


@dataclass(frozen=True)
class Plan:
    """Facts and predictions, the latter in the order the objects were given."""

    facts: Facts
    predictions: Mapping[ObjectKey, Prediction]


def make_plan(client: KubeClient, wanted: Wanted, *, field_manager: str, check_mode: bool) -> Plan:
    """Judge everything that is wanted.

    :raises PreflightError: with all faults
    :raises KubeError: the API server could not be asked
    """
    faults = list(wanted.faults)
    scopes = _scopes(client, wanted)
    faults.extend(kind_faults(wanted.objects, scopes, client.url))
    faults.extend(
        f"{key.full} has no metadata.namespace; objects of this kind need one"
        for key in wanted.absent
        if scopes.get((key.api_version, key.kind)) and not key.namespace
    )
    usable = [one for one in wanted.objects if _usable(one.key, scopes, wanted)]
    absent = [key for key in wanted.absent if scopes.get((key.api_version, key.kind)) == bool(key.namespace)]
    facts = _look_up(client, usable, absent, scopes)
    faults.extend(faults_of(usable, facts, absent, check_mode=check_mode))
    planner = _Planner(client, usable, facts, field_manager, check_mode)
    planner.predict()
    faults.extend(planner.faults_not_in(faults))
    if faults:
        raise PreflightError(faults)
    return Plan(facts, {one.key: planner.predictions[one.key] for one in wanted.objects})


def is_outdated(error: KubeError, one: Desired) -> bool:
    """Whether an object was refused that was given with the resourceVersion of what it was made from."""
    return error.status == 409 and bool(dig(one.body, "metadata", "resourceVersion"))


def certificate_secrets(objects: Sequence[Desired]) -> dict[ObjectKey, ObjectKey]:
    """Give the Secrets that Certificates of the set make, each with its Certificate."""
    return {
        core("Secret", one.key.namespace, str(dig(one.body, "spec", "secretName"))): one.key
        for one in objects
        if one.key.kind == "Certificate" and one.key.group == "cert-manager.io"
    }


def ingress_secrets(objects: Sequence[Desired]) -> set[ObjectKey]:
    """Give the Secrets that cert-manager makes for annotated Ingresses of the set."""
    return {
        core("Secret", one.key.namespace, str(entry.get("secretName")))
        for one in objects
        if one.key.kind == "Ingress"
        and any(dig(one.body, "metadata", "annotations", name) for name in _INGRESS_ISSUERS)
        for entry in dig(one.body, "spec", "tls") or ()
    }


def _scopes(client: KubeClient, wanted: Wanted) -> dict[KindKey, bool | None]:
    keys = [one.key for one in wanted.objects] + list(wanted.absent)
    kinds = {(key.api_version, key.kind) for key in keys}
    groups = client.in_parallel(
        client.discover, sorted({api_version for api_version, _kind in kinds} or {"v1"})
    )
    return {
        (api_version, kind): groups[api_version][kind].namespaced if kind in groups[api_version] else None
        for api_version, kind in kinds
    }


def _usable(key: ObjectKey, scopes: Mapping[KindKey, bool | None], wanted: Wanted) -> bool:
    kind = (key.api_version, key.kind)
    scope = kinds_brought(wanted.objects).get(kind, scopes.get(kind))
    return scope is not None and scope == bool(key.namespace)


def _look_up(
    client: KubeClient,
    objects: Sequence[Desired],
    absent: Sequence[ObjectKey],
    scopes: dict[KindKey, bool | None],
) -> Facts:
    """Read everything the rules need, all at once.

    What this user may not read is left out, and its rules do not apply.
    """
    objects_found: dict[ObjectKey, KubeObject | None] = {}
    lists_found: dict[KindKey, tuple[KubeObject, ...]] = {}
    essential = {one.key for one in objects} | set(absent)

    def read(what: ObjectKey | KindKey) -> None:
        try:
            if isinstance(what, ObjectKey):
                known = what.kind in client.discover(what.api_version)
                objects_found[what] = read_object(client, what) if known else None
            elif what[1] in client.discover(what[0]):
                lists_found[what] = tuple(client.list(*what))
            else:
                scopes[what] = None
        except KubeError as error:
            if error.status != 403 or what in essential:
                raise

    first: list[ObjectKey | KindKey] = [*sorted(keys_to_read(objects) | set(absent))]
    client.in_parallel(read, [*first, *sorted(lists_to_read(objects))])
    facts = Facts(client.url, scopes, objects_found, lists_found)
    client.in_parallel(read, sorted(more_lists_to_read(objects, facts)))
    return replace(facts, objects=dict(objects_found), lists=dict(lists_found))


def read_object(client: KubeClient, key: ObjectKey) -> KubeObject | None:
    """Read the object of a key; None where there is none."""
    return client.get(key.api_version, key.kind, key.namespace, key.name)


class _Planner:
    """Predicts all objects by dry runs, those with late values after the ones they read."""

    def __init__(
        self,
        client: KubeClient,
        objects: Sequence[Desired],
        facts: Facts,
        field_manager: str,
        check_mode: bool,
    ) -> None:
        self._client = client
        self._objects = list(objects)
        self._facts = facts
        self._field_manager = field_manager
        self._check_mode = check_mode
        self._given = {one.key for one in objects}
        self._brought = kinds_brought(objects)
        self._certificates = certificate_secrets(objects)
        self.predictions: dict[ObjectKey, Prediction] = {}
        self._faults: list[tuple[ObjectKey, str]] = []

    def predict(self) -> None:
        """Fill ``predictions`` for every object, wave by wave."""
        remaining = self._objects
        while remaining:
            wave = [one for one in remaining if all(self._source(key) for key in one.late.sources)]
            if not wave:
                break
            self._predict_wave({one.key: self._filled(one) for one in wave}, settled=True)
            remaining = [one for one in remaining if one.key not in self.predictions]
        kept = {one.key: keep(one.body, one.late, self._facts.objects.get(one.key)) for one in remaining}
        self._predict_wave(kept, settled=False)

    def faults_not_in(self, known: Sequence[str]) -> list[str]:
        """Give the API server's refusals, without those of objects that a rule has already named."""
        return [fault for key, fault in self._faults if not any(key.full in one for one in known)]

    def _predict_wave(self, bodies: Mapping[ObjectKey, KubeObject], *, settled: bool) -> None:
        wave = {one.key: one for one in self._objects if one.key in bodies}
        found = self._client.in_parallel(lambda key: self._predict_one(wave[key], bodies[key]), wave)
        for key, prediction in found.items():
            self.predictions[key] = replace(prediction, settled=prediction.settled and settled)

    def _predict_one(self, one: Desired, body: KubeObject) -> Prediction:
        live = self._facts.objects.get(one.key)
        if dig(live, "metadata", "deletionTimestamp") or not self._can_be_tried(one):
            return Prediction("created", body, settled=False)
        if live is not None and one.late.create_only:
            return Prediction("unchanged", live, settled=True)
        if is_incomplete(body, one.late):
            return Prediction("created" if live is None else "configured", body, settled=False)
        after = self._dry_run(one, body)
        if live is None:
            return Prediction("created", after or body, settled=after is not None)
        if after is None:
            return Prediction("configured", body, settled=False)
        return Prediction("configured" if differs(live, after) else "unchanged", after, settled=True)

    def _dry_run(self, one: Desired, body: KubeObject) -> KubeObject | None:
        """Ask the API server.

        None where it cannot tell before the real apply, or where it refuses, which is a fault.
        """
        try:
            return self._client.apply(body, field_manager=self._field_manager, dry_run=True)
        except KubeUnavailableError as error:
            if not error.status:
                raise
            if self._check_mode:
                self._faults.append((one.key, f"{one.key.full} cannot be predicted: {error.message}"))
        except KubeError as error:
            if error.status == 401:
                raise
            if is_outdated(error, one):
                self._faults.append((one.key, f"{one.key.full}: {OUTDATED}"))
            elif "does not support dry run" not in error.message:
                self._faults.append(
                    (one.key, f"{one.key.full} is refused by the API server: {error.message}")
                )
        return None

    def _can_be_tried(self, one: Desired) -> bool:
        """Whether namespace and kind exist already; without them a dry run could only tell that."""
        if (one.key.api_version, one.key.kind) in self._brought and not self._facts.scopes.get(
            (one.key.api_version, one.key.kind)
        ):
            return False
        namespace = core("Namespace", "", one.key.namespace)
        if not one.key.namespace or namespace not in self._facts.objects:
            return True
        live = self._facts.objects[namespace]
        return live is not None and not (
            namespace in self._given and dig(live, "metadata", "deletionTimestamp")
        )

    def _filled(self, one: Desired) -> KubeObject:
        sources = {key: self._source(key) or {} for key in one.late.sources}
        try:
            return fill(one.body, one.late, sources, self._facts.objects.get(one.key))
        except LateValueError as error:
            self._faults.append((one.key, f"{one.key.full}: {error}"))
            return one.body

    def _source(self, key: ObjectKey) -> KubeObject | None:
        """Give what an object will hold after the apply, as far as that is known now."""
        certificate = self._certificates.get(key)
        if certificate is not None:
            prediction = self.predictions.get(certificate)
            if prediction is None or prediction.action != "unchanged":
                return None
            live = prediction.after
            settled = readiness(live).ready and not is_renewing(live)
            return self._facts.objects.get(key) if settled else None
        if key in self._given:
            known = self.predictions.get(key)
            return known.after if known is not None and known.settled else None
        return self._facts.objects.get(key)
