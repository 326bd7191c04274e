# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs of one action in one namespace: one after the other, by a Lease."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import (
    _node_action_cluster,
    _node_action_lease,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import ActionCluster
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    CONFIGURATION,
    NODE_ACTION,
    labels,
)
from tests.faults.node_action.nodes import DONE, HANGS, Nodes, Script
from tests.faults.node_action.task import ACTION, Task, Watching, left, states, stored

LEASE = ("coordination.k8s.io/v1", "Lease")
NAME = f"node-action-{ACTION}"
TIME = "2026-11-21T09:00:00.000000Z"
SECONDS = itertools.cycle(range(1, 60))


def hold(client: KubeClient, namespace: str, seconds: int) -> None:
    """As another run does."""
    spec = {
        "holderIdentity": "other",
        "leaseDurationSeconds": seconds,
        "acquireTime": TIME,
        "renewTime": TIME,
    }
    metadata = {"name": NAME, "namespace": namespace}
    client.create({"apiVersion": LEASE[0], "kind": LEASE[1], "metadata": metadata, "spec": spec})


def lease(client: KubeClient, namespace: str) -> dict[str, Any] | None:
    return client.get(*LEASE, namespace, NAME)


def renew(client: KubeClient, namespace: str) -> None:
    """As another run does while it goes on."""
    client.merge(
        *LEASE, namespace, NAME, {"spec": {"renewTime": f"2026-11-21T09:00:{next(SECONDS):02d}.000000Z"}}
    )


