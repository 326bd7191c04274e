# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes the routes of a router and rolls them out; what cannot be rolled out is put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply import Settings, apply
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_rollout import Limits
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import (
    LiveRouter,
    prune,
    read_live,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import write_route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    VOLUME,
    Router,
    render_router,
    routes_configmap,
    routes_text,
)

# The role's, which writes the same ConfigMaps.
FIELD_MANAGER = "clusterdepot.artifacts"
# Not the role's: it owns the name of the configuration and nothing else of the Deployment.
DEPLOYMENT_FIELD_MANAGER = "clusterdepot.artifacts.artifact_route"
_ATTEMPTS = 5


class BusyRouterError(ArtifactsError):
    """Others changed the routes over and over."""


@dataclass(frozen=True)
class Change:
    """A change of routes.

    :ivar decide: from the routes that are there to those that shall be there; it may raise ArtifactsError
    """

    namespace: str
    router: str
    decide: Callable[[Router], tuple[Route, ...]]
    limits: Limits
    check_mode: bool


def change_routes(client: KubeClient, change: Change, progress: Callable[[str], None]) -> dict[str, Any]:
    """Bring the routes to what is wanted, and the pods to the routes.

    Others may change them at the same time: each sees the other's routes, and the last one rolls out all.

    :returns: ``changed``, ``routes``, ``configuration``, ``pruned`` and ``diff`` as artifact_route has them
    :raises ArtifactsError: nothing was changed, or the old routes were put back (``result`` tells which)
    """
    changed = False
    first: tuple[Route, ...] | None = None
    for _attempt in range(_ATTEMPTS):
        live = read_live(client, change.namespace, change.router)
        first = live.router.routes if first is None else first
        wanted = replace(live.router, routes=change.decide(live.router))
        # Before the first write: routes that are too many are refused here.
        configuration, configmap = render_router(wanted)
        version = _store(client, wanted, live, check_mode=change.check_mode)
        if version is None:
            continue
        applied = _roll_out(client, wanted, live, configmap, version, change, progress)
        changed = changed or applied["changed"] or wanted.routes != live.router.routes
        if change.check_mode or _is_there(client, change, version, configuration):
            check_mode = change.check_mode
            pruned = prune(client, live, version=version, configuration=configuration, check_mode=check_mode)
            return {"changed": changed, "pruned": pruned, **_told(wanted, configuration, first)}
    raise BusyRouterError(
        f"the routes of {change.namespace}/{change.router} were changed by others {_ATTEMPTS} times "
        "meanwhile; run this again",
        {"changed": changed},
    )


def _is_there(client: KubeClient, change: Change, version: str, configuration: str) -> bool:
    """Whether others have neither written routes nor rolled out older ones meanwhile."""
    live = read_live(client, change.namespace, change.router)
    return (live.version, live.configuration) == (version, configuration)


def _store(client: KubeClient, wanted: Router, live: LiveRouter, *, check_mode: bool) -> str | None:
    """Write the routes, unless somebody else has just done so.

    :returns: the resourceVersion of what is there now; None where somebody else was faster
    """
    if wanted == live.router or check_mode:
        return live.version
    return _write_routes(client, wanted, live.version)


def _write_routes(client: KubeClient, router: Router, version: str) -> str | None:
    body = routes_configmap(router)
    body["metadata"]["resourceVersion"] = version
    try:
        stored = client.apply(body, field_manager=FIELD_MANAGER)
    except KubeError as error:
        if error.status == 409:
            return None
        raise
    return str(stored["metadata"]["resourceVersion"])


def _roll_out(
    client: KubeClient,
    wanted: Router,
    live: LiveRouter,
    configmap: dict[str, Any],
    version: str,
    change: Change,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    settings = Settings(DEPLOYMENT_FIELD_MANAGER, change.limits, change.check_mode)
    name = configmap["metadata"]["name"]
    try:
        made = _make(client, configmap, check_mode=change.check_mode)
        # An interrupted run may have started a rollout, which is waited for here.
        open_ended = [_deployment(wanted, name)] if live.configuration != name or not live.settled else []
        applied = apply(client, open_ended, (), settings, progress)
        return {**applied, "changed": made or applied["changed"]}
    except ArtifactsError as error:
        restored, told = (False, "") if change.check_mode else _restore(client, wanted, live, name, version)
        error.message += told
        error.result = {"reasons": error.result.get("reasons", []), "changed": False, "restored": restored}
        raise


def _make(client: KubeClient, configmap: dict[str, Any], *, check_mode: bool) -> bool:
    """Make the ConfigMap, whose name tells its content; whether there was none."""
    metadata = configmap["metadata"]
    if client.get("v1", "ConfigMap", metadata["namespace"], metadata["name"]) is not None:
        return False
    client.apply(configmap, field_manager=FIELD_MANAGER, dry_run=check_mode)
    return True


def _restore(
    client: KubeClient, wanted: Router, live: LiveRouter, configuration: str, version: str
) -> tuple[bool, str]:
    """Put back what was there before, if that was something else, and nobody has written routes since.

    :returns: whether it was put back, and how the message of the failure goes on
    """
    if (wanted, configuration) == (live.router, live.configuration):
        return False, ""
    try:
        if wanted != live.router and _write_routes(client, live.router, version) is None:
            return False, ""
        if live.configuration:
            old = _deployment(live.router, live.configuration)
            client.apply(old, field_manager=DEPLOYMENT_FIELD_MANAGER)
    except ArtifactsError as error:
        return False, f"; the old routes could not be put back: {error.message}"
    return True, "; the old routes were put back"


def _deployment(router: Router, configuration: str) -> dict[str, Any]:
    """The one field of the Deployment that a change of routes is about."""
    volume = {"name": VOLUME, "configMap": {"name": configuration}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": router.name, "namespace": router.namespace},
        "spec": {"template": {"spec": {"volumes": [volume]}}},
    }


def _told(router: Router, configuration: str, first: tuple[Route, ...]) -> dict[str, Any]:
    header = f"{router.namespace}/{router.name}"
    return {
        "routes": [write_route(route) for route in router.routes],
        "configuration": configuration,
        "diff": {
            "before": routes_text(first),
            "after": routes_text(router.routes),
            "before_header": header,
            "after_header": header,
        },
    }
