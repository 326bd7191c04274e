# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package server that stays: what it answers, to whom, and what its pods may do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside.azurite import Azurite
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.node import Node
from tests.outside.package_server import (
    FILE,
    NAMESPACE,
    PACKAGE,
    PackageServer,
    container_statuses,
    storage_option,
)

PORT = 8290
NAME = "package-server"
PATH = f"/pkg/{PACKAGE}/latest"
REFRESH = 2
SECONDS = 60.0
OTHER_NAMESPACE = "package-server-strangers"


@pytest.fixture(scope="module")
def resident(place: PackageServer, storage: Azurite) -> Iterator[PackageServer]:
    variables = {
        "package_server_storage": storage_option(storage),
        "package_server_storage_secret_data": {"account_key": storage.key},
        "package_server_refresh": REFRESH,
        "package_server_catalogue_timeout": 20,
        "plane_wait_timeout": 90,
        "plane_failure_grace": 5,
    }
    made = PackageServer(place.kubectl, place.node, place.folder, NAMESPACE, variables)
    done = made.run()
    assert done.code == 0, done.output
    yield made
    gone = made.remove(purge=True)
    assert gone.code == 0, gone.output
    assert place.kubectl("get", "namespace", NAMESPACE, "--ignore-not-found") == ""
    assert not made.answers(PORT)


def test_a_second_run_changes_nothing(resident: PackageServer) -> None:
    before = {pod["metadata"]["uid"] for pod in resident.pods(NAME)}
    assert len(before) == 1
    assert resident.run().changed == 0
    assert resident.run("--check").changed == 0
    assert {pod["metadata"]["uid"] for pod in resident.pods(NAME)} == before


def test_a_package_has_its_length_its_name_and_its_parts(resident: PackageServer, package: bytes) -> None:
    whole = resident.ask(PORT, PATH)
    assert (whole.code, whole.body) == (200, package)
    assert whole.headers["content-length"] == str(len(package))
    assert f'filename="{FILE}"' in whole.headers["content-disposition"]
    head = resident.ask(PORT, PATH, "HEAD")
    assert (head.code, head.body, head.headers["content-length"]) == (200, b"", str(len(package)))
    part = resident.ask(PORT, PATH, headers={"Range": "bytes=10-29"})
    assert (part.code, part.body) == (206, package[10:30])
    assert part.headers["content-range"] == f"bytes 10-29/{len(package)}"


@pytest.mark.parametrize(
    ("path", "method", "code"),
    [
        (f"/pkg/{PACKAGE}/none", "GET", 404),
        ("/pkg/none/latest", "GET", 404),
        (f"/pkg/{PACKAGE}", "GET", 404),
        (f"/pkg/{PACKAGE}/", "GET", 404),
        ("/", "GET", 404),
        ("/pkg/", "GET", 404),
        (f"/{FILE}", "GET", 404),
        (f"/storage/{FILE}", "GET", 404),
        ("/packages.toml", "GET", 404),
        (f"/pkg/{PACKAGE}/latest/../../../packages.toml", "GET", 404),
        (f"/pkg/{PACKAGE}/%2e%2e/%2e%2e/packages.toml", "GET", 404),
        (PATH, "POST", 405),
        (PATH, "DELETE", 405),
        ("/_/healthz", "GET", 200),
    ],
)
def test_nothing_else_is_answered(resident: PackageServer, path: str, method: str, code: int) -> None:
    answer = resident.ask(PORT, path, method)
    assert answer.code == code
    assert FILE.encode() not in answer.body
    if code == 405:
        assert answer.headers["allow"] == "GET, HEAD"


