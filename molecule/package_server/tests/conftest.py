# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the package server share: a storage with a real package, a namespace, names."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.azurite import Azurite, azurite
from tests.outside.debian_package import debian_package
from tests.outside.kubectl import Kubectl
from tests.outside.node import Node
from tests.outside.package_server import (
    FILE,
    INSTALLED,
    NAMESPACE,
    PACKAGE,
    SECRET,
    PackageServer,
    secret_of,
    storage_option,
)

_MACHINES_PACKAGES = Path("/var/lib/dpkg/status")


@pytest.fixture(scope="session", autouse=True)
def _machine_untouched() -> Iterator[None]:
    """What is installed on the node is not installed on this machine, whose files are below the node's."""
    before = hashlib.sha256(_MACHINES_PACKAGES.read_bytes()).hexdigest()
    yield
    assert hashlib.sha256(_MACHINES_PACKAGES.read_bytes()).hexdigest() == before
    for path in (INSTALLED, "/opt/sentinel", "/var/lib/clusterdepot"):
        assert not Path(path).exists()


@pytest.fixture(scope="session")
def package() -> bytes:
    return debian_package(PACKAGE, "1.0", {INSTALLED: b"first\n"})


@pytest.fixture(scope="session")
def storage(node: Node, package: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A storage account with one package in its catalogue."""
    with azurite(tmp_path_factory.mktemp("azurite"), node.address) as running:
        running.put(FILE, package)
        running.put("packages.toml", f"[{PACKAGE}.latest]\npath = '{FILE}'\n".encode())
        yield running


@pytest.fixture(scope="session")
def place(kubectl: Kubectl, node: Node) -> PackageServer:
    """Where the package server is to be; limits are short, since everything is near.

    Only that of the lock is longer than it takes until the lease of a killed run lapses.
    """
    limits = {"start_timeout": 60, "catalogue_timeout": 30, "server_timeout": 30, "lock_timeout": 120}
    return PackageServer(kubectl, node, Path(__file__).parents[1], NAMESPACE, options=limits)


@pytest.fixture(scope="module")
def server(kubectl: Kubectl, place: PackageServer, storage: Azurite) -> Iterator[PackageServer]:
    """A namespace for actions, made without the role, and the storage's secret in it."""
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": labels},
    }
    items = [namespace, secret_of(SECRET, storage.key)]
    kubectl(
        "apply", "-f", "-", standard_input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    )
    yield place.with_options(storage=storage_option(storage))
    left = place.get("jobs,daemonsets")
    kubectl("delete", "namespace", NAMESPACE)
    assert left == []


@pytest.fixture
def action(request: pytest.FixtureRequest, place: PackageServer) -> Iterator[str]:
    """The name of an action that no test had before; nothing of it stays."""
    words = re.sub("[^a-z0-9]+", "-", request.node.originalname.removeprefix("test_"))
    name = f"{words[:24].strip('-')}-{secrets.token_hex(3)}"
    yield name
    place.wait_until_no_pod(name)
    place.forget(name)
