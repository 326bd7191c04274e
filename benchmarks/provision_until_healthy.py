# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`provision` from nothing until it returns healthy, beside `kubectl apply` and `kubectl wait`.

The peer applies the very objects that ours applied, read from the cluster, all in one call, and then waits
for the certificate, the deployment, the daemon set and the address of the load balancer at the same time. It
has it easier: rendered objects, values that ours has to wait for (the CA that nodes trust), and no look at
the registry's health. Images are on the node for both, and before each run everything is purged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks import timing
from benchmarks.applied import applied_by
from benchmarks.embedded import Embedded
from benchmarks.errors import BenchmarkError
from benchmarks.plane import NODE_TRUST_NAMESPACE, REGISTRY_NAMESPACE, Plane
from benchmarks.results import Row

NAME = "provision_until_healthy"
PAIRS = 5
FIELD_MANAGER = "clusterdepot.artifacts"
WAIT = "--timeout=300s"
# What has nothing to be waited for by kubectl does not appear here.
_WAITS: Mapping[str, tuple[str, ...]] = {
    "Certificate": ("wait", "--for=condition=Ready"),
    "Deployment": ("wait", "--for=condition=Available"),
    # A DaemonSet has no conditions.
    "DaemonSet": ("rollout", "status"),
    "Service": ("wait", "--for=jsonpath={.status.loadBalancer.ingress}"),
}


@dataclass(frozen=True)
class Peer:
    """kubectl with objects that are applied in the order given."""

    cluster: Embedded
    objects: Sequence[Mapping[str, Any]]

    def provision(self) -> None:
        """Apply and wait. Raises BenchmarkError where one of both fails."""
        manifest = {"apiVersion": "v1", "kind": "List", "items": self.objects}
        self.cluster.kubectl("apply", "--filename=-", standard_input=json.dumps(manifest))
        waits = list(waits_for(self.objects))
        with ThreadPoolExecutor(len(waits)) as pool:
            list(pool.map(lambda arguments: self.cluster.kubectl(*arguments), waits))


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds. Raises BenchmarkError."""
    plane = Plane(Embedded.running())
    try:
        progress("provisioning once, not timed: images get onto the node, and the peer gets its objects")
        plane.purge()
        plane.provision()
        peer = Peer(plane.cluster, _applied(plane.cluster))
        progress(f"the peer applies {len(peer.objects)} objects")
        pairs = timing.paired(
            lambda: _from_nothing(plane, plane.provision),
            lambda: _from_nothing(plane, peer.provision),
            count or PAIRS,
            progress,
        )
    finally:
        progress("taking everything away")
        plane.purge()
    ours, theirs = pairs.medians
    return Row(NAME, ours, theirs, "s", "lower")


def waits_for(objects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Arguments for kubectl, for each object that has something to be waited for.

    Raises BenchmarkError where a kind of `_WAITS` is missing: the peer would be done too early.
    """
    missing = _WAITS.keys() - {one["kind"] for one in objects}
    if missing:
        raise BenchmarkError(f"the plane has no {', no '.join(sorted(missing))} for the peer to wait for")
    for one in objects:
        if one["kind"] in _WAITS:
            metadata = one["metadata"]
            resource = f"{one['kind'].lower()}/{metadata['name']}"
            yield *_WAITS[one["kind"]], resource, f"--namespace={metadata['namespace']}", WAIT


def _from_nothing(plane: Plane, provision: Callable[[], object]) -> float:
    plane.purge()
    return timing.seconds(provision)


def _applied(cluster: Embedded) -> list[dict[str, Any]]:
    """Everything that our field manager applied in the plane's namespaces, and the namespaces."""
    kinds = ("api-resources", "--namespaced", "--verbs=list,get", "--output=name")
    names = ",".join(cluster.kubectl(*kinds).split())
    found: list[dict[str, Any]] = []
    for namespace in (REGISTRY_NAMESPACE, NODE_TRUST_NAMESPACE):
        found.append(cluster.get("--show-managed-fields", "namespace", namespace))
        found += cluster.get("--show-managed-fields", names, f"--namespace={namespace}")["items"]
    return applied_by(FIELD_MANAGER, found)
