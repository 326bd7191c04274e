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
    DEPLOYMENT_FIELD_MANAGER,
    deployment_with,
    make_configuration,
    prune,
    read_live,
    write_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router_restore import (
    Failed,
    Restored,
    RolledOut,
    last_rolled_out,
    remember,
    restore,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import write_route
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    Router,
    render_router,
    routes_text,
)

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
    :raises ArtifactsError: nothing was changed, or the old routes were put back (``result`` tells which), or
        the message tells what is stored and what runs
    """
    changed = False
    first: tuple[Route, ...] | None = None
    for _attempt in range(_ATTEMPTS):
        live = read_live(client, change.namespace, change.router)
        first = live.router.routes if first is None else first
        wanted = replace(live.router, routes=change.decide(live.router))
        # Before the first write: routes that are too many are refused here.
        configuration, configmap = render_router(wanted)
        known = last_rolled_out(client, live, check_mode=change.check_mode)
        unwritten = wanted == live.router or change.check_mode
        version = live.version if unwritten else write_routes(client, wanted, live.version)
        if version is None:
            continue
        failed = Failed(live, wanted, known)
        applied = _roll_out(client, configmap, failed, change, progress)
        changed = changed or applied["changed"] or wanted.routes != live.router.routes
        if change.check_mode or _is_there(client, change, version, RolledOut(wanted, configuration), known):
            check_mode = change.check_mode
            pruned = prune(client, live, version=version, configuration=configuration, check_mode=check_mode)
            return {"changed": changed, "pruned": pruned, **_told(wanted, configuration, first)}
    raise BusyRouterError(
        f"the routes of {change.namespace}/{change.router} were changed by others {_ATTEMPTS} times "
        "meanwhile; until this is run again, the pods may have others than those that are stored",
        {"changed": changed},
    )


def _is_there(
    client: KubeClient, change: Change, version: str, wanted: RolledOut, known: RolledOut | None
) -> bool:
    """Whether nobody has written routes or rolled out older ones meanwhile; then these are remembered."""
    live = read_live(client, change.namespace, change.router)
    if (live.version, live.configuration) != (version, wanted.configuration):
        return False
    # Without a wait it has yet to roll out.
    if live.settled and known != wanted:
        remember(client, wanted)
    return True


def _roll_out(
    client: KubeClient,
    configmap: dict[str, Any],
    failed: Failed,
    change: Change,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Roll a configuration out; ``failed`` is what this change is if that does not work."""
    settings = Settings(DEPLOYMENT_FIELD_MANAGER, change.limits, change.check_mode)
    live, name = failed.before, configmap["metadata"]["name"]
    try:
        in_use = live.configuration == name
        made = make_configuration(client, configmap, in_use=in_use, check_mode=change.check_mode)
        # An interrupted run may have started a rollout, which is waited for here.
        is_open = not in_use or not live.settled
        objects = [deployment_with(failed.wanted, name)] if is_open else []
        applied = apply(client, objects, (), settings, progress)
        return {**applied, "changed": made or applied["changed"]}
    except ArtifactsError as error:
        after = Restored(False, False, "") if change.check_mode else restore(client, failed)
        error.message += after.told
        error.result = {
            "reasons": error.result.get("reasons", []),
            "changed": after.changed,
            "restored": after.restored,
        }
        raise


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
