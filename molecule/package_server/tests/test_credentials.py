# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is secret is in no script's environment, log, annotation, event, result, or object but its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.outside.azurite import Azurite
from tests.outside.kubectl import eventually
from tests.outside.node import Node
from tests.outside.package_server import PACKAGE, PackageServer, Told, container_statuses, wait_for

SECONDS = 120.0
NOBODY = 65534
NAME = "credentials"
FOLDER = "/tmp/credentials"
VALUE = "value-of-a-secret-variable"
# bash sets the last three itself.
NAMES = {
    "HOME",
    "LANG",
    "MY_SECRET",
    "PATH",
    "PKG_CONTENT_HASH",
    "PKG_DIR",
    "PKG_NODE",
    "PKG_SERVE_RUN_PORT",
    "PKG_SERVE_URL",
    "STORAGE_ACCOUNT_NAME",
    "PWD",
    "SHLVL",
    "_",
}
SCRIPT = f"""
set -eu
env -0 > {FOLDER}/environment
tr '\\000' '\\n' < /proc/self/cmdline > {FOLDER}/command
printf '%s\\n' "$@" > {FOLDER}/arguments
umask > {FOLDER}/mask
pwd > {FOLDER}/folder
wget -q -O /dev/null "$PKG_SERVE_URL/pkg/{PACKAGE}/latest"
wget -q -O /dev/null "$PKG_SERVE_URL/pkg/{PACKAGE}/none" || true
echo ready > {FOLDER}/ready
until [ -e {FOLDER}/go ]; do sleep 0.2; done
"""


@dataclass(frozen=True)
class Seen:
    """What could be seen while the script ran, and what was told at its end."""

    told: Told
    pod: Mapping[str, Any]
    texts: Mapping[str, str]
    processes: Mapping[str, str]
    # Containers whose processes show their environment to a process with this user, and no right.
    shown_to: Mapping[int, set[str]]


@pytest.fixture(scope="module")
def seen(server: PackageServer, node: Node) -> Iterator[Seen]:
    node.run("mkdir", "-p", FOLDER)
    arguments = [NAME, "testaccount"]
    process = server.start(NAME, SCRIPT, "-vvv", variables={"MY_SECRET": VALUE}, arguments=arguments)

    def is_ready() -> bool:
        return node.run("sh", "-c", 'ls "$0" 2> /dev/null || true', f"{FOLDER}/ready") != ""

    eventually(is_ready, SECONDS, "the script runs")
    (pod,) = server.pods(NAME)
    texts = {
        f"logs of {status['name']}": server.kubectl(
            "logs", "-n", server.namespace, pod["metadata"]["name"], "-c", status["name"]
        )
        for status in container_statuses(pod)
    }
    for kind in ("pods", "jobs", "configmaps", "events", "daemonsets", "serviceaccounts"):
        texts[kind] = json.dumps(server.get(kind))
    lines = node.run(
        "sh", "-c", "for f in /proc/[0-9]*/cmdline; do tr '\\000' ' ' < $f; echo; done 2> /dev/null; true"
    )
    texts["argument lists"] = lines
    processes: dict[str, str] = {}
    for container, numbers in server.processes(pod).items():
        for number in numbers:
            environment = node.run("cat", f"/proc/{number}/environ", check=False)
            processes[container] = processes.get(container, "") + environment
    shown_to = {user: shown(node, user, server.processes(pod)) for user in (*users_of(pod).values(), NOBODY)}
    node.run("touch", f"{FOLDER}/go")
    told = wait_for(process)
    texts["output of ansible"] = told.outcome.output
    texts["node"] = json.dumps(server.kubectl.get("node", node.name))
    texts["events of the node"] = json.dumps(server.kubectl.get("events", "--all-namespaces"))
    texts["state on the node"] = node.run("sh", "-c", 'cat "$0"/*', f"/var/lib/clusterdepot/actions/{NAME}")
    yield Seen(told, pod, texts, processes, shown_to)
    node.run("rm", "-r", FOLDER)
    server.wait_until_no_pod(NAME)
    server.forget(NAME)


