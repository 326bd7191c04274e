# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are ended half-way, and an API server that goes away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import _node_action_lease
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.observed import is_ended
from devcluster.control_plane import ControlPlane
from tests.faults.node_action.nodes import DONE, HANGS, MISSPELT, Nodes, Script, named
from tests.faults.node_action.task import ACTION, Task, Watching, left, reasons, states

_START_SECONDS = 30


def interrupt(task: Task, nodes: Nodes, started: int, **options: Any) -> None:
    """Run the task, and end it as Ctrl-C does once so many scripts were started."""
    latest = time.monotonic() + _START_SECONDS

    def end(_line: str) -> None:
        if len(nodes.started) >= started:
            raise KeyboardInterrupt
        assert time.monotonic() < latest, f"only these were started: {nodes.started}"

    with pytest.raises(KeyboardInterrupt):
        Task(task.control_plane, task.namespace, Watching(on_update=end))(**options)


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _START_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def jobs(client: KubeClient, namespace: str) -> dict[str, str]:
    """The UIDs of the Jobs, by name."""
    found = client.list("batch/v1", "Job", namespace)
    return {job["metadata"]["name"]: job["metadata"]["uid"] for job in found}


def test_jobs_of_an_interrupted_run_are_taken_over(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add(*named(4))
    with nodes.running(lambda _node: HANGS):
        interrupt(task, nodes, 2, canary=0, max_parallel=2)
        kept = jobs(client, task.namespace)
        assert len(kept) == 2
        told = task(check_mode=True)
        assert reasons(told)["n00"] == "an earlier run of it is under way"
        assert jobs(client, task.namespace) == kept
        nodes.behaviour = lambda _node: Script(seconds=1)
        result = task(max_parallel=2)
    assert states(result) == dict.fromkeys(named(4), "done")
    # No node was begun twice.
    assert sorted(nodes.started) == named(4)
    assert nodes.most_jobs == 2
    record = nodes.record("n00", ACTION)
    assert record is not None
    assert record["run"] in kept.values()
    assert left(client, task.namespace) == []


def test_a_job_that_was_written_down_is_not_taken_for_a_new_result(
    control_plane: ControlPlane, client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    allow(client, {("batch", "jobs"): ["get", "list", "create"]})
    with nodes.running(lambda _node: Script(code=7)):
        operator = Task(control_plane, task.namespace, context="operator")
        result = operator.fail()
        assert states(result) == {"a": "failed"}
        assert any("could not be deleted" in warning for warning in result["warnings"])
        assert len(jobs(client, task.namespace)) == 1
        nodes.behaviour = lambda _node: DONE
        result = task()
    assert states(result) == {"a": "done"}
    assert nodes.started == ["a", "a"]
    assert left(client, task.namespace) == []


def test_a_job_that_a_wrong_setting_holds_up_is_made_anew(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        interrupt(task, nodes, 1, action_image=MISSPELT)
        result = task()
    assert states(result) == {"a": "done"}
    assert nodes.started == ["a", "a"]


def test_other_content_that_was_begun_is_what_was_run(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task()
        nodes.behaviour = lambda _node: HANGS
        interrupt(task, nodes, 2, script="echo other")
        nodes.behaviour = lambda _node: DONE
        told = task(check_mode=True)
        assert reasons(told)["a"] == "what was run here was something else"
        result = task()
    assert (states(result), result["changed"]) == ({"a": "done"}, True)
    assert nodes.started == ["a", "a", "a"]


def test_a_removal_that_was_begun_is_no_longer_done(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task()
        nodes.behaviour = lambda _node: HANGS
        interrupt(task, nodes, 2, state="absent", absent_script="rm -rf /opt/x")
        nodes.behaviour = lambda _node: DONE
        told = task(check_mode=True)
        assert reasons(told)["a"] == "it was begun here, and did not come to an end of its own"
        assert states(task()) == {"a": "done"}
    assert nodes.started == ["a", "a", "a"]


REMOVAL: dict[str, Any] = {"state": "absent", "absent_script": "rm -rf /opt/x"}


def test_a_first_run_that_still_goes_on_is_waited_for_and_taken_back(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    told = []

    def end_it(line: str) -> None:
        if "of an earlier run has not ended" in line:
            told.append(list(nodes.started))
            nodes.behaviour = lambda _node: DONE

    with nodes.running(lambda _node: HANGS):
        interrupt(task, nodes, 1, cordon="cordon")
        foretold = task(check_mode=True, **REMOVAL)
        assert states(foretold) == {"a": "would run"}
        # The script still runs there.
        assert foretold["uncordoned"] == []
        task.progress.on_update = end_it
        result = task(**REMOVAL)
    assert (states(result), result["changed"]) == ({"a": "done"}, True)
    # Nothing was begun beside the first one.
    assert told == [["a"]]
    assert nodes.started == ["a", "a"]
    assert nodes.record("a", ACTION) is None
    assert not nodes.read("a")["spec"].get("unschedulable")
    assert left(client, task.namespace) == []


def test_a_first_run_that_ended_unseen_is_taken_back(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running(lambda _node: HANGS):
        interrupt(task, nodes, 1)
        nodes.behaviour = lambda _node: DONE
        wait_for(lambda: all(map(is_ended, client.list("batch/v1", "Job", task.namespace))))
        # What is known of it is not lost with its Job.
        nodes.behaviour = lambda _node: HANGS
        interrupt(task, nodes, 2, **REMOVAL)
        assert nodes.record("a", ACTION) is not None
        nodes.behaviour = lambda _node: DONE
        result = task(**REMOVAL)
    assert (states(result), result["changed"]) == ({"a": "done"}, True)
    assert nodes.started == ["a", "a"]
    assert left(client, task.namespace) == []


def test_a_first_run_that_has_not_begun_does_not_begin_after_the_removal(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    with nodes.running():
        interrupt(task, nodes, 1, action_image=MISSPELT)
        (uid,) = jobs(client, task.namespace).values()
        result = task(**REMOVAL)
        assert uid not in jobs(client, task.namespace).values()
    assert (states(result), result["changed"]) == ({"a": "done"}, True)
    assert nodes.record("a", ACTION) is None
    assert left(client, task.namespace) == []


def test_other_content_that_has_not_begun_does_not_begin_later(
    client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a", "b")
    with nodes.running():
        interrupt(task, nodes, 2, script="echo other", action_image=MISSPELT, canary=0)
        # Even where the node is not among those that are meant now.
        result = task(selector={"kubernetes.io/hostname": "a"})
        assert jobs(client, task.namespace) == {}
        wait_for(lambda: not client.list("v1", "Pod", task.namespace))
    assert states(result) == {"a": "done"}
    record = nodes.record("a", ACTION)
    assert record is not None
    assert (record["hash"], record["code"]) == (result["content_hash"], 0)


def test_what_does_not_end_is_waited_for_no_longer_than_allowed(nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running(lambda _node: HANGS):
        interrupt(task, nodes, 1, cordon="cordon")
        result = task.fail(script="echo other", lock_timeout=3, start_timeout=2)
        assert states(result) == {"a": "failed"}
        assert "of an earlier run has not ended within 3 seconds (lock_timeout" in reasons(result)["a"]
        assert nodes.started == ["a"]
        # It is not known what came of it, and it may still come.
        assert nodes.read("a")["spec"].get("unschedulable")
        record = nodes.record("a", ACTION)
        assert record is not None
        assert record["code"] == -1
        nodes.behaviour = lambda _node: DONE
        assert states(task(script="echo other")) == {"a": "done"}
    assert not nodes.read("a")["spec"].get("unschedulable")


def test_a_job_that_is_refused_leaves_what_was_told(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")
    with nodes.running():
        task()
    before = nodes.record("a", ACTION)
    quota = {"hard": {"count/jobs.batch": "0"}}
    metadata = {"name": "none", "namespace": task.namespace}
    made = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": quota}
    client.apply(made, field_manager="tests")
    result = task.fail(script="echo other")
    assert "exceeded quota: none" in reasons(result)["a"]
    assert result["changed"] is False
    assert nodes.record("a", ACTION) == before


def test_a_pod_that_cannot_start_is_given_up(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a", "b")
    with nodes.running(lambda _node: Script(waits="ImagePullBackOff")):
        began = time.monotonic()
        result = task.fail(start_timeout=3)
    assert time.monotonic() - began < 15
    assert states(result) == {"a": "failed", "b": "not started"}
    assert "could not start for 3 seconds: container action: ImagePullBackOff" in reasons(result)["a"]
    assert left(client, task.namespace) == []


def test_a_job_that_somebody_deletes_is_lost(client: KubeClient, nodes: Nodes, task: Task) -> None:
    nodes.add("a")

    def delete(_line: str) -> None:
        if nodes.started:
            for name in jobs(client, task.namespace):
                client.delete("batch/v1", "Job", task.namespace, name)

    task.progress.on_update = delete
    with nodes.running(lambda _node: HANGS):
        result = task.fail()
    assert states(result) == {"a": "lost"}
    assert "its Job is gone" in reasons(result)["a"]
    record = nodes.record("a", ACTION)
    assert record is not None
    assert record["code"] == -1


def test_two_runs_at_once_do_the_work_once(nodes: Nodes, task: Task) -> None:
    nodes.add(*named(6))
    results = []

    def run() -> None:
        results.append(Task(task.control_plane, task.namespace).attempt(max_parallel=3, canary=0))

    with nodes.running(lambda _node: Script(seconds=1.5)):
        threads = [threading.Thread(target=run) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(nodes.started) == named(6)
    for result in results:
        assert not result.get("failed"), result["msg"]
    told = sorted((set(states(result).values()) for result in results), key=sorted)
    assert told == [{"done"}, {"unchanged"}]


def test_an_api_server_that_is_away_is_waited_for(
    control_plane: ControlPlane, client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add(*named(3))
    restarted: list[threading.Timer] = []

    def restart(_line: str) -> None:
        if nodes.started and not restarted:
            control_plane.stop_api_server()
            restarted.append(threading.Timer(4, control_plane.start_api_server))
            restarted[0].start()

    task.progress.on_update = restart
    with nodes.running(lambda _node: Script(seconds=1)):
        result = task(max_parallel=3)
    restarted[0].join()
    assert states(result) == dict.fromkeys(named(3), "done")
    assert sorted(nodes.started) == named(3)
    assert any("cannot reach the API server" in line for line in task.progress.lines)
    assert left(client, task.namespace) == []


def test_an_api_server_that_stays_away_ends_the_run_with_what_is_known(
    control_plane: ControlPlane, nodes: Nodes, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The lease cannot be given up then.
    monkeypatch.setattr(_node_action_lease, "VALID_SECONDS", 5)
    nodes.add("a", "b")

    def end(_line: str) -> None:
        if len(nodes.started) == 2:
            control_plane.stop_api_server()

    task.progress.on_update = end
    with nodes.running(lambda node: DONE if node == "a" else HANGS):
        result = task.fail(start_timeout=2)
        control_plane.start_api_server()
        assert "cannot reach the API server" in result["msg"]
        assert states(result) == {"a": "done", "b": "running"}
        nodes.behaviour = lambda _node: DONE
        task.progress.on_update = print
        assert states(task()) == {"a": "unchanged", "b": "done"}


def allow(client: KubeClient, instead: dict[tuple[str, str], list[str]]) -> None:
    """Give the user ``operator`` all that the module needs, but of some resources only these verbs."""
    needed = {
        ("", "nodes"): ["get", "list", "patch"],
        ("", "pods"): ["list"],
        ("", "events"): ["create", "list"],
        ("", "namespaces"): ["get"],
        ("", "configmaps"): ["list", "create", "patch", "delete"],
        ("", "secrets"): ["get", "list", "create", "patch", "delete"],
        ("batch", "jobs"): ["get", "list", "create", "delete"],
        ("apps", "daemonsets"): ["get", "list"],
        ("coordination.k8s.io", "leases"): ["get", "create", "patch", "delete"],
        **instead,
    }
    rules = [
        {"apiGroups": [group], "resources": [name], "verbs": verbs}
        for (group, name), verbs in needed.items()
        if verbs
    ]
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    client.apply({**kind, "metadata": {"name": "operator"}, "rules": rules}, field_manager="tests")
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "operator"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "operator"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "operator"}],
    }
    client.apply(binding, field_manager="tests")


def test_no_right_to_write_the_annotation_is_told(
    control_plane: ControlPlane, client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    allow(client, {("", "nodes"): ["get", "list"], ("", "events"): []})
    with nodes.running():
        result = Task(control_plane, task.namespace, context="operator").fail()
    assert states(result) == {"a": "failed"}
    assert "the result could not be written to the node" in reasons(result)["a"]
    assert "the result: done" in reasons(result)["a"]
    assert any("no event could be made" in warning for warning in result["warnings"])


def test_the_rights_that_are_documented_are_enough(
    control_plane: ControlPlane, client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    allow(client, {})
    with nodes.running():
        operator = Task(control_plane, task.namespace, context="operator")
        operator(cordon="cordon", variables={"token": "abcdef"})
        operator(state="absent")
    assert left(client, task.namespace) == []


def test_the_rights_that_are_documented_are_enough_for_a_daemonset(
    control_plane: ControlPlane, client: KubeClient, nodes: Nodes, task: Task
) -> None:
    nodes.add("a")
    rights = {
        ("", "pods"): ["get", "list", "delete"],
        ("", "configmaps"): ["get", "list", "create", "patch", "delete"],
        ("apps", "daemonsets"): ["get", "list", "create", "patch", "delete"],
    }
    allow(client, rights)
    operator = Task(control_plane, task.namespace, context="operator")
    with nodes.running(lambda _node: Script(code=3)):
        operator.fail(mode="daemonset", variables={"token": "abcdef"})
        nodes.behaviour = lambda _node: DONE
        assert states(operator(mode="daemonset", variables={"token": "abcdef"})) == {"a": "done"}
        operator(state="absent")
    assert left(client, task.namespace) == []
