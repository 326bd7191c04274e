# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role where the inventory gives no routes: those that others make while it runs stay."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import FIELD_MANAGER
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import routes_configmap
from tests.faults.artifact_route.place import NAME, Place
from tests.faults.kube_apply.plays import COLLECTIONS, run_play
from tests.faults.kube_apply.task import Task

# Templated first when the Deployment is, which is after the routes have been read.
_MEANWHILE = (
    "{{ {} if _artifact_router_rendered is not defined else"
    " {'meanwhile': lookup('ansible.builtin.pipe', meanwhile)} }}"
)
_ROLE = "clusterdepot.artifacts.artifact_router"


def _run(place: Place, folder: Path, meanwhile: Mapping[str, Any], **variables: Any) -> tuple[int, str]:
    """Run the role while something is applied under its feet."""
    (folder / "meanwhile.json").write_text(json.dumps(meanwhile))
    (folder / "meanwhile.py").write_text(
        "import json, pathlib\n"
        "from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect\n"
        f"client = connect({str(place.control_plane.kubeconfig)!r}, None)\n"
        f"body = json.loads(pathlib.Path({str(folder / 'meanwhile.json')!r}).read_text())\n"
        f"client.apply(body, field_manager={FIELD_MANAGER!r})\n"
    )
    given = {
        "plane_kubeconfig": str(place.control_plane.kubeconfig),
        "plane_wait_timeout": 30,
        "artifact_router_namespace": place.namespace,
        "artifact_router_name": NAME,
        "artifact_router_replicas": 1,
        "artifact_router_pod_annotations": _MEANWHILE,
        "meanwhile": f"PYTHONPATH={COLLECTIONS} {sys.executable} {folder / 'meanwhile.py'}",
        **variables,
    }
    task = {"name": "Make the router", "ansible.builtin.include_role": {"name": _ROLE}}
    with place.kubelet():
        return run_play(folder, [task], variables=given)


@pytest.fixture
def by_role(place: Place) -> Place:
    """One whose Deployment is the role's own: its selector cannot be changed."""
    client = place.client
    client.delete("apps/v1", "Deployment", place.namespace, NAME, propagation="Foreground")
    end = time.monotonic() + 20
    with place.kubelet():
        while client.get("apps/v1", "Deployment", place.namespace, NAME) is not None:
            assert time.monotonic() < end
            time.sleep(0.2)
    return place


def test_a_route_that_comes_meanwhile_stays_and_rolls_out(by_role: Place, tmp_path: Path) -> None:
    code, printed = _run(by_role, tmp_path, routes_configmap(by_role.router("base", "meanwhile")))
    assert code == 0, printed
    by_role.assert_whole("base", "meanwhile")


def test_new_settings_are_not_written_over_routes_that_come_meanwhile(by_role: Place, tmp_path: Path) -> None:
    meanwhile = routes_configmap(by_role.router("base", "meanwhile"))
    code, printed = _run(by_role, tmp_path, meanwhile, artifact_router_oci=True)
    assert code != 0
    assert (
        f"{NAME}-routes in namespace {by_role.namespace}: others have changed it since it was read" in printed
    )
    assert by_role.configmap(f"{NAME}-routes")["data"] == meanwhile["data"]
    # What happens meanwhile has happened already.
    code, printed = _run(by_role, tmp_path, meanwhile, artifact_router_oci=True)
    assert code == 0, printed
    live = by_role.live()
    assert [one.name for one in live.router.routes] == ["base", "meanwhile"]
    assert live.router.settings.oci is True
    assert live.settled


def test_an_object_given_with_its_version_is_not_tried_again_and_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the dry run and the apply."""
    body = routes_configmap(place.router("base", "first"))
    body["metadata"]["resourceVersion"] = place.live().version
    apply = KubeClient.apply

    def apply_after(self: KubeClient, obj: Any, *, field_manager: str, dry_run: bool = False) -> Any:
        if not dry_run:
            apply(self, routes_configmap(place.router("base", "other")), field_manager="somebody")
        return apply(self, obj, field_manager=field_manager, dry_run=dry_run)

    monkeypatch.setattr(KubeClient, "apply", apply_after)
    began = time.monotonic()
    result = Task(place.control_plane).attempt([body], wait_timeout=60)
    assert time.monotonic() - began < 30
    assert result["failed"]
    assert "others have changed it since it was read; run this again" in result["msg"]
    assert [one.name for one in place.live().router.routes] == ["base", "other"]
