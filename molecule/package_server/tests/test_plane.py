# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provisioned plane: with packages and actions where they are given, and without a trace later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.outside.azurite import Azurite
from tests.outside.kubectl import Kubectl
from tests.outside.node import Node
from tests.outside.package_server import (
    ACTIONS,
    FILE,
    INSTALLED,
    NAMESPACE,
    PACKAGE,
    PackageServer,
    storage_option,
)
from tests.outside.playbook import Run, run

INSTALLING = f"""set -e
cd "$PKG_DIR/{PACKAGE}/latest"
dpkg --install ./{FILE}
"""
REMOVING = f"dpkg --purge {PACKAGE}"
# Of the rest of the plane, what takes time is left out.
PLANE = {"node_trust_enabled": False, "registry_health_enabled": False}


@pytest.fixture(scope="module")
def plane(place: PackageServer, storage: Azurite) -> Iterator[PackageServer]:
    installing = {
        "name": "plane-install",
        "script": INSTALLING,
        "absent_script": REMOVING,
        "packages": [f"{PACKAGE}/latest"],
    }
    following = {
        "name": "plane-follow",
        "script": f"cp {INSTALLED} /tmp/plane-follow",
        "absent_script": "rm /tmp/plane-follow",
    }
    variables = {
        "package_server_namespace": NAMESPACE,
        "package_server_storage": storage_option(storage),
        "package_server_storage_secret_data": {"account_key": storage.key},
        "package_server_actions": [installing, following],
        **PLANE,
    }
    yield PackageServer(place.kubectl, place.node, place.folder, NAMESPACE, variables)
    for name in ("plane-install", "plane-follow"):
        place.forget(name)


def play(plane: PackageServer, name: str, *arguments: str, **variables: object) -> Run:
    """Run a playbook of the collection."""
    return run(name, *arguments, variables={**plane.variables, **variables})


def test_without_packages_and_actions_there_is_nothing(plane: PackageServer) -> None:
    foretold = run("provision", "--check", "-v", variables=dict(PLANE))
    assert foretold.changed > 0
    assert not [one for one in foretold.actions() if "package-server" in one]
    assert plane.annotations() == {}


def test_faults_are_refused_with_all_others_before_the_first_write(
    kubectl: Kubectl, plane: PackageServer
) -> None:
    wrong = [{"name": "Not a name", "script": "true"}, {"name": "two", "scripts": {"a": "true"}}]
    refused = play(plane, "provision", package_server_actions=wrong, package_server_port=0)
    assert refused.code != 0
    for words in ("package_server_actions[0]", "package_server_actions[1]", "package_server_port"):
        assert words in refused.output
    assert "Traceback" not in refused.output
    assert kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""


def test_with_them_they_are_run_in_order(plane: PackageServer, node: Node) -> None:
    done = play(plane, "provision")
    assert done.changed > 0
    assert "Status: install ok installed\n" in node.run("dpkg", "-s", PACKAGE)
    assert node.run("cat", "/tmp/plane-follow") == "first\n"
    before = plane.pods_ever()
    again = play(plane, "provision")
    assert again.changed == 0, again.output
    assert plane.pods_ever() == before


def test_unprovision_takes_them_back_and_leaves_nothing(
    kubectl: Kubectl, plane: PackageServer, node: Node
) -> None:
    assert play(plane, "unprovision", "--check").changed > 0
    assert "Status: install ok installed\n" in node.run("dpkg", "-s", PACKAGE)
    done = play(plane, "unprovision", unprovision_purge_data=True)
    assert done.code == 0, done.output
    assert node.run("dpkg", "-s", PACKAGE, check=False) == ""
    assert node.run("sh", "-c", "ls /tmp/plane-follow 2> /dev/null || true") == ""
    assert node.run("sh", "-c", f"ls -A {ACTIONS} 2> /dev/null || true") == ""
    assert plane.annotations() == {}
    assert kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""
    assert {one for one in kubectl.ours() if NAMESPACE in one} == set()
    assert play(plane, "unprovision", unprovision_purge_data=True).changed == 0
