# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes of a router rolled out last, and how stored routes and pods come back to them.

They are remembered in a ConfigMap of their own: whoever changes routes that have yet to roll out does not see
those before them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import (
    DEPLOYMENT_FIELD_MANAGER,
    FIELD_MANAGER,
    ROLLED_OUT,
    LiveRouter,
    deployment_with,
    make_configuration,
    read_live,
    rolled_out_name,
    write_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    Router,
    StoredRouterError,
    read_router,
    render_router,
    routes_configmap,
)

_ATTEMPTS = 5
_OTHERS = "; others have changed the routes meanwhile: theirs are stored, and the Deployment has them, "


@dataclass(frozen=True)
class RolledOut:
    """Routes that all pods had.

    :ivar configuration: name of the ConfigMap that they had become; empty where that is not known
    """

    router: Router
    configuration: str


@dataclass(frozen=True)
class Failed:
    """A change that could not be rolled out.

    :ivar before: the router as it was found
    :ivar wanted: what was stored instead; equal to the former where nothing was to change
    :ivar rolled_out: what had rolled out before, if that is known
    """

    before: LiveRouter
    wanted: Router
    rolled_out: RolledOut | None


@dataclass(frozen=True)
class Restored:
    """What became of a change that could not be rolled out.

    :ivar restored: whether old routes were put back
    :ivar changed: whether something else is stored, or named by the Deployment, than before the change
    :ivar told: how the message of the failure goes on
    """

    restored: bool
    changed: bool
    told: str


def last_rolled_out(client: KubeClient, live: LiveRouter, *, check_mode: bool) -> RolledOut | None:
    """What rolled out last: what is there now, if all pods have it, or else what is remembered.

    To be asked before routes are stored, since it remembers what it finds.
    """
    known = _recall(client, live.router)
    now = RolledOut(live.router, live.configuration)
    if known == now or not live.settled or _configuration(live.router) != live.configuration:
        return known
    if not check_mode:
        remember(client, now)
    return now


def remember(client: KubeClient, rolled_out: RolledOut) -> None:
    """Write down what has rolled out."""
    body = routes_configmap(rolled_out.router)
    body["metadata"]["name"] = rolled_out_name(rolled_out.router)
    body["metadata"]["annotations"] = {ROLLED_OUT: rolled_out.configuration}
    client.apply(body, field_manager=FIELD_MANAGER)


def restore(client: KubeClient, failed: Failed) -> Restored:
    """Bring stored routes and Deployment to what rolled out last, or to what others have stored meanwhile.

    Raises nothing: what goes wrong is told.
    """
    written: Router | None = None
    try:
        for _attempt in range(_ATTEMPTS):
            now = read_live(client, failed.wanted.namespace, failed.wanted.name)
            good = _recall(client, now.router) or failed.rolled_out
            target = good or RolledOut(failed.before.router, "")
            if now.router == failed.wanted and failed.wanted not in (failed.before.router, target.router):
                # Where somebody else is faster, the next attempt sees what they have stored.
                if write_routes(client, target.router, now.version) is not None:
                    written = target.router
                continue
            configuration = _make(client, now, target)
            if now.configuration == configuration:
                before = failed.before
                changed = (now.router, now.configuration) != (before.router, before.configuration)
                restored, told = _told(now.router, failed, good, written)
                return Restored(restored, changed, told)
            client.apply(deployment_with(now.router, configuration), field_manager=DEPLOYMENT_FIELD_MANAGER)
    except ArtifactsError as error:
        return _unknown(error.message)
    return _unknown("others change the routes over and over")


def _unknown(why: str) -> Restored:
    told = "the pods may have other routes than those that are stored; run this again"
    return Restored(False, True, f"; the old routes could not be put back: {why}; {told}")


def _told(stored: Router, failed: Failed, good: RolledOut | None, written: Router | None) -> tuple[bool, str]:
    """Whether old routes were put back, and the words for it, now that the Deployment has what is stored."""
    is_good = good is not None and stored == good.router
    if stored == failed.wanted:
        if is_good:
            return False, ""
        return False, "; these routes were there before and stay, but have yet to roll out; run this again"
    if stored not in (failed.before.router, written):
        state = "and rolled out before" if is_good else "but they have yet to roll out; run this again"
        return False, _OTHERS + state
    if not is_good:
        return True, (
            "; the old routes were put back, but nothing tells that they ever rolled out; run this again"
        )
    if stored == failed.before.router:
        return True, "; the old routes were put back"
    return True, (
        "; the old routes were put back, which are those that rolled out last, "
        "without what others had stored since then"
    )


def _recall(client: KubeClient, router: Router) -> RolledOut | None:
    kept = client.get("v1", "ConfigMap", router.namespace, rolled_out_name(router))
    if kept is None:
        return None
    try:
        return RolledOut(read_router(kept), str(dig(kept, "metadata", "annotations", ROLLED_OUT) or ""))
    except StoredRouterError:
        # Not ours, or of a later version: it is written anew.
        return None


def _configuration(router: Router) -> str | None:
    try:
        return render_router(router)[0]
    except ArtifactsError:
        # They could be rendered once, by another version.
        return None


def _make(client: KubeClient, now: LiveRouter, target: RolledOut) -> str:
    """Name of a configuration of the stored routes that is there: the one they had, or else a new one."""
    router = now.router
    named = target.configuration if router == target.router else ""
    rendered = _configuration(router)
    if named not in ("", rendered) and client.get("v1", "ConfigMap", router.namespace, named) is not None:
        return named
    configuration, configmap = render_router(router)
    make_configuration(client, configmap, in_use=now.configuration == configuration, check_mode=False)
    return configuration
