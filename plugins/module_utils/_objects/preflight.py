# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a set of objects must meet before anything is written: from objects and facts to faults.

A fault is one sentence that names the object, the field, its value, the cause and what is allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    Facts,
    KindKey,
    issuer_of,
    kinds_brought,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    ObjectKey,
    condition,
    core,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight_address import (
    address_faults,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight_claim import (
    claim_faults,
)

_PROJECTS = {
    "cert-manager.io": "cert-manager",
    "metallb.io": "MetalLB",
    "gateway.networking.k8s.io": "the Gateway API",
    "monitoring.coreos.com": "the Prometheus operator",
}


def kind_faults(objects: Sequence[Desired], scopes: Mapping[KindKey, bool | None], url: str) -> list[str]:
    """Judge whether kinds are known, and whether objects have a namespace where their kind has one."""
    brought = kinds_brought(objects)
    faults: list[str] = []
    unknown: dict[KindKey, list[ObjectKey]] = {}
    for one in objects:
        kind = (one.key.api_version, one.key.kind)
        namespaced = brought.get(kind, scopes.get(kind))
        if namespaced is None:
            unknown.setdefault(kind, []).append(one.key)
        elif namespaced and not one.key.namespace:
            faults.append(f"{one.key.full} has no metadata.namespace; objects of this kind need one")
        elif not namespaced and one.key.namespace:
            faults.append(
                f'{one.key.short} has metadata.namespace "{one.key.namespace}"; objects of this kind must '
                "have none"
            )
    for (api_version, kind_name), keys in unknown.items():
        project = _PROJECTS.get(keys[0].group)
        names = ", ".join(key.full for key in keys)
        cause = f"{project} is not installed" if project else "unknown kind"
        faults.append(
            f"{cause}: the API server {url} knows no {api_version} {kind_name}, which {names} needs"
        )
    return faults


def faults_of(
    objects: Sequence[Desired], facts: Facts, absent: Sequence[ObjectKey], *, check_mode: bool
) -> list[str]:
    """Judge all objects by all rules; the kinds must be known to be good."""
    faults = [] if check_mode else list(_namespace_faults(objects, facts))
    faults.extend(_issuer_faults(objects, facts))
    faults.extend(claim_faults(objects, facts))
    faults.extend(address_faults(objects, facts, absent))
    return faults


def missing_namespaces(objects: Iterable[Desired], facts: Facts) -> dict[str, list[ObjectKey]]:
    """Give the namespaces that neither the cluster nor the set has, each with its objects."""
    objects = tuple(objects)
    given = {one.key.name for one in objects if one.key.kind == "Namespace"}
    missing: dict[str, list[ObjectKey]] = {}
    for one in objects:
        namespace = one.key.namespace
        if namespace and namespace not in given and facts.missing(core("Namespace", "", namespace)):
            missing.setdefault(namespace, []).append(one.key)
    return missing


def missing_sources(
    objects: Iterable[Desired], facts: Facts, promised: Collection[ObjectKey]
) -> dict[ObjectKey, list[ObjectKey]]:
    """Give what late values are read from, and neither the cluster nor the set has, with who needs it.

    :param promised: what objects of the set make
    """
    objects = tuple(objects)
    given = {one.key for one in objects} | set(promised)
    missing: dict[ObjectKey, list[ObjectKey]] = {}
    for one in objects:
        for source in one.late.sources:
            if source not in given and facts.missing(source):
                missing.setdefault(source, []).append(one.key)
    return missing


def _namespace_faults(objects: Sequence[Desired], facts: Facts) -> Iterator[str]:
    for namespace, keys in missing_namespaces(objects, facts).items():
        names = ", ".join(key.short for key in keys)
        yield (
            f'namespace "{namespace}", which {names} needs, does not exist; '
            "create it or give it in objects as well"
        )


def _issuer_faults(objects: Sequence[Desired], facts: Facts) -> Iterator[str]:
    given = {one.key for one in objects}
    for one in objects:
        issuer = issuer_of(one)
        if issuer is None or issuer in given:
            continue
        if issuer.kind not in ("Issuer", "ClusterIssuer"):
            yield (
                f'{one.key.full}: spec.issuerRef.kind "{issuer.kind}" is unknown; '
                "allowed are Issuer and ClusterIssuer"
            )
        elif facts.missing(issuer):
            yield (
                f"{one.key.full}: spec.issuerRef names {issuer.full}, which does not exist; "
                f"create it, or name one that does: {_existing(issuer, facts)}"
            )
        elif issuer in facts.objects:
            ready = condition(facts.objects[issuer], "Ready")
            if ready.get("status") != "True":
                why = ready.get("message") or "cert-manager has not reported on it"
                yield f"{one.key.full}: spec.issuerRef names {issuer.full}, which is not ready: {why}"


def _existing(key: ObjectKey, facts: Facts) -> str:
    found = facts.lists.get((key.api_version, key.kind), ())
    here = (
        str(one["metadata"]["name"]) for one in found if one["metadata"].get("namespace", "") == key.namespace
    )
    return ", ".join(sorted(here)) or f"there is no {key.kind} yet"
