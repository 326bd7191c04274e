# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that cannot be started or rolled out: clients never see them, and the next run repairs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside.artifact_router import ArtifactRouter
from tests.outside.kubectl import Kubectl, eventually

QUOTA = "no-pod-more"
BROKEN = "broken"
POLICY = "artifact-router-tests-break-configurations"
SECONDS = 90.0
# Of a failing change: the failure has to show, then to last for the grace, long before the timeout.
GRACE = {"failure_grace": 3, "wait_timeout": 60}


def routes(host: str) -> list[dict[str, object]]:
    return [
        {"name": "first", "conditions": {"paths": ["/first"]}, "host": host},
        {"name": "rest", "host": "rest.example.org"},
    ]


OLD = routes("old.example.org")


@pytest.fixture(scope="module")
def router(place: ArtifactRouter) -> ArtifactRouter:
    done = place.run(routes=OLD)
    assert done.code == 0, done.output
    place.wait_until_only(place.ready_pods())
    return place


def assert_old_routes_answer(router: ArtifactRouter) -> None:
    server = router.server
    assert {server.ask("/first/x").location for _ in range(30)} == {"https://old.example.org/first/x"}


@pytest.fixture
def unharmed(router: ArtifactRouter) -> Iterator[None]:
    """The pods that answer before a test are those that answer after it, by the same routes."""
    before = router.ready_pods()
    yield
    assert before
    assert router.ready_pods() == before
    assert_old_routes_answer(router)


@pytest.fixture
def quota(kubectl: Kubectl, router: ArtifactRouter) -> Iterator[None]:
    """No pod more than there is."""
    limits = {"hard": {"count/pods": str(len(router.get("pods")["items"]))}}
    made = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": QUOTA, "namespace": router.namespace},
        "spec": limits,
    }
    kubectl("apply", "-f", "-", standard_input=json.dumps(made))
    eventually(
        lambda: "used" in router.get("resourcequota", QUOTA).get("status", {}), SECONDS, "the quota counts"
    )
    yield
    kubectl("delete", "resourcequota", "-n", router.namespace, QUOTA)


@pytest.mark.usefixtures("unharmed", "quota")
def test_a_rollout_that_gets_no_pod_is_taken_back(router: ArtifactRouter) -> None:
    configuration = router.configuration()
    failed = router.change(routes=routes("new.example.org"), **GRACE)
    assert failed.failed
    assert failed.result["restored"] is True
    assert failed.result["changed"] is False
    assert QUOTA in failed.result["msg"]
    assert "the old routes were put back" in failed.result["msg"]
    assert router.configuration() == configuration
    assert router.info()["routes"][0]["host"] == "old.example.org"
    # What was put back is whole: there is nothing left to do.
    assert not router.change(routes=OLD).changed


@pytest.fixture
def breaks_configurations(kubectl: Kubectl, router: ArtifactRouter) -> Iterator[None]:
    """What is written as a configuration is stored as one that the proxy refuses."""
    prefix = f"{router.name}-config-"
    changed = "op: 'replace', path: '/data/haproxy.cfg', value: 'nonsense'"
    policy: dict[str, Any] = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": POLICY},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": router.namespace}},
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["configmaps"],
                    }
                ],
            },
            "matchConditions": [
                {"name": "a-configuration", "expression": f"object.metadata.name.startsWith('{prefix}')"}
            ],
            "mutations": [
                {
                    "patchType": "JSONPatch",
                    "jsonPatch": {"expression": f"[JSONPatch{{{changed}}}]"},
                }
            ],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": POLICY},
        "spec": {"policyName": POLICY},
    }
    both = json.dumps({"apiVersion": "v1", "kind": "List", "items": [policy, binding]})
    kubectl("apply", "-f", "-", standard_input=both)
    probe = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{prefix}probe", "namespace": router.namespace},
        "data": {"haproxy.cfg": "", "other": ""},
    }

    def mutates() -> bool:
        command = ("create", "--dry-run=server", "-o", "json", "-f", "-")
        stored = json.loads(kubectl(*command, standard_input=json.dumps(probe)))
        return bool(stored["data"]["haproxy.cfg"] == "nonsense")

    eventually(mutates, SECONDS, "the policy is in force")
    yield
    kubectl("delete", "-f", "-", standard_input=both)


@pytest.mark.usefixtures("unharmed", "breaks_configurations")
def test_a_configuration_that_the_proxy_refuses_is_taken_back(router: ArtifactRouter) -> None:
    configuration = router.configuration()
    failed = router.change(routes=routes("refused.example.org"), **GRACE)
    assert failed.failed
    assert failed.result["restored"] is True
    # What haproxy -c says in the init container.
    assert "unknown keyword 'nonsense'" in failed.result["msg"]
    assert router.configuration() == configuration
    assert not router.change(routes=OLD).changed


@pytest.mark.usefixtures("unharmed")
def test_a_configuration_put_there_by_hand_never_gets_to_answer(
    kubectl: Kubectl, router: ArtifactRouter
) -> None:
    configuration = router.configuration()
    broken = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": BROKEN, "namespace": router.namespace},
        "data": {"haproxy.cfg": "nonsense\n"},
    }
    kubectl("apply", "-f", "-", standard_input=json.dumps(broken))
    volume = {"name": "configuration", "configMap": {"name": BROKEN}}
    patch = {"spec": {"template": {"spec": {"volumes": [volume]}}}}
    deployment = ("-n", router.namespace, "deployment", router.name)
    kubectl("patch", *deployment, f"--patch={json.dumps(patch)}")

    def refused() -> bool:
        states = [
            status["lastState"].get("terminated") or status["state"].get("terminated")
            for pod in router.get("pods")["items"]
            for status in pod["status"].get("initContainerStatuses", [])
        ]
        return any(state and state["exitCode"] == 1 for state in states)

    eventually(refused, SECONDS, "a new pod's check refuses the configuration")
    assert_old_routes_answer(router)
    assert router.change().changed
    assert router.configuration() == configuration
    assert not router.change().changed
    kubectl("delete", "configmap", "-n", router.namespace, BROKEN)


@pytest.mark.usefixtures("unharmed")
def test_an_image_that_is_nowhere_never_gets_to_answer(router: ArtifactRouter) -> None:
    failed = router.run(routes=OLD, image="docker.io/library/no-such-haproxy:9")
    assert failed.code != 0
    assert "no-such-haproxy" in failed.output
    assert_old_routes_answer(router)
    assert router.run(routes=OLD).changed == 1
