# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A storage that lacks what is wanted, refuses or is silent: told in time, and no script is started."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator

import pytest

from devcluster.ports import free_port
from tests.outside.azurite import Azurite, make_key
from tests.outside.kubectl import Kubectl
from tests.outside.node import Node
from tests.outside.package_server import (
    FILE,
    PACKAGE,
    PackageServer,
    Told,
    secret_of,
    storage_option,
)

LIMIT, LONGER = 12, 40
# What a pod and a run of Ansible take beside that.
MORE_SECONDS = 40.0
WRONG = "wrong-credentials"


def marking(action: str) -> str:
    """A script that leaves a trace."""
    return f"touch /tmp/{action}"


@pytest.fixture
def never_run(node: Node, action: str) -> Iterator[None]:
    """The script of the action is not started."""
    yield
    assert node.run("sh", "-c", 'ls "$0" 2> /dev/null || true', f"/tmp/{action}") == ""


def assert_told(failed: Told, *words: str) -> None:
    """It failed with these words in its reason, and the script was not run."""
    assert failed.failed
    assert failed.state == "failed"
    for word in words:
        assert word in failed.why, failed.why


@pytest.mark.usefixtures("never_run")
def test_a_wrong_checksum(server: PackageServer, action: str) -> None:
    catalogue = {PACKAGE: {"latest": {"path": FILE, "sha256": "0" * 64}}}
    failed = server.act(action, marking(action), catalogue=catalogue)
    assert_told(failed, f"{PACKAGE}/latest", "has the sha256", "0" * 64)


@pytest.mark.usefixtures("never_run")
def test_a_wrong_checksum_in_the_storage(server: PackageServer, storage: Azurite, action: str) -> None:
    text = f"[{PACKAGE}.latest]\npath = '{FILE}'\n"
    storage.put("packages.toml", f"{text}sha256 = '{'f' * 64}'\n".encode())
    failed = server.act(action, marking(action))
    storage.put("packages.toml", text.encode())
    assert_told(failed, f"{PACKAGE}/latest", "has the sha256", "f" * 64)


def test_a_right_checksum_is_told_to_the_script(
    server: PackageServer, package: bytes, node: Node, action: str
) -> None:
    digest = hashlib.sha256(package).hexdigest()
    catalogue = {PACKAGE: {"latest": {"path": FILE, "sha256": digest}}}
    url = f'"$PKG_SERVE_URL/pkg/{PACKAGE}/latest"'
    script = (
        f"set -e; cd /tmp; wget -S --content-disposition {url} 2>&1; sha256sum {FILE}; rm {FILE};"
        f' cmp "$PKG_DIR/{PACKAGE}/latest/{FILE}" "$PKG_DIR/{PACKAGE}/latest/{FILE}"; ls -l "$PKG_DIR"'
    )
    done = server.act(action, script, catalogue=catalogue, packages=[f"{PACKAGE}/latest"])
    assert not done.failed
    output = node.run("cat", f"/var/lib/clusterdepot/actions/{action}/output")
    assert f"X-Checksum-Sha256: {digest}".lower() in output.lower()
    assert f"{digest}  {FILE}" in output
    assert f"Content-Length: {len(package)}".lower() in output.lower()


@pytest.mark.usefixtures("never_run")
def test_an_unknown_tag(server: PackageServer, action: str) -> None:
    failed = server.act(action, marking(action), packages=[f"{PACKAGE}/nowhere"])
    assert_told(failed, f"no package {PACKAGE}/nowhere", f"it has: {PACKAGE}/latest")


def test_an_unknown_tag_of_a_given_catalogue_is_refused_at_once(server: PackageServer, action: str) -> None:
    before = server.pods_ever()
    catalogue = {PACKAGE: {"latest": {"path": FILE}}}
    refused = server.refused(action, "true", catalogue=catalogue, packages=[f"{PACKAGE}/nowhere"])
    assert f"{PACKAGE}/nowhere" in refused.result["msg"]
    assert "Traceback" not in refused.output
    assert server.pods_ever() == before


def test_a_script_that_asks_for_an_unknown_tag_is_told_so(server: PackageServer, action: str) -> None:
    failed = server.act(action, f'wget -O /dev/null "$PKG_SERVE_URL/pkg/{PACKAGE}/nowhere"')
    assert_told(failed, "404", "code 8")


@pytest.mark.usefixtures("never_run")
def test_a_catalogue_with_faults(server: PackageServer, storage: Azurite, action: str) -> None:
    storage.put("packages.toml", b"[mypackage.latest]\npath = '../secret'\n")
    failed = server.act(action, marking(action))
    storage.put("packages.toml", f"[{PACKAGE}.latest]\npath = '{FILE}'\n".encode())
    assert_told(failed, "packages.toml line 2: is no path")


@pytest.fixture
def wrong(kubectl: Kubectl, server: PackageServer, storage: Azurite) -> str:
    """Name of a Secret with another key than that of the storage account."""
    made = secret_of(WRONG, make_key())
    kubectl("apply", "-f", "-", standard_input=json.dumps(made))
    assert server.namespace
    assert storage.key not in json.dumps(made)
    return WRONG


@pytest.mark.usefixtures("never_run")
def test_wrong_credentials(server: PackageServer, storage: Azurite, wrong: str, action: str) -> None:
    begun = time.monotonic()
    failed = server.act(
        action, marking(action), storage=storage_option(storage, wrong), catalogue_timeout=LIMIT
    )
    assert time.monotonic() - begun < LIMIT + MORE_SECONDS
    assert_told(failed, "the storage cannot be read", "403", "AuthorizationFailure")
    assert server.get("jobs") == []


@pytest.mark.usefixtures("never_run")
def test_a_silent_storage(server: PackageServer, storage: Azurite, action: str) -> None:
    begun = time.monotonic()
    with storage.silent():
        failed = server.act(action, marking(action), catalogue_timeout=LIMIT)
    assert time.monotonic() - begun < LIMIT + MORE_SECONDS
    assert_told(failed, f"no answer within {LIMIT} seconds")


@pytest.mark.usefixtures("never_run")
def test_a_storage_that_is_not_there(server: PackageServer, storage: Azurite, action: str) -> None:
    nowhere = f"http://{storage.host}:{free_port(storage.host)}/{storage.account}"
    begun = time.monotonic()
    gone = {**storage_option(storage), "endpoint": nowhere}
    # rclone tries for some 20 seconds.
    failed = server.act(action, marking(action), storage=gone, catalogue_timeout=LONGER)
    assert time.monotonic() - begun < LONGER + MORE_SECONDS
    assert_told(failed, "the storage cannot be read", "connection refused")


@pytest.mark.usefixtures("never_run")
def test_a_container_that_is_not_there(server: PackageServer, storage: Azurite, action: str) -> None:
    empty = {**storage_option(storage), "container": "nothing-here"}
    failed = server.act(action, marking(action), storage=empty)
    assert_told(failed, "packages.toml")


def test_a_secret_that_is_missing_is_told_before_any_pod(
    server: PackageServer, storage: Azurite, action: str
) -> None:
    before = server.pods_ever()
    refused = server.refused(action, "true", storage=storage_option(storage, "no-such-secret"))
    assert "no-such-secret is missing" in refused.result["msg"]
    assert server.pods_ever() == before


def test_an_image_that_is_nowhere(server: PackageServer, action: str) -> None:
    image = "docker.io/library/no-such-image:9"
    failed = server.act(action, "true", action_image=image, start_timeout=15)
    assert_told(failed, "no-such-image")
    assert server.get("jobs") == []
