# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an object is ready."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import core
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.readiness import readiness


def obj(
    api_version: str, kind: str, spec: Any = None, status: Any = None, generation: int = 2
) -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "n", "generation": generation}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": metadata,
        "spec": spec or {},
        "status": status or {},
    }


def conditions(*entries: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, **more} for kind, status, more in entries]}


def deployment(wanted: int, **status: int) -> dict[str, Any]:
    return obj("apps/v1", "Deployment", {"replicas": wanted}, {"observedGeneration": 2, **status})


def stateful(spec: dict[str, Any], **status: int) -> dict[str, Any]:
    return obj("apps/v1", "StatefulSet", {"replicas": 2, **spec}, {"observedGeneration": 2, **status})


def certificate(*entries: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    return obj("cert-manager.io/v1", "Certificate", {}, conditions(*entries))


def balancer(address: str | None, *served: str) -> dict[str, Any]:
    spec = {"type": "LoadBalancer", **({"loadBalancerIP": address} if address else {})}
    return obj("v1", "Service", spec, {"loadBalancer": {"ingress": [{"ip": ip} for ip in served]}})


READY = [
    obj("v1", "ConfigMap"),
    obj("v1", "Namespace", status={"phase": "Active"}),
    obj("v1", "PersistentVolumeClaim", status={"phase": "Bound"}),
    obj("v1", "Service", {"type": "ClusterIP"}),
    obj("v1", "Pod", status={"phase": "Succeeded"}),
    balancer(None, "192.0.2.1"),
    balancer("192.0.2.1", "192.0.2.1"),
    deployment(1, replicas=1, updatedReplicas=1, availableReplicas=1),
    deployment(0),
    stateful({}, readyReplicas=2, updatedReplicas=2),
    stateful({"updateStrategy": {"type": "OnDelete"}}, readyReplicas=2),
    stateful({"updateStrategy": {"rollingUpdate": {"partition": 1}}}, readyReplicas=2, updatedReplicas=1),
    obj("apps/v1", "DaemonSet", {}, {"observedGeneration": 2, "desiredNumberScheduled": 0}),
    obj("batch/v1", "Job", {}, conditions(("Complete", "True", {}))),
    obj("batch/v1", "Job", {"suspend": True}),
    certificate(("Ready", "True", {"observedGeneration": 2})),
    certificate(("Ready", "True", {})),
    obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", {}, conditions(("Established", "True", {}))),
    obj("other.example/v1", "Certificate"),
]
UNREADY: list[tuple[dict[str, Any], str, bool]] = [
    (obj("v1", "Namespace", status={"phase": "Terminating"}), "phase Terminating", False),
    (obj("v1", "PersistentVolumeClaim"), "Pending", False),
    (obj("v1", "PersistentVolumeClaim", status={"phase": "Lost"}), "Lost", True),
    (balancer(None), "no address yet", False),
    (balancer("192.0.2.1", "192.0.2.2"), "no address yet, wanted 192.0.2.1", False),
    (deployment(1), "0 of 1 updated", False),
    (deployment(1, replicas=2, updatedReplicas=1, availableReplicas=1), "1 old pods not yet gone", False),
    (
        deployment(2, replicas=2, updatedReplicas=2, readyReplicas=1, availableReplicas=1),
        "1 of 2 ready",
        False,
    ),
    (obj("apps/v1", "Deployment", {}, {"observedGeneration": 1}), "not yet seen by its controller", False),
    (stateful({}, readyReplicas=1, updatedReplicas=2), "1 of 2 ready", False),
    (stateful({}, readyReplicas=2, updatedReplicas=1), "1 of 2 updated", False),
    (obj("batch/v1", "Job", {}, {"succeeded": 0}), "0 of 1 complete", False),
    (
        obj(
            "batch/v1",
            "Job",
            {},
            conditions(("Failed", "True", {"reason": "BackoffLimitExceeded", "message": "m"})),
        ),
        "failed: BackoffLimitExceeded: m",
        True,
    ),
    (certificate(), "cert-manager has not reported on it", False),
    (certificate(("Ready", "True", {"observedGeneration": 1, "message": "old"})), "old", False),
    (certificate(("Ready", "False", {"message": "no"}), ("Issuing", "True", {"message": "y"})), "no", False),
    (certificate(("Issuing", "False", {"reason": "Denied", "message": "policy"})), "Denied: policy", True),
]


@pytest.mark.parametrize("one", READY, ids=lambda one: one["kind"])
def test_ready(one: dict[str, Any]) -> None:
    assert readiness(one).ready


@pytest.mark.parametrize(("one", "picture", "failing"), UNREADY, ids=[row[1] for row in UNREADY])
def test_unready(one: dict[str, Any], picture: str, failing: bool) -> None:
    found = readiness(one)
    assert (found.ready, found.picture, found.failing) == (False, picture, failing)


def test_what_is_being_deleted_is_never_ready() -> None:
    for one in READY:
        leaving = {**one, "metadata": {**one["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
        assert not readiness(leaving).ready


def test_a_claim_without_consumer_may_stay_pending() -> None:
    pending = obj("v1", "PersistentVolumeClaim", status={"phase": "Pending"})
    assert readiness(pending, {core("PersistentVolumeClaim", "n", "x")}).ready
    lost = obj("v1", "PersistentVolumeClaim", status={"phase": "Lost"})
    assert not readiness(lost, {core("PersistentVolumeClaim", "n", "x")}).ready
