# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admission webhook: asked about pods of the namespaces that are not excluded, and never in the way."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from tests.outside.kubectl import Kubectl, eventually
from tests.outside.trow import Trow

GUARDED = "trow-tests-guarded"
POD = ("run", "asked", "--image=docker.io/library/busybox:1.36", "--restart=Never", "-n", GUARDED)
WEBHOOK_SECONDS = 60.0


@pytest.fixture(scope="module")
def guarded(kubectl: Kubectl) -> Iterator[list[str]]:
    """A namespace that is guarded, and the others, which are not."""
    kubectl("create", "namespace", GUARDED)
    names = [item["metadata"]["name"] for item in kubectl.get("namespaces")["items"]]
    yield [name for name in names if name != GUARDED]
    kubectl("delete", "namespace", GUARDED, "--wait=false")


@pytest.fixture(scope="module")
def registry(place: Trow, guarded: list[str]) -> Trow:
    """One with a webhook."""
    return place.with_variables(
        admission=True, admission_replicas=1, admission_exclude_namespaces=guarded, version="0.10"
    )


def test_a_pod_is_denied_by_the_webhook(registry: Trow, kubectl: Kubectl) -> None:
    done = registry.run(image_validation={"default": "Deny"})
    assert done.code == 0, done.output
    eventually(
        lambda: kubectl(*POD, "--dry-run=server", check=False) == "", WEBHOOK_SECONDS, "pods are denied"
    )
    (webhook,) = kubectl.get("validatingwebhookconfiguration", "trow-validator-trow-tests")["webhooks"]
    authority = registry.kubectl.secret("cert-manager", "trow-tests-ca", "tls.crt")
    assert base64.b64decode(webhook["clientConfig"]["caBundle"]).decode().strip() == authority.strip()
    assert webhook["failurePolicy"] == "Ignore"
    assert kubectl("run", "x", "--image=x", "-n", registry.namespace, "--dry-run=server") != ""


def test_a_changed_configuration_reaches_it(registry: Trow, kubectl: Kubectl) -> None:
    done = registry.run(image_validation={"default": "Allow"})
    assert done.changed > 0
    eventually(
        lambda: kubectl(*POD, "--dry-run=server", check=False) != "", WEBHOOK_SECONDS, "pods are let in"
    )
    assert registry.run(image_validation={"default": "Allow"}).changed == 0


def test_only_where_it_is_wished_pods_wait_for_an_answer(registry: Trow, kubectl: Kubectl) -> None:
    wished = {"admission_failure_policy": "Fail", "admission_namespaces": [GUARDED]}
    done = registry.run(image_validation={"default": "Allow"}, admission_exclude_namespaces=[], **wished)
    assert done.code == 0, done.output
    kubectl("scale", "-n", registry.namespace, "deployment/trow-webhook", "--replicas=0")
    eventually(lambda: kubectl(*POD, "--dry-run=server", check=False) == "", WEBHOOK_SECONDS, "pods wait")
    for namespace in ("default", "kube-system", registry.namespace):
        assert kubectl("run", "x", "--image=x", "-n", namespace, "--dry-run=server") != ""


def test_without_answers_pods_start(registry: Trow, kubectl: Kubectl) -> None:
    denying = registry.run(image_validation={"default": "Deny"})
    assert denying.code == 0, denying.output
    kubectl("scale", "-n", registry.namespace, "deployment/trow-webhook", "--replicas=0")
    eventually(
        lambda: kubectl(*POD, "--dry-run=server", check=False) != "", WEBHOOK_SECONDS, "pods are let in"
    )


def test_unwanted_it_goes_with_all_it_had(place: Trow, kubectl: Kubectl) -> None:
    done = place.run(version="0.10")
    assert done.changed > 0
    kinds = "deployments,services,configmaps,certificates,secrets"
    named = {item["metadata"]["name"] for item in kubectl.get(kinds, "-n", place.namespace)["items"]}
    assert not named & {"trow-webhook", "trow-webhook-tls"}
    assert kubectl("get", "validatingwebhookconfigurations", "-o", "name") == ""
