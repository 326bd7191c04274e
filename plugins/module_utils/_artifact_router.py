# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router as it is in the cluster: read, and cleared of the configurations that nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.readiness import readiness
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    ROUTER_LABEL,
    VOLUME,
    Router,
    read_router,
)


class NoRouterError(ArtifactsError):
    """There is no such router."""


@dataclass(frozen=True)
class LiveRouter:
    """A router, and what its pods are made with.

    :ivar version: resourceVersion of the ConfigMap that keeps the routes
    :ivar configuration: name of the ConfigMap that new pods mount
    :ivar settled: whether all pods are new ones that are ready; otherwise a rollout has yet to end
    :ivar selector: of its pods and ReplicaSets
    """

    router: Router
    version: str
    configuration: str
    settled: bool
    selector: Mapping[str, str]


def read_live(client: KubeClient, namespace: str, name: str) -> LiveRouter:
    """Read a router.

    :raises NoRouterError: there is none
    :raises StoredRouterError: its routes cannot be read
    :raises KubeError: the API server refuses
    """
    kept = client.get("v1", "ConfigMap", namespace, f"{name}-routes")
    deployment = client.get("apps/v1", "Deployment", namespace, name)
    if kept is None or deployment is None:
        lacking = f"ConfigMap {name}-routes" if kept is None else f"Deployment {name}"
        raise NoRouterError(
            f"there is no artifact router {name} in namespace {namespace} (no {lacking}); "
            "the role clusterdepot.artifacts.artifact_router makes it"
        )
    return LiveRouter(
        read_router(kept),
        kept["metadata"]["resourceVersion"],
        next(_configurations(deployment), ""),
        readiness(deployment).ready,
        dig(deployment, "spec", "selector", "matchLabels") or {},
    )


def prune(
    client: KubeClient, live: LiveRouter, *, version: str, configuration: str, check_mode: bool
) -> list[str]:
    """Delete the configurations that neither the Deployment nor one of its kept revisions names.

    :param version: resourceVersion of the ConfigMap with the routes, as they were rolled out
    :returns: their names; none where others are changing the routes, who will do it
    """
    namespace = live.router.namespace
    kept = client.list("v1", "ConfigMap", namespace, label_selector=f"{ROUTER_LABEL}={live.router.name}")
    versions = {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in kept}
    # They write the routes before a configuration, which no pod names at first.
    if versions.get(live.router.routes_name) != version:
        return []
    selector = ",".join(f"{key}={value}" for key, value in sorted(live.selector.items()))
    revisions = client.list("apps/v1", "ReplicaSet", namespace, label_selector=selector)
    needed = {configuration, live.router.routes_name}
    needed.update(name for revision in revisions for name in _configurations(revision))
    gone = sorted(versions.keys() - needed)
    if not check_mode:
        client.in_parallel(lambda name: client.delete("v1", "ConfigMap", namespace, name), gone)
    return gone


def _configurations(workload: Mapping[str, Any]) -> Iterator[str]:
    for volume in dig(workload, "spec", "template", "spec", "volumes") or ():
        name = dig(volume, "configMap", "name")
        if volume.get("name") == VOLUME and name:
            yield str(name)
