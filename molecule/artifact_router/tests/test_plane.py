# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioned plane: with a router where routes are given, whose routes outlive it, and only they."""

from __future__ import annotations

import pytest

from tests.outside.artifact_router import ArtifactRouter
from tests.outside.kubectl import Kubectl
from tests.outside.playbook import Run, run

BACKENDS = {
    "kops": {"host": "kops.example.org", "conditions": {"paths": ["/kops/"]}},
    "rest": {"host": "rest.example.org"},
}


@pytest.fixture(scope="module")
def router(place: ArtifactRouter) -> ArtifactRouter:
    """Not there before these tests."""
    gone = place.remove(purge_routes=True)
    assert gone.code == 0, gone.output
    return place


# Of the rest of the plane, what takes time is left out.
PLANE = {"node_trust_enabled": False, "registry_health_enabled": False}


def play(router: ArtifactRouter, name: str, *arguments: str, **variables: object) -> Run:
    """Run a playbook of the collection."""
    return run(name, *arguments, variables={**router.all(variables), **PLANE})


def is_there(router: ArtifactRouter) -> bool:
    return router.kubectl("get", "namespace", router.namespace, "--ignore-not-found") != ""


def test_without_routes_there_is_no_router(router: ArtifactRouter) -> None:
    foretold = play(router, "provision", "--check", "-v")
    assert foretold.changed > 0
    assert not [one for one in foretold.actions() if router.namespace in one]


def test_with_routes_there_is_one(router: ArtifactRouter) -> None:
    done = play(router, "provision", backends=BACKENDS)
    assert done.changed > 0
    assert f"http://{router.name}.{router.namespace}.svc:8080" in done.output
    assert router.server.ask("/kops/x").location == "https://kops.example.org/kops/x"
    assert play(router, "provision", backends=BACKENDS).changed == 0


def test_unprovision_keeps_the_routes_and_provision_finds_them(
    kubectl: Kubectl, router: ArtifactRouter
) -> None:
    assert play(router, "unprovision", "--check", backends=BACKENDS).changed > 0
    assert len(router.ready_pods()) == 1
    done = play(router, "unprovision", backends=BACKENDS)
    assert done.code == 0, done.output
    assert f"{router.namespace}/{router.name}-routes" in done.output
    ours = {one for one in kubectl.ours() if router.namespace in one}
    assert ours == {
        f"Namespace /{router.namespace}",
        f"ConfigMap {router.namespace}/{router.name}-routes",
    }
    assert play(router, "unprovision", enabled=True).changed == 0
    again = play(router, "provision", enabled=True)
    assert again.code == 0, again.output
    assert router.kept_routes() == list(BACKENDS)
    assert router.server.ask("/kops/x").location == "https://kops.example.org/kops/x"


def test_purge_leaves_nothing(kubectl: Kubectl, router: ArtifactRouter) -> None:
    purged = play(router.with_variables(purge_routes=True), "unprovision", enabled=True)
    assert purged.code == 0, purged.output
    assert router.namespace in purged.output
    assert not is_there(router)
    assert {one for one in kubectl.ours() if router.namespace in one} == set()
