# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an object is ready, kind by kind, judged from the object alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.addresses import (
    requested_addresses,
    served_addresses,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    condition,
    dig,
    key_of,
)

_FAILED_ISSUING = frozenset({"Failed", "Denied", "InvalidRequest"})


@dataclass(frozen=True)
class Readiness:
    """State of one object.

    :ivar ready: nothing is left to wait for
    :ivar picture: the state in few words, such as ``0 of 1 ready``
    :ivar failing: it will most likely not become ready by itself
    :ivar final: it will never become ready
    """

    ready: bool
    picture: str
    failing: bool = False
    final: bool = False


READY = Readiness(True, "ready")


def readiness(obj: KubeObject, consumerless: Collection[ObjectKey] = ()) -> Readiness:
    """Judge one object as the API server gave it.

    :param consumerless: claims that may stay Pending, since nothing of the set consumes them
    """
    if dig(obj, "metadata", "deletionTimestamp"):
        return Readiness(False, "is being deleted", failing=True)
    if obj["kind"] == "PersistentVolumeClaim":
        return _claim(obj, key_of(obj) in consumerless)
    judge = _JUDGES.get((key_of(obj).group, obj["kind"]))
    return READY if judge is None else judge(obj)


def _namespace(obj: KubeObject) -> Readiness:
    phase = dig(obj, "status", "phase")
    return READY if phase == "Active" else Readiness(False, f"phase {phase}")


def _claim(obj: KubeObject, may_pend: bool) -> Readiness:
    phase = dig(obj, "status", "phase") or "Pending"
    if phase == "Bound" or (phase == "Pending" and may_pend):
        return READY
    return Readiness(False, phase, failing=phase == "Lost")


def _certificate(obj: KubeObject) -> Readiness:
    ready, issuing = condition(obj, "Ready"), condition(obj, "Issuing")
    if ready.get("status") == "True" and _observed(obj, ready):
        return READY
    if issuing.get("status") == "False" and issuing.get("reason") in _FAILED_ISSUING:
        return Readiness(False, f"{issuing['reason']}: {issuing.get('message', '')}", failing=True)
    return Readiness(
        False, ready.get("message") or issuing.get("message") or "cert-manager has not reported on it"
    )


def is_renewing(obj: KubeObject) -> bool:
    """Whether a Certificate is ready but its Secret is about to be replaced."""
    return condition(obj, "Issuing").get("status") == "True"


def _observed(obj: KubeObject, ready: Mapping[str, Any]) -> bool:
    seen = ready.get("observedGeneration")
    return seen is None or seen >= (dig(obj, "metadata", "generation") or 0)


def _by_condition(kind: str) -> Callable[[KubeObject], Readiness]:
    def judge(obj: KubeObject) -> Readiness:
        found = condition(obj, kind)
        if found.get("status") == "True" and _observed(obj, found):
            return READY
        return Readiness(False, found.get("message") or f"not yet {kind}")

    return judge


def _deployment(obj: KubeObject) -> Readiness:
    wanted = _replicas(obj)
    status = dig(obj, "status") or {}
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if not _generation_seen(obj):
        return Readiness(False, "not yet seen by its controller")
    if updated < wanted:
        return Readiness(False, f"{updated} of {wanted} updated", failing=_replica_failure(obj))
    if status.get("replicas", 0) > updated:
        return Readiness(False, f"{status['replicas'] - updated} old pods not yet gone")
    if available < updated:
        return Readiness(False, f"{min(status.get('readyReplicas', 0), wanted)} of {wanted} ready")
    return READY


def _replica_failure(obj: KubeObject) -> bool:
    return bool(condition(obj, "ReplicaFailure").get("status") == "True")


def _stateful_set(obj: KubeObject) -> Readiness:
    wanted = _replicas(obj)
    status = dig(obj, "status") or {}
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    strategy = dig(obj, "spec", "updateStrategy") or {}
    partition = dig(strategy, "rollingUpdate", "partition") or 0
    if not _generation_seen(obj):
        return Readiness(False, "not yet seen by its controller")
    if ready < wanted:
        return Readiness(False, f"{ready} of {wanted} ready")
    if strategy.get("type") == "OnDelete" or updated >= wanted - partition:
        return READY
    return Readiness(False, f"{updated} of {wanted - partition} updated")


def _daemon_set(obj: KubeObject) -> Readiness:
    status = dig(obj, "status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if not _generation_seen(obj):
        return Readiness(False, "not yet seen by its controller")
    if dig(obj, "spec", "updateStrategy", "type") != "OnDelete" and updated < wanted:
        return Readiness(False, f"{updated} of {wanted} updated")
    return READY if available >= wanted else Readiness(False, f"{available} of {wanted} ready")


def _job(obj: KubeObject) -> Readiness:
    failed = condition(obj, "Failed")
    if condition(obj, "Complete").get("status") == "True" or dig(obj, "spec", "suspend"):
        return READY
    if failed.get("status") == "True":
        text = f"failed: {failed.get('reason', '')}: {failed.get('message', '')}"
        return Readiness(False, text, failing=True, final=True)
    done, wanted = dig(obj, "status", "succeeded") or 0, dig(obj, "spec", "completions") or 1
    return Readiness(False, f"{done} of {wanted} complete")


def _pod(obj: KubeObject) -> Readiness:
    phase = dig(obj, "status", "phase")
    if phase == "Succeeded" or condition(obj, "Ready").get("status") == "True":
        return READY
    return Readiness(False, f"phase {phase}", failing=phase == "Failed", final=phase == "Failed")


def _service(obj: KubeObject) -> Readiness:
    if dig(obj, "spec", "type") != "LoadBalancer":
        return READY
    served = served_addresses(obj)
    missing = [address for _field, address in requested_addresses(obj) if _canonical(address) not in served]
    if dig(obj, "status", "loadBalancer", "ingress") and not missing:
        return READY
    return Readiness(False, f"no address yet{f', wanted {missing[0]}' if missing else ''}")


def _canonical(address: str) -> str:
    """Give the spelling that the API server stores; 2001:DB8::0:1 and 2001:db8::1 are the same address."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def _replicas(obj: KubeObject) -> int:
    wanted = dig(obj, "spec", "replicas")
    return 1 if wanted is None else int(wanted)


def _generation_seen(obj: KubeObject) -> bool:
    seen = dig(obj, "status", "observedGeneration") or 0
    return bool(seen >= (dig(obj, "metadata", "generation") or 0))


_JUDGES: dict[tuple[str, str], Callable[[KubeObject], Readiness]] = {
    ("", "Namespace"): _namespace,
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _by_condition("Established"),
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("cert-manager.io", "Certificate"): _certificate,
    ("cert-manager.io", "ClusterIssuer"): _by_condition("Ready"),
    ("cert-manager.io", "Issuer"): _by_condition("Ready"),
}
