# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real API server takes what kustomize builds of the trees, by the command that the notes have for it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import KubeError
from devcluster.control_plane import ControlPlane
from tests.faults.kube_apply.acceptance import MANAGER, lost, make_guarded_namespace, pod_from
from tests.unit.plugins.module_utils._trow.trees import (
    KUBECTL,
    WISHES,
    built,
    prepared,
    tree_of,
    write_tree,
)

_SECONDS = 60


def _make_namespace(client: KubeClient, name: str, level: str = "privileged") -> None:
    make_guarded_namespace(client, name, level, "trow")


def _objects(folder: Path, case: str, namespace: str, **changes: Any) -> list[dict[str, Any]]:
    """What is built of a tree in a namespace of its own, with volumes of its own."""
    result = prepared(case, namespace=namespace, hostpath_volume=namespace, **changes)
    write_tree(tree_of(result), folder)
    return built(folder / result["overlay"])


def _only(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = (one for one in objects if one["kind"] == kind)
    return found


@pytest.mark.parametrize("case", WISHES)
def test_kubectl_applies_it_without_a_warning(
    control_plane: ControlPlane, client: KubeClient, namespace: str, tmp_path: Path, case: str
) -> None:
    _make_namespace(client, namespace)
    objects = _objects(tmp_path, case, namespace)
    overlay = tmp_path / "overlays" / "paas-sandbox"
    command = ["apply", "--dry-run=server", "--validate=strict", "-k", str(overlay)]
    for more in ([], ["--server-side"]):
        done = subprocess.run(
            [str(KUBECTL), "--kubeconfig", str(control_plane.kubeconfig), *command, *more],
            capture_output=True,
            text=True,
            check=False,
        )
        # Of accounts that the test has made itself, kubectl says that it did not.
        told = [line for line in done.stderr.splitlines() if "serviceaccounts/trow" not in line]
        assert (done.returncode, told) == (0, [])
        assert len(done.stdout.splitlines()) == len(objects)


@pytest.mark.parametrize("case", WISHES)
def test_nothing_of_it_is_lost_and_a_second_time_changes_nothing(
    client: KubeClient, namespace: str, tmp_path: Path, case: str
) -> None:
    _make_namespace(client, namespace)
    for one in _objects(tmp_path, case, namespace, admission=False):
        first = client.apply(one, field_manager=MANAGER)
        assert list(lost(one, first)) == []
        second = client.apply(one, field_manager=MANAGER)
        assert second["metadata"].get("generation") == first["metadata"].get("generation")


def test_pods_on_a_volume_of_the_cluster_are_restricted(
    client: KubeClient, namespace: str, tmp_path: Path
) -> None:
    _make_namespace(client, namespace, "restricted")
    objects = _objects(tmp_path, "everything", namespace)
    for kind in ("StatefulSet", "Deployment"):
        client.apply(pod_from(_only(objects, kind), namespace), field_manager=MANAGER, dry_run=True)


@pytest.mark.parametrize("case", ["notes", "0.6"])
def test_only_the_container_that_gives_a_folder_away_is_less_restricted(
    client: KubeClient, namespace: str, tmp_path: Path, case: str
) -> None:
    pod = pod_from(_only(_objects(tmp_path, case, namespace), "StatefulSet"), namespace)
    _make_namespace(client, namespace, "baseline")
    client.apply(pod, field_manager=MANAGER, dry_run=True)
    _make_namespace(client, namespace, "restricted")
    with pytest.raises(KubeError, match='violates PodSecurity "restricted:latest"') as error:
        client.apply(pod, field_manager=MANAGER, dry_run=True)
    assert set(re.findall(r'containers? "([a-z]+)"', str(error.value))) == {"owner"}


def test_the_claim_is_bound_to_the_folder_by_name_and_stays_so(
    client: KubeClient, namespace: str, tmp_path: Path
) -> None:
    _make_namespace(client, namespace)
    objects = _objects(tmp_path, "notes", namespace)
    volume, claim = _only(objects, "PersistentVolume"), _only(objects, "PersistentVolumeClaim")
    # Another one that would fit comes first.
    other = {**claim, "metadata": {"name": "other", "namespace": namespace}}
    other["spec"] = {key: value for key, value in claim["spec"].items() if key != "volumeName"}
    for one in (other, volume, claim):
        client.apply(one, field_manager=MANAGER)
    bound = _wait_until_bound(client, claim)
    assert bound["spec"]["volumeName"] == namespace
    for one in (volume, claim):
        client.apply(one, field_manager=MANAGER)
    assert _wait_until_bound(client, claim)["metadata"]["uid"] == bound["metadata"]["uid"]
    live = client.get("v1", "PersistentVolume", None, namespace)
    assert live is not None
    assert live["status"]["phase"] == "Bound"
    assert live["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]


def _wait_until_bound(client: KubeClient, claim: Mapping[str, Any]) -> dict[str, Any]:
    names = claim["metadata"]["namespace"], claim["metadata"]["name"]
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        live = client.get("v1", "PersistentVolumeClaim", *names)
        if live is not None and live.get("status", {}).get("phase") == "Bound":
            return live
        time.sleep(0.2)
    raise AssertionError(f"{names} is not bound")


def test_a_webhook_that_does_not_answer_locks_no_namespace_that_it_needs(
    client: KubeClient, namespace: str, tmp_path: Path
) -> None:
    """With the strictest policy, and without pods that answer."""
    guarded, elsewhere = f"{namespace}-guarded", f"{namespace}-elsewhere"
    objects = _objects(tmp_path, "everything", namespace, admission_namespaces=[guarded])
    configuration = _only(objects, "ValidatingWebhookConfiguration")
    for name in (namespace, guarded, elsewhere, "monitoring", "cert-manager"):
        _make_namespace(client, name)
    client.apply(configuration, field_manager=MANAGER)
    try:
        _wait_until_refused(client, guarded)
        for name in ("kube-system", namespace, elsewhere, "monitoring", "cert-manager"):
            client.apply(_pod(name), field_manager=MANAGER)
        # Nothing but pods is asked about.
        metadata = {"name": "other", "namespace": guarded}
        client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, field_manager=MANAGER)
    finally:
        client.delete(
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            None,
            configuration["metadata"]["name"],
        )


def _pod(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "namespace": namespace},
        "spec": {"containers": [{"name": "pod", "image": "registry.k8s.io/pause"}], "nodeName": "none"},
    }


def _wait_until_refused(client: KubeClient, namespace: str) -> None:
    """The API server learns of a webhook a moment after it was made."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            client.apply(_pod(namespace), field_manager=MANAGER, dry_run=True)
        except KubeError as error:
            if "validate-image.trow-webhook" not in str(error):
                raise
            return
        time.sleep(0.2)
    raise AssertionError("the webhook was not asked")