def users_of(pod: Mapping[str, Any]) -> dict[str, int]:
    """The user of each container."""
    containers = (*pod["spec"].get("initContainers", []), *pod["spec"]["containers"])
    return {one["name"]: one["securityContext"]["runAsUser"] for one in containers if one["name"] != "action"}


def shown(node: Node, user: int, processes: Mapping[str, list[int]]) -> set[str]:
    """The containers of which such a user of the node reads the environment of a process."""
    reads = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", "cat"]
    return {
        container
        for container, numbers in processes.items()
        if any(node.run(*reads, f"/proc/{number}/environ", check=False) for number in numbers)
    }


def test_it_ran(seen: Seen) -> None:
    assert seen.told.state == "done", seen.told.why
    assert {name for name in seen.texts if name.startswith("logs of ")} >= {
        "logs of catalogue",
        "logs of storage",
        "logs of server",
        "logs of action",
    }
    assert f"/pkg/{PACKAGE}/latest" in seen.texts["logs of server"].replace("\\/", "/")


def test_the_script_has_only_what_is_its_own(node: Node, seen: Seen, storage: Azurite) -> None:
    assert seen.told.state == "done"
    octets = node.run("cat", f"{FOLDER}/environment")
    environment = dict(one.partition("=")[::2] for one in octets.split("\0") if one)
    assert set(environment) == NAMES
    assert storage.key not in octets
    assert environment["MY_SECRET"] == VALUE
    assert environment["PKG_NODE"] == node.name
    port = environment["PKG_SERVE_RUN_PORT"]
    assert environment["PKG_SERVE_URL"] == f"http://localhost:{port}"
    assert environment["STORAGE_ACCOUNT_NAME"] == "testaccount"
    assert node.run("cat", f"{FOLDER}/arguments").split() == [NAME, "testaccount"]
    assert node.run("cat", f"{FOLDER}/folder") == "/\n"
    # What a script writes is readable as if a user of the node had called it.
    assert node.run("cat", f"{FOLDER}/mask") == "0022\n"


def test_nothing_secret_is_in_what_can_be_read(seen: Seen, storage: Azurite) -> None:
    # A key is hidden from nobody who sees it in another form.
    for secret in (storage.key, storage.key.rstrip("="), VALUE):
        shown = [name for name, text in seen.texts.items() if secret in text]
        assert shown == []


def test_only_the_containers_of_the_storage_have_its_credentials(seen: Seen, storage: Azurite) -> None:
    holding = {container for container, environment in seen.processes.items() if storage.key in environment}
    assert holding == {"storage"}
    assert set(seen.processes) == {"storage", "server", "action"}


def test_credentials_are_read_by_no_other_user_of_the_node(seen: Seen) -> None:
    users = users_of(seen.pod)
    assert users["catalogue"] == users["storage"] != users["server"]
    assert seen.shown_to[users["storage"]] == {"storage"}
    assert seen.shown_to[users["server"]] == {"server"}
    assert seen.shown_to[NOBODY] == set()


def test_only_the_action_may_do_what_it_wants(seen: Seen) -> None:
    spec = seen.pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    containers = {one["name"]: one for one in (*spec.get("initContainers", []), *spec["containers"])}
    assert set(containers) == {"catalogue", "storage", "server", "action"}
    for name, container in containers.items():
        security = container["securityContext"]
        assert bool(security.get("privileged")) is (name == "action")
        assert security["readOnlyRootFilesystem"] is True
        if name != "action":
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}
            assert (
                container["securityContext"].get("runAsUser") or spec["securityContext"]["runAsUser"]
            ) != 0
        assert not any("serviceaccount" in mount["mountPath"] for mount in container["volumeMounts"])
        assert "requests" in container["resources"]
