# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What admission asks of pods: the restricted standard, whatever the image, and a pull at every start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from devcluster.image_layer import Image
from tests.outside.depot import Depot, tiny
from tests.outside.image_cache import NAMESPACE, ImageCache, digests
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.node import Node
from tests.outside.own_registry import OwnRegistry

POLICY = "image-cache-always-pull-images"
POLICY_SECONDS = 90.0


@pytest.fixture(scope="module")
def odd(own: str, depot: Depot) -> dict[str, str]:
    """Reference -> digest of images that hold one file, or whose user does not exist."""
    images: dict[str, Image] = {
        f"{own}/scratch:1": tiny(own),
        f"{own}/named-user:1": tiny(own, "named", user="nobody-of-that-name"),
        f"{own}/root:1": tiny(own, "root", user="0:0"),
    }
    return {f"docker.io/{name}": depot.push(name, image) for name, image in images.items()}


@pytest.fixture
def always_pull_images(kubectl: Kubectl) -> Iterator[None]:
    """What the admission plugin AlwaysPullImages does to the pods of the cache's namespace."""
    changed = ", ".join(
        f"{kind}: object.spec.{kind}.map(c, Object.spec.{kind}{{name: c.name, imagePullPolicy: 'Always'}})"
        for kind in ("containers", "initContainers")
    )
    selector = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": POLICY},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "namespaceSelector": selector,
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
            },
            "matchConditions": [{"name": "with-both", "expression": "has(object.spec.initContainers)"}],
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": f"Object{{spec: Object.spec{{{changed}}}}}"},
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
    yield
    kubectl("delete", "-f", "-", standard_input=both)


def test_images_without_a_shell_or_their_user_are_cached_under_the_restricted_standard(
    kubectl: Kubectl, cache: ImageCache, odd: dict[str, str]
) -> None:
    done = cache.keep(list(odd))
    assert digests(done.result) == odd
    assert done.result["totals"]["cached"] == len(odd)
    labels = kubectl.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        "restricted"
    }
    for daemonset in kubectl.get("daemonsets", "-n", NAMESPACE)["items"]:
        made = {key: daemonset[key] for key in ("apiVersion", "kind", "spec")}
        made["metadata"] = {"name": "the-same-again", "namespace": NAMESPACE}
        # The API server warns of what would violate the standard.
        command = ("create", "--dry-run=server", "--warnings-as-errors", "-f", "-")
        kubectl(*command, standard_input=json.dumps(made))
    for pod in cache.pods():
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert not any("hostPath" in volume for volume in pod["spec"]["volumes"])
    priority = kubectl.get("priorityclass", NAMESPACE)
    assert priority["preemptionPolicy"] == "Never"


@pytest.mark.usefixtures("always_pull_images")
def test_images_are_cached_where_every_start_pulls(
    kubectl: Kubectl, node: Node, own: str, cache: ImageCache, registry: OwnRegistry
) -> None:
    pod: dict[str, Any] = cache.pods()[0]
    probe = {**pod, "metadata": {"name": "probe", "namespace": NAMESPACE}}

    def mutates() -> bool:
        command = ("create", "--dry-run=server", "-o", "json", "-f", "-")
        stored = json.loads(kubectl(*command, standard_input=json.dumps(probe)))
        return bool(stored["spec"]["initContainers"][0]["imagePullPolicy"] == "Always")

    eventually(mutates, POLICY_SECONDS, "the policy is in force")
    with node.finds(f"always-{own}.example.com", registry.depot.url) as name:
        digest = registry.depot.push("app:1", tiny(own, "always"))
        done = cache.with_registry(name, registry.depot.url).keep([f"{name}/app:1"])
    assert digests(done.result) == {f"{name}/app:1": digest}
    policies = {
        container["imagePullPolicy"] for pod in cache.pods() for container in pod["spec"]["containers"]
    }
    assert policies == {"Always"}
