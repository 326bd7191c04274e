# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router as it is in the cluster: read, written piece by piece, and cleared of what nothing needs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.readiness import readiness
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    ROUTER_LABEL,
    VOLUME,
    Router,
    read_router,
    routes_configmap,
)

# The role's, which writes the same ConfigMaps.
FIELD_MANAGER = "clusterdepot.artifacts"
# Not the role's: it owns the name of the configuration and nothing else of the Deployment.
DEPLOYMENT_FIELD_MANAGER = "clusterdepot.artifacts.artifact_route"
# On the ConfigMap that remembers the routes that rolled out last: the name of their configuration.
ROLLED_OUT = "artifacts.clusterdepot.io/rolled-out"
# On a configuration that somebody found and uses again: when that was.
USED = "artifacts.clusterdepot.io/used"
# A configuration is there before anything names it: so long, in seconds, who wants it has for that.
YOUNG_SECONDS = 600.0


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


def write_routes(client: KubeClient, router: Router, version: str) -> str | None:
    """Write the routes, unless somebody else has just done so.

    :param version: resourceVersion of what was read
    :returns: the resourceVersion of what is there now; None where somebody else was faster
    """
    body = routes_configmap(router)
    body["metadata"]["resourceVersion"] = version
    try:
        stored = client.apply(body, field_manager=FIELD_MANAGER)
    except KubeError as error:
        if error.status == 409:
            return None
        raise
    return str(stored["metadata"]["resourceVersion"])


def make_configuration(
    client: KubeClient, configmap: Mapping[str, Any], *, in_use: bool, check_mode: bool
) -> bool:
    """Make the ConfigMap of a configuration, whose name tells its content; whether it was not there.

    One of that name with another content was not made by this collection, and makes room.

    :param in_use: whether the Deployment names it already; otherwise one that is there is marked as wanted
    """
    namespace, name = configmap["metadata"]["namespace"], configmap["metadata"]["name"]
    found = client.get("v1", "ConfigMap", namespace, name)
    if found is not None:
        is_same = found.get("data") == configmap["data"] and not found.get("binaryData")
        if is_same and (in_use or check_mode or _is_young(found["metadata"]) or _mark(client, found)):
            return False
        if check_mode:
            return True
        if not is_same:
            # It may be immutable.
            client.delete("v1", "ConfigMap", namespace, name)
    client.apply(configmap, field_manager=FIELD_MANAGER, dry_run=check_mode)
    return True


def _mark(client: KubeClient, found: Mapping[str, Any]) -> bool:
    """Say that a configuration is wanted again, which makes it young; whether it is still there."""
    metadata = found["metadata"]
    value = {**(metadata.get("annotations") or {}), USED: datetime.fromtimestamp(_now(), UTC).isoformat()}
    operation = {"op": "add", "path": "/metadata/annotations", "value": value}
    try:
        client.patch("v1", "ConfigMap", metadata["namespace"], metadata["name"], [operation])
    except KubeError as error:
        if error.status == 404:
            return False
        raise
    return True


def _is_young(metadata: Mapping[str, Any]) -> bool:
    since = [metadata["creationTimestamp"], dig(metadata, "annotations", USED)]
    try:
        seconds = [datetime.fromisoformat(one).timestamp() for one in since if one]
    except ValueError:
        # Somebody else wrote the mark.
        return True
    return max(seconds) > _now() - YOUNG_SECONDS


def deployment_with(router: Router, configuration: str) -> dict[str, Any]:
    """The one field of the Deployment that a change of routes is about."""
    volume = {"name": VOLUME, "configMap": {"name": configuration}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": router.name, "namespace": router.namespace},
        "spec": {"template": {"spec": {"volumes": [volume]}}},
    }


def prune(
    client: KubeClient, live: LiveRouter, *, version: str, configuration: str, check_mode: bool
) -> list[str]:
    """Delete the configurations that neither the Deployment nor one of its kept revisions names.

    Those that rolled out last stay, and those that are so young that somebody may be about to use them.

    :param version: resourceVersion of the ConfigMap with the routes, as they were rolled out
    :returns: their names; none where others are changing the routes, who will do it
    """
    namespace, router = live.router.namespace, live.router
    kept = client.list("v1", "ConfigMap", namespace, label_selector=f"{ROUTER_LABEL}={router.name}")
    metadata = {one["metadata"]["name"]: one["metadata"] for one in kept}
    # They write the routes before a configuration, which no pod names at first.
    if dig(metadata.get(router.routes_name), "resourceVersion") != version:
        return []
    selector = ",".join(f"{key}={value}" for key, value in sorted(live.selector.items()))
    revisions = client.list("apps/v1", "ReplicaSet", namespace, label_selector=selector)
    needed = {configuration, router.routes_name, rolled_out_name(router)}
    needed.add(dig(metadata.get(rolled_out_name(router)), "annotations", ROLLED_OUT) or "")
    needed.update(name for revision in revisions for name in _configurations(revision))
    gone = sorted(name for name, one in metadata.items() if name not in needed and not _is_young(one))
    if check_mode:
        return gone

    def delete(name: str) -> bool:
        try:
            version = metadata[name]["resourceVersion"]
            return client.delete("v1", "ConfigMap", namespace, name, version=version)
        except KubeError as error:
            # Somebody wants it again.
            if error.status == 409:
                return False
            raise

    deleted = client.in_parallel(delete, gone)
    return [name for name in gone if deleted[name]]


def rolled_out_name(router: Router) -> str:
    """Name of the ConfigMap that remembers the routes that rolled out last."""
    return f"{router.name}-rolled-out"


def _now() -> float:
    return time.time()


def _configurations(workload: Mapping[str, Any]) -> Iterator[str]:
    for volume in dig(workload, "spec", "template", "spec", "volumes") or ():
        name = dig(volume, "configMap", "name")
        if volume.get("name") == VOLUME and name:
            yield str(name)
