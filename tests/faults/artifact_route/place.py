# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A router on a control plane without proxies: what is stored of it, and what its pods would have."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import (
    FIELD_MANAGER,
    LiveRouter,
    read_live,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import RenderOptions
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_routes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    VOLUME,
    Router,
    render_router,
    routes_configmap,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route import (
    ARGUMENT_SPEC,
    run,
)
from devcluster.control_plane import ControlPlane
from tests.faults.image_cache.kubelet import SILENT, Kubelets

NAME = "artifact-router"
# Long enough for a kubelet that runs, short for a rollout that no kubelet takes up.
_SECONDS = 20.0
_VAIN_SECONDS = 1.0


def route(name: str) -> dict[str, Any]:
    return {"name": name, "conditions": {"paths": [f"/{name}"]}, "host": f"{name}.example.org"}


def routes(*names: str) -> tuple[Route, ...]:
    """The routes of these names."""
    read, faults = read_routes([route(name) for name in names], RouterSettings())
    assert not faults
    return tuple(read)


@dataclass(frozen=True)
class _Progress:
    """Progress that is kept."""

    lines: list[str]

    def __call__(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(line)

    def update(self, line: str) -> None:
        """Keep it as well."""
        self.lines.append(line)


@dataclass(frozen=True)
class Place:
    """A namespace with a router; its pods become ready while its kubelet runs."""

    control_plane: ControlPlane
    kubelets: Kubelets
    namespace: str

    @property
    def client(self) -> KubeClient:
        """A client of its own."""
        return connect(str(self.control_plane.kubeconfig), None)

    def router(self, *names: str) -> Router:
        """The router as it is with these routes."""
        return Router(self.namespace, NAME, routes(*names), RouterSettings(), RenderOptions())

    def set_up(self) -> None:
        """Make the router as its role does, with as much of a Deployment as its rollout needs."""
        client, router = self.client, self.router("base")
        configuration, configmap = render_router(router)
        labels = {"app.kubernetes.io/name": "artifact-router"}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
        client.apply(namespace, field_manager=FIELD_MANAGER)
        pod = {
            "containers": [{"name": "haproxy", "image": "example/none:1"}],
            "volumes": [{"name": VOLUME, "configMap": {"name": configuration}}],
        }
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": NAME, "namespace": self.namespace},
            "spec": {
                "replicas": 1,
                "revisionHistoryLimit": 0,
                "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        }
        for body in (routes_configmap(router), configmap, deployment):
            client.apply(body, field_manager=FIELD_MANAGER)
        with self.kubelet():
            done = self.change(wait_timeout=_SECONDS)
        assert not done.get("failed"), done["msg"]

    def kubelet(self) -> AbstractContextManager[None]:
        """Let pods become ready beside the block."""
        return self.kubelets.running(self.namespace, SILENT)

    def change(self, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run artifact_route, whatever comes."""
        given = {
            "kubeconfig": str(self.control_plane.kubeconfig),
            "namespace": self.namespace,
            "router": NAME,
            "wait_timeout": _VAIN_SECONDS,
            **options,
        }
        validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
        assert not validation.error_messages
        parameters = validation.validated_parameters
        return outcome(run, parameters, check_mode=check_mode, diff_mode=False, progress=_Progress([]))

    def add(self, name: str, **options: Any) -> dict[str, Any]:
        """Add a route, whatever comes."""
        return self.change(**route(name), **options)

    def live(self) -> LiveRouter:
        """The router as it is."""
        return read_live(self.client, self.namespace, NAME)

    def configmap(self, name: str) -> Mapping[str, Any]:
        """One that is there."""
        found = self.client.get("v1", "ConfigMap", self.namespace, name)
        assert found is not None
        return found

    def assert_whole(self, *names: str) -> None:
        """These routes are stored, the pods have them, and their configuration is there as it should be."""
        end = time.monotonic() + _SECONDS
        while not (live := self.live()).settled:
            assert time.monotonic() < end, "the rollout does not end"
            time.sleep(0.1)
        assert [one.name for one in live.router.routes] == list(names)
        configuration, configmap = render_router(self.router(*names))
        assert live.configuration == configuration
        assert self.configmap(configuration)["data"] == configmap["data"]