def test_runs_of_different_content_come_one_after_the_other(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a", "b")
    first: list[dict[str, Any]] = []

    def run() -> None:
        first.append(Task(task.control_plane, task.namespace).attempt(canary=0, cordon="cordon"))

    with nodes.running(lambda _node: Script(seconds=3)):
        thread = threading.Thread(target=run)
        thread.start()
        while not nodes.started:
            time.sleep(0.05)
        # It would take away what the first one needs, and uncordon what that has cordoned.
        second = task(script="echo other", selector={"kubernetes.io/hostname": "b"})
        thread.join()
    assert not first[0].get("failed"), first[0]["msg"]
    assert states(first[0]) == {"a": "done", "b": "done"}
    assert states(second) == {"b": "done"}
    assert nodes.started[-1] == "b"
    assert sorted(nodes.started) == ["a", "b", "b"]
    assert nodes.cordoned_at_start["a"]
    assert any("another run of the action install goes on" in line for line in task.progress.lines)
    assert lease(client, task.namespace) is None
    assert left(client, task.namespace) == []


def test_a_run_that_does_not_end_is_waited_for_no_longer_than_allowed(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    hold(client, task.namespace, 60)
    before = stored(client, task.namespace)
    task.progress.on_update = lambda _line: renew(client, task.namespace)
    with nodes.running():
        began = time.monotonic()
        result = task.fail(lock_timeout=2)
        assert time.monotonic() - began < 10
        assert result["msg"] == (
            f"another run of the action install goes on since {TIME}, and has not ended within 2 seconds "
            f'(lock_timeout); its lease is {NAME} in the namespace "{task.namespace}"; nothing was changed'
        )
        # It only looks.
        assert states(task(check_mode=True, lock_timeout=0)) == {"a": "would run"}
    assert stored(client, task.namespace) == before
    kept = lease(client, task.namespace)
    assert kept is not None
    assert kept["spec"]["holderIdentity"] == "other"


def test_the_lease_of_a_run_that_was_killed_lapses(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    hold(client, task.namespace, 3)
    with nodes.running():
        assert states(task()) == {"a": "done"}
    assert lease(client, task.namespace) is None


def test_a_lease_is_watched_until_it_lapses_however_short_the_patience_is(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    hold(client, task.namespace, 3)
    taken = []

    def note(_line: str) -> None:
        found = lease(client, task.namespace) or {}
        if found.get("spec", {}).get("holderIdentity") not in (None, "other"):
            taken.append(found["spec"]["acquireTime"])

    task.progress.on_update = note
    with nodes.running(lambda _node: Script(seconds=2)):
        assert states(task(lock_timeout=0)) == {"a": "done"}
    # It is not since the dead run's time that this one has it.
    assert taken
    assert TIME not in taken


def test_without_leases_two_runs_cannot_be_kept_apart(
    nodes: Nodes, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A kind that no API server has stands in for one that is switched off.
    monkeypatch.setattr(_node_action_lease, "_LEASE", ("coordination.example.com/v1", "Lease"))
    nodes.add("a")
    with nodes.running():
        result = task.fail()
    assert "knows no coordination.example.com/v1 Lease" in result["msg"]
    assert nodes.started == []


def test_a_lease_is_renewed_while_the_run_goes_on(
    client: KubeClient, nodes: Nodes, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_node_action_lease, "RENEWAL_SECONDS", 0.5)
    monkeypatch.setattr(_node_action_lease, "VALID_SECONDS", 4)
    nodes.add("a")
    times = set()

    def note(_line: str) -> None:
        found = lease(client, task.namespace)
        assert found is not None
        times.add(found["spec"]["renewTime"])

    first = Task(task.control_plane, task.namespace, Watching(on_update=note))
    with nodes.running(lambda _node: Script(seconds=10)):
        results = []
        thread = threading.Thread(target=lambda: results.append(first.attempt()))
        thread.start()
        while not nodes.started:
            time.sleep(0.05)
        assert states(task()) == {"a": "unchanged"}
        thread.join()
    assert states(results[0]) == {"a": "done"}
    assert len(times) > 2


def test_a_run_that_has_lost_its_lease_ends(
    client: KubeClient, nodes: Nodes, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_node_action_lease, "RENEWAL_SECONDS", 0.5)
    nodes.add("a", "b")

    def take(_line: str) -> None:
        if nodes.started and (lease(client, task.namespace) or {})["spec"]["holderIdentity"] != "other":
            client.merge(*LEASE, task.namespace, NAME, {"spec": {"holderIdentity": "other"}})

    task.progress.on_update = take
    with nodes.running(lambda _node: HANGS):
        result = task.fail()
        assert "another run of the action install has taken over" in result["msg"]
        assert states(result) == {"a": "running", "b": "not started"}
        # It is the other's now.
        assert lease(client, task.namespace) is not None
        client.delete(*LEASE, task.namespace, NAME)
        nodes.behaviour = lambda _node: DONE
        task.progress.on_update = print
        assert states(task()) == {"a": "done", "b": "done"}
    assert nodes.started == ["a", "b"]


def test_a_lease_is_renewed_while_much_is_cleared_away(
    client: KubeClient, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As many as it takes: what counts is that no more than so many are done between two renewals.
    monkeypatch.setattr(_node_action_cluster, "_PIECE", 3)
    renewals: list[int] = []
    done: list[str] = []
    cluster = ActionCluster(client, task.namespace, ACTION, lambda: renewals.append(len(done)))
    names = [f"n{number}" for number in range(8)]
    assert set(cluster.each(done.append, names)) == set(done) == set(names)
    assert renewals == [0, 3, 6]
    configuration = {"apiVersion": "v1", "kind": "ConfigMap"}
    for number in range(3):
        made = labels(NODE_ACTION, ACTION, CONFIGURATION)
        metadata = {"name": f"{ACTION}-{number}", "namespace": task.namespace, "labels": made}
        client.create({**configuration, "metadata": metadata})
    renewals.clear()
    assert len(cluster.prune()) == 3
    assert len(renewals) >= 3


def test_a_run_whose_lease_is_gone_ends(
    client: KubeClient, nodes: Nodes, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_node_action_lease, "RENEWAL_SECONDS", 0.5)
    nodes.add("a", "b")

    def take_and_give_up(_line: str) -> None:
        if nodes.started:
            client.delete(*LEASE, task.namespace, NAME)

    task.progress.on_update = take_and_give_up
    with nodes.running(lambda _node: HANGS):
        result = task.fail()
    assert "another run may have taken over, and ended" in result["msg"]
    assert states(result) == {"a": "running", "b": "not started"}
    assert lease(client, task.namespace) is None
