# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of pkg-serve: its script installs a real package, once for each content, and tells its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.outside.azurite import Azurite
from tests.outside.debian_package import debian_package
from tests.outside.kubectl import Kubectl
from tests.outside.package_server import (
    ACTIONS,
    INSTALLED,
    NAMESPACE,
    PACKAGE,
    SECRET,
    PackageServer,
    storage_option,
)
from tests.outside.playbook import INVENTORY, Run

EXAMPLE = INVENTORY.parent / "examples" / "pkg-serve" / "group_vars" / "controllers"
NAME = "pkgserve-example"
SCRIPTS = {"install": "install.bash", "install-mended": "install-mended.sh"}
REMOVING = f"dpkg --purge {PACKAGE}"


@pytest.fixture(scope="module")
def seed(place: PackageServer, storage: Azurite) -> Iterator[PackageServer]:
    """The role with the example's action; it is not there before these tests."""
    variables = {
        "package_server_storage": storage_option(storage),
        "package_server_storage_secret_data": {"account_key": storage.key},
        "package_server_catalogue_timeout": 30,
    }
    yield PackageServer(place.kubectl, place.node, place.folder, NAMESPACE, variables)
    place.forget(NAME)
    place.node.run("rm", "-f", f"/tmp/{PACKAGE}")


def action(script: str, **options: object) -> list[dict[str, object]]:
    """The role's list of actions, with the arguments that pkg-serve's container was given."""
    scripts = {key: (EXAMPLE / file).read_text() for key, file in SCRIPTS.items()}
    arguments = [script, "testaccount"]
    given = {"name": NAME, "scripts": scripts, "arguments": arguments, "absent_script": REMOVING}
    return [{**given, **options}]


def play(seed: PackageServer, script: str, *arguments: str, **options: object) -> Run:
    """Run the role with the action."""
    return seed.run("-v", *arguments, actions=action(script, **options))


def status(seed: PackageServer) -> str:
    """What dpkg says on the node of the package."""
    return seed.node.run("dpkg", "-s", PACKAGE, check=False)


def test_check_mode_says_which_node_would_run_and_why(kubectl: Kubectl, seed: PackageServer) -> None:
    foretold = play(seed, "install-mended", "--check")
    assert foretold.changed > 0
    assert f"{seed.node.name}" in foretold.output
    assert "would run" in foretold.output
    assert kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""
    assert seed.record(NAME) is None
    assert seed.state(NAME) == []


def test_the_example_as_it_is_runs_and_its_mistakes_are_told(seed: PackageServer) -> None:
    failed = play(seed, "install")
    assert failed.code != 0
    # wget ends so where a server answers with an error.
    assert "code 8" in failed.output
    assert f"/pkg/{PACKAGE}/{PACKAGE}" in failed.output
    assert "404" in failed.output
    record = seed.record(NAME)
    assert record is not None
    assert record["code"] == 8
    assert status(seed) == ""


def test_the_mended_example_installs_the_package_on_the_node_only(seed: PackageServer) -> None:
    done = play(seed, "install-mended")
    assert done.changed > 0
    told = status(seed)
    assert f"Package: {PACKAGE}\nStatus: install ok installed\n" in told
    assert "Version: 1.0\n" in told
    assert seed.node.run("cat", INSTALLED) == "first\n"
    record = seed.record(NAME)
    assert record is not None
    assert (record["code"], len(record["hash"])) == (0, 64)
    assert record["machine"] == seed.kubectl.get("node", seed.node.name)["status"]["nodeInfo"]["machineID"]
    assert {"NodeActionDone", "NodeActionFailed"} == {event["reason"] for event in seed.events(NAME)}
    assert seed.get("jobs") == []
    seed.wait_until_no_pod(NAME)


def test_a_second_run_changes_nothing_and_makes_no_pod(seed: PackageServer) -> None:
    before, events = seed.pods_ever(), len(seed.events(NAME))
    sentinel = f"{ACTIONS}/{NAME}/done"
    record, state = seed.record(NAME), seed.node.run("stat", "-c", "%Y", sentinel)
    assert before
    assert play(seed, "install-mended").changed == 0
    assert play(seed, "install-mended", "--check").changed == 0
    assert seed.pods_ever() == before
    assert seed.record(NAME) == record
    assert len(seed.events(NAME)) == events
    assert seed.node.run("stat", "-c", "%Y", sentinel) == state


@pytest.fixture(scope="module")
def newer(storage: Azurite) -> dict[str, object]:
    """A catalogue with a later version of the package."""
    package = debian_package(PACKAGE, "2.0", {INSTALLED: b"second\n"})
    storage.put("mypackage-2.deb", package)
    return {PACKAGE: {"latest": {"path": "mypackage-2.deb", "sha256": hashlib.sha256(package).hexdigest()}}}


def test_a_new_package_runs_again(seed: PackageServer, newer: dict[str, object]) -> None:
    before = seed.pods_ever()
    foretold = play(seed, "install-mended", "--check", catalogue=newer)
    assert foretold.changed == 1
    assert "Version: 1.0\n" in status(seed)
    assert play(seed, "install-mended", catalogue=newer).changed == 1
    assert "Version: 2.0\n" in status(seed)
    assert seed.node.run("cat", INSTALLED) == "second\n"
    assert len(seed.pods_ever() - before) == 1


def test_force_runs_again_what_was_done(seed: PackageServer, newer: dict[str, object]) -> None:
    assert play(seed, "install-mended", catalogue=newer).changed == 0
    before = seed.pods_ever()
    assert play(seed, "install-mended", catalogue=newer, force=True).changed == 1
    assert len(seed.pods_ever() - before) == 1


def test_removal_takes_the_package_back_and_forgets_it(kubectl: Kubectl, seed: PackageServer) -> None:
    actions = action("install-mended")
    assert seed.remove("--check", actions=actions).changed > 0
    assert "Status: install ok installed\n" in status(seed)
    done = seed.remove(actions=actions)
    assert done.changed > 0
    assert status(seed) == ""
    assert seed.record(NAME) is None
    assert seed.state(NAME) == []
    assert kubectl("get", "secret", "-n", NAMESPACE, SECRET, "--ignore-not-found") == ""
    ours = {one for one in kubectl.ours() if NAMESPACE in one}
    assert ours == {f"Namespace /{NAMESPACE}"}
    assert seed.remove(actions=actions).changed == 0
    assert seed.remove(actions=actions, purge=True).changed > 0
    assert kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""