def test_a_new_tag_is_there_without_a_restart(resident: PackageServer, storage: Azurite) -> None:
    before = {pod["metadata"]["uid"]: _restarts(pod) for pod in resident.pods(NAME)}
    content = b"of a new tag\n"
    digest = hashlib.sha256(content).hexdigest()
    assert resident.ask(PORT, f"/pkg/{PACKAGE}/next").code == 404
    storage.put("folder/next file.bin", content)
    text = f"[{PACKAGE}.latest]\npath = '{FILE}'\n"
    text += f"[{PACKAGE}.next]\npath = 'folder/next file.bin'\nsha256 = '{digest}'\n"
    storage.put("packages.toml", text.encode())
    eventually(lambda: resident.ask(PORT, f"/pkg/{PACKAGE}/next").code == 200, SECONDS, "the tag is there")
    answer = resident.ask(PORT, f"/pkg/{PACKAGE}/next")
    assert answer.body == content
    assert answer.headers["x-checksum-sha256"] == digest
    # A catalogue that cannot be used changes nothing.
    storage.put("packages.toml", b"[broken\n")
    eventually(
        lambda: "stays as it was" in _logs(resident, "storage"), SECONDS, "the broken catalogue was read"
    )
    assert resident.ask(PORT, f"/pkg/{PACKAGE}/next").code == 200
    storage.put("packages.toml", text.encode())
    assert {pod["metadata"]["uid"]: _restarts(pod) for pod in resident.pods(NAME)} == before


def test_its_pods_may_nothing(resident: PackageServer, storage: Azurite) -> None:
    (pod,) = resident.pods(NAME)
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert "hostPID" not in pod["spec"]
    shown = resident.statuses(pod)
    assert len(shown) >= len(pod["spec"]["containers"])
    for status in shown:
        assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (0, 0)
        assert status["Uid"].split()[1] != "0"
        assert status["NoNewPrivs"] == "1"
    assert resident.ask(PORT, PATH).code == 200
    logs = "".join(_logs(resident, one) for one in ("catalogue", "storage", "server"))
    assert storage.key not in logs
    assert PATH in logs.replace("\\/", "/")


@pytest.fixture
def strangers(kubectl: Kubectl) -> Iterator[str]:
    """A namespace of somebody else, who may make any pod."""
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OTHER_NAMESPACE, "labels": labels}}
    kubectl("apply", "-f", "-", standard_input=json.dumps(made))
    yield OTHER_NAMESPACE
    kubectl("delete", "namespace", OTHER_NAMESPACE)


def test_a_pod_reaches_it_only_with_the_network_of_the_node(
    kubectl: Kubectl, resident: PackageServer, node: Node, strangers: str
) -> None:
    addresses = ["127.0.0.1", node.address]
    assert _reached(kubectl, strangers, "without", addresses, host_network=False) == []
    assert _reached(kubectl, strangers, "with", addresses, host_network=True) == ["127.0.0.1"]
    assert resident.answers(PORT)


def _reached(
    kubectl: Kubectl, namespace: str, name: str, addresses: list[str], *, host_network: bool
) -> list[str]:
    """The addresses at which a pod gets the package."""
    wget = "timeout 5 wget -q -O /dev/null"
    tries = [f"{wget} http://{one}:{PORT}{PATH} 2> /dev/null && echo {one}" for one in addresses]
    container = {
        "name": "asks",
        "image": "docker.io/library/busybox:1.36",
        "command": ["sh", "-c", "; ".join([*tries, "true"])],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"hostNetwork": host_network, "restartPolicy": "Never", "containers": [container]},
    }
    kubectl("apply", "-f", "-", standard_input=json.dumps(pod))

    def ended() -> bool:
        status: dict[str, Any] = kubectl.get("pod", "-n", namespace, name)["status"]
        return status.get("phase") == "Succeeded"

    eventually(ended, SECONDS, f"the pod {name} has ended")
    return kubectl("logs", "-n", namespace, name).split()


def _restarts(pod: dict[str, Any]) -> list[int]:
    return [status["restartCount"] for status in container_statuses(pod)]


def _logs(resident: PackageServer, container: str) -> str:
    (pod,) = resident.pods(NAME)
    return resident.kubectl("logs", "-n", NAMESPACE, pod["metadata"]["name"], "-c", container)
