# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioned plane: it keeps an image of its own registry, and gives it up when it is taken down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.clients import Clients
from tests.outside.depot import tiny
from tests.outside.image_cache import NAMESPACE, SYNC_TASK, digests, image_of
from tests.outside.kubectl import Kubectl
from tests.outside.layout import write
from tests.outside.node import Node
from tests.outside.playbook import run

REPOSITORY = "image-cache/of-the-plane"


@pytest.fixture(scope="module")
def reference(node: Node, address: str) -> Iterator[str]:
    """By the address that the playbook makes the nodes trust."""
    yield f"{address}/{REPOSITORY}:1"
    node.forget_images(REPOSITORY)


def test_provision_keeps_an_image_of_its_own_registry(
    clients: Clients, reference: str, tmp_path: Path
) -> None:
    image = tiny("of the plane")
    clients.skopeo("copy", write(image, tmp_path / "layout", "1"), f"docker://{reference}")
    variables: dict[str, object] = {"image_cache_images": [reference]}
    result = run("provision", "-v", variables=variables).result(SYNC_TASK)
    # The registry was asked with its own authority, which this machine does not know.
    assert image_of(result, reference)["expected_digest"] == image.digest
    assert digests(result) == {reference: image.digest}
    assert result["totals"]["cached"] == 1
    assert run("provision", variables=variables).changed == 0


def test_unprovision_gives_it_up(kubectl: Kubectl, reference: str) -> None:
    variables: dict[str, object] = {"image_cache_images": [reference]}
    assert run("unprovision", "--check", variables=variables).changed > 0
    assert kubectl.get("daemonsets", "-n", NAMESPACE)["items"]
    done = run("unprovision", variables=variables)
    assert done.code == 0, done.output
    for kind in ("namespace", "priorityclass"):
        assert kubectl("get", kind, NAMESPACE, "--ignore-not-found") == ""
    assert run("unprovision", variables=variables).changed == 0
