# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plane with Trow as its registry: nodes trust it, the cache keeps its images, and they outlive it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside.clients import Clients
from tests.outside.kubectl import Kubectl
from tests.outside.node import Node
from tests.outside.trow import HOST, NAMESPACE, Trow

IMAGE = f"{HOST}/demo/cached:1"


@pytest.fixture(scope="module")
def plane(place: Trow, node: Node, facts: dict[str, Any]) -> Iterator[Trow]:
    """The registry as the plane's; the node finds it by its name."""
    before = node.run("cat", "/etc/hosts")
    node.write("/etc/hosts", f"{before}\n{facts['node_address']} {HOST}\n")
    yield place.with_variables(registry_engine="trow", version="0.10")
    node.write("/etc/hosts", before)


def cached() -> dict[str, object]:
    secret = {"name": "trow-cred", "from": {"namespace": NAMESPACE, "name": "trow-cred"}}
    return {
        "image_cache_images": [{"ref": IMAGE, "pull_secret": "trow-cred"}],
        "image_cache_pull_secrets": [secret],
    }


def test_provision_brings_trow_up_in_place_of_the_registry(purged: Trow, plane: Trow) -> None:
    foretold = plane.play("provision", "--check", "-v")
    assert f"StatefulSet {NAMESPACE}/trow-set" in foretold.actions()
    assert not purged.is_there()
    done = plane.play("provision", "-v")
    assert done.changed > 0
    assert not [one for one in done.actions() if "docker-registry" in one]
    assert plane.play("provision").changed == 0


def test_the_nodes_pull_and_keep_an_image_of_it(
    plane: Trow, clients: Clients, node: Node, layout: str
) -> None:
    clients.skopeo("copy", f"--dest-creds=trow:{plane.password()}", layout, f"docker://{IMAGE}")
    done = plane.play("provision", **cached())
    assert done.code == 0, done.output
    assert IMAGE in node.images()
    assert plane.play("provision", **cached()).changed == 0


def test_unprovision_keeps_the_images_and_provision_finds_them(
    plane: Trow, clients: Clients, kubectl: Kubectl
) -> None:
    done = plane.play("unprovision", **cached())
    assert done.changed > 0
    ours = {one.split()[0] for one in kubectl.ours() if f"{NAMESPACE}/" in one}
    assert "PersistentVolumeClaim" in ours
    assert "Service" not in ours
    again = plane.play("provision")
    assert again.code == 0, again.output
    creds = f"--creds=trow:{plane.password()}"
    assert clients.skopeo("inspect", creds, f"docker://{IMAGE}").returncode == 0


def test_purge_leaves_nothing(plane: Trow, kubectl: Kubectl) -> None:
    done = plane.play("unprovision", unprovision_purge_data=True, **cached())
    assert done.code == 0, done.output
    assert not plane.is_there()
    assert {one for one in kubectl.ours() if "trow" in one} == set()
