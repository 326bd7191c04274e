# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes that change, pods that go: every request gets an answer, by the old route or the new one."""

from __future__ import annotations

import time

import pytest

from tests.outside.artifact_router import ArtifactRouter
from tests.outside.kubectl import Kubectl
from tests.outside.load import KINDS, Load, load

OLD = "https://old.example.org"
NEW = "https://new.example.org"
REST = "https://rest.example.org"
TARGETS = ("/moved/file?x=1", "/stays/file")
BEFORE_SECONDS = 2.0


def routes(moved: str) -> list[dict[str, object]]:
    return [
        {"name": "moved", "conditions": {"paths": ["/moved"]}, "url": moved},
        {"name": "rest", "url": REST},
    ]


@pytest.fixture(scope="module")
def router(place: ArtifactRouter) -> ArtifactRouter:
    """With as many pods, and as much time for them to end, as where nobody says anything else."""
    short = ("_seconds", "_replicas")
    usual = {name: value for name, value in place.variables.items() if not name.endswith(short)}
    found = ArtifactRouter(place.kubectl, place.folder, place.address, place.namespace, place.name, usual)
    done = found.run(routes=routes(OLD))
    assert done.code == 0, done.output
    found.wait_until_only(found.ready_pods())
    return found


def _assert_nothing_was_lost(counted: Load) -> None:
    assert counted.failed == []
    assert set(counted.by_kind) == {kind.name for kind in KINDS}
    assert sum(counted.answered.values()) > 1000
    assert counted.locations("/stays/file") == {f"{REST}/stays/file"}


def test_a_change_of_routes_loses_no_request(router: ArtifactRouter) -> None:
    before = set(router.pods())
    server = router.server
    with load(server, TARGETS) as counted:
        time.sleep(BEFORE_SECONDS)
        assert counted.locations("/moved/file?x=1") == {f"{OLD}/moved/file?x=1"}
        assert router.change(routes=routes(NEW)).changed
        after = set(router.pods())
        router.wait_until_only(after)
    _assert_nothing_was_lost(counted)
    assert not before & after
    assert counted.locations("/moved/file?x=1") == {f"{OLD}/moved/file?x=1", f"{NEW}/moved/file?x=1"}
    with load(server, TARGETS) as counted:
        time.sleep(BEFORE_SECONDS)
    _assert_nothing_was_lost(counted)
    assert counted.locations("/moved/file?x=1") == {f"{NEW}/moved/file?x=1"}


def test_a_deleted_pod_loses_no_request(kubectl: Kubectl, router: ArtifactRouter) -> None:
    assert not router.change(routes=routes(NEW)).failed
    before = router.pods()
    gone = next(iter(before.values()))
    with load(router.server, TARGETS) as counted:
        time.sleep(BEFORE_SECONDS)
        kubectl("delete", "pod", "-n", router.namespace, gone["metadata"]["name"], "--wait=true")
        kubectl("rollout", "status", "-n", router.namespace, f"deployment/{router.name}", "--timeout=60s")
    _assert_nothing_was_lost(counted)
    assert counted.locations("/moved/file?x=1") == {f"{NEW}/moved/file?x=1"}
    after = set(router.pods())
    assert len(after) == len(before)
    assert gone["metadata"]["uid"] not in after
