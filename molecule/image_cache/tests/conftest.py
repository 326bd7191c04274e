# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the image cache share: the node, the depot, images of this run's own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.image_layer import Entry, Image
from devcluster.node_files import DEPOT_PORT
from tests.outside.depot import Depot, layered, tiny
from tests.outside.image_cache import NAMESPACE, ImageCache
from tests.outside.kubectl import Kubectl
from tests.outside.node import Node
from tests.outside.own_registry import OwnRegistry, own_registry

HUB = "docker.io"


@pytest.fixture(scope="session")
def depot(node: Node) -> Depot:
    """What the node asks for the images of docker.io."""
    return Depot(node.address, DEPOT_PORT, prefix=f"{HUB}/")


@pytest.fixture(scope="session")
def own(node: Node, depot: Depot) -> Iterator[str]:
    """The first part of this run's repositories: no run before has left anything under it."""
    part = f"warm-{secrets.token_hex(3)}"
    depot.push(f"{part}/first:1", tiny(part))
    yield part
    node.forget_images(part)
    depot.forget(part)


@pytest.fixture(scope="module")
def cache(kubectl: Kubectl, depot: Depot) -> Iterator[ImageCache]:
    """A cache that is not there before the module's tests, and not after them."""
    registries = [{"registry": HUB, "endpoint": f"{depot.url}/{HUB}"}]
    found = ImageCache(
        kubectl,
        Path(__file__).parents[1],
        {"image_cache_registries": registries, "image_cache_wait_timeout": 120},
    )
    yield found
    removed = found.remove()
    assert removed.code == 0, removed.output
    assert kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""


@pytest.fixture(scope="module")
def registry(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRegistry]:
    """A registry that no other module uses."""
    with own_registry(tmp_path_factory.mktemp("registry"), node.address) as running:
        yield running


@pytest.fixture(scope="session")
def sleeping(busybox: Path, own: str) -> dict[str, Image]:
    """Two images that a pod can run."""
    files = {"/bin/busybox": Entry(0o755, content=busybox.read_bytes())}
    return {
        name: layered(
            [files, {"/text": Entry(0o644, content=f"{own} {name}".encode())}],
            "65532:65532",
            ("/bin/busybox", "sleep", "3600"),
        )
        for name in ("public", "private")
    }
