# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task image_cache_sync: parameters in, images on the nodes and the truth about them out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import FaultsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Unresolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolver import resolve_all
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.same_image import Key
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    toleration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_access import read_access
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_cluster import read_nodes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_sync import sync
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wait import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import Reference
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_faults import (
    read_wishes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_spec import (
    ARGUMENT_SPEC,
)

__all__ = ("ARGUMENT_SPEC", "run")


class ParameterError(FaultsError):
    """Parameters cannot be used; the message names all of them, each with its value and what is allowed."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Keep images on the nodes; see the module's documentation for parameters and result.

    :raises ParameterError: before anything was asked of anybody
    :raises ArtifactsError: what ``sync`` raises
    """
    wishes = read_wishes(parameters)
    if wishes.faults:
        raise ParameterError(wishes.faults)
    client = connect(parameters["kubeconfig"], parameters["context"])

    def resolve(wanted: Iterable[tuple[Reference, str]]) -> Mapping[Key, Resolution]:
        return _resolve(client, parameters, list(wanted), progress) if parameters["resolve"] else {}

    taint = parameters["startup_taint"] or ""
    wish = Wish(
        entries=wishes.entries,
        settings=PodSettings(
            namespace=parameters["namespace"],
            instance=parameters["name"],
            interval=wishes.interval,
            sleeper_image=parameters["sleeper_image"],
            image_pull_secrets=tuple(parameters["image_pull_secrets"]),
            tolerations=(*parameters["tolerations"], *([toleration(taint)] if taint else [])),
            node_selector=parameters["node_selector"],
            priority_class=parameters["priority_class"] or "",
        ),
        images_per_pod=parameters["images_per_pod"],
        resolve=resolve,
        disk_factor=parameters["disk_factor"],
        patience=Patience(
            wait=parameters["wait"],
            timeout=parameters["wait_timeout"],
            failure_grace=parameters["failure_grace"],
            allowed=wishes.allowed_failures,
            # Whether a node is warm must have been seen.
            every_pod=parameters["digests"] or bool(taint),
        ),
        threshold=parameters["success_threshold"],
        startup_taint=taint,
    )
    return sync(client, wish, check_mode=check_mode, progress=progress)


def _resolve(
    client: KubeClient,
    parameters: Mapping[str, Any],
    wanted: Collection[tuple[Reference, str]],
    progress: Progress,
) -> Mapping[Key, Resolution]:
    names = frozenset(reference.registry for reference, _secret in wanted)
    secrets = frozenset(secret for _reference, secret in wanted if secret)
    access, obstacles = read_access(client, parameters["registries"], parameters["namespace"], names, secrets)
    architectures = frozenset(node.architecture for node in read_nodes(client))
    deadline = Deadline.after(parameters["resolve_timeout"])
    asked = [pair for pair in wanted if pair[0].registry not in obstacles]
    found = resolve_all(asked, access, deadline, progress.update, architectures=architectures)
    unasked = {
        (str(reference), secret): Unresolved(obstacles[reference.registry], of_registry=True)
        for reference, secret in wanted
        if reference.registry in obstacles
    }
    return {**found, **unasked}
