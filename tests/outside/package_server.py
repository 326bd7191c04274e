# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package server and actions as their users have them: the role, the module, the node, the pods."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.outside import playbook
from tests.outside.azurite import Azurite
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.module import Outcome, outcome, run_module, start_module
from tests.outside.node import Node
from tests.outside.playbook import Run

MODULE = "node_action"
NAMESPACE = "package-server-tests"
SECRET = "storage-credentials"
# Of the example of pkg-serve.
PACKAGE = "mypackage"
FILE = "mypackage-123456.deb"
INSTALLED = f"/usr/share/{PACKAGE}/content"
ACTIONS = "/var/lib/clusterdepot/actions"
_PREFIX = "actions.clusterdepot.io"
# A pod is told to end, ends, and is forgotten.
_POD_SECONDS = 60.0
# Runs on the node: one request as it is given, the answer as JSON on standard output.
_ASK = """
import base64, http.client, json, sys
port, method, path, headers = json.loads(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
connection.request(method, path, headers=headers)
answer = connection.getresponse()
body = base64.b64encode(answer.read()).decode()
print(json.dumps([answer.status, {k.lower(): v for k, v in answer.getheaders()}, body]))
"""


@dataclass(frozen=True)
class Answer:
    """What a server answered; `headers` have lower-case names."""

    code: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Told:
    """What node_action told of the only node."""

    outcome: Outcome = field(repr=False)
    node: Mapping[str, Any]

    @property
    def failed(self) -> bool:
        """Whether the task failed."""
        return self.outcome.failed

    @property
    def state(self) -> str:
        """What became of the node."""
        return str(self.node["state"])

    @property
    def why(self) -> str:
        """The reason, and the end of the script's output."""
        return f"{self.node.get('reason') or ''}\n{self.node.get('output') or ''}"


@dataclass(frozen=True)
class PackageServer:
    """`variables` are the role's, for every run; `options` are the module's, for every action."""

    kubectl: Kubectl
    node: Node
    folder: Path
    namespace: str
    variables: Mapping[str, object] = field(default_factory=dict, repr=False)
    options: Mapping[str, object] = field(default_factory=dict)

    def run(self, *arguments: str, **variables: object) -> Run:
        """Run the role alone; names of variables as the role's, without what they begin with."""
        return playbook.run(self.folder / "serve.yml", *arguments, variables=self.all(variables))

    def remove(self, *arguments: str, **variables: object) -> Run:
        """Run the role's removal."""
        return playbook.run(self.folder / "remove.yml", *arguments, variables=self.all(variables))

    def all(self, variables: Mapping[str, object]) -> dict[str, object]:
        """The variables of a run."""
        given = {"namespace": self.namespace, **variables}
        return {**self.variables, **{f"package_server_{name}": value for name, value in given.items()}}

    def act(self, name: str, script: str = "", *arguments: str, **options: object) -> Told:
        """Run node_action, with more arguments of ansible."""
        return told(run_module(MODULE, self._options(name, script, options), *arguments))

    def start(self, name: str, script: str = "", *arguments: str, **options: object) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        return start_module(MODULE, self._options(name, script, options), *arguments)

    def refused(self, name: str, script: str = "", **options: object) -> Outcome:
        """Run node_action where it gives no result for a node."""
        done = run_module(MODULE, self._options(name, script, options))
        assert done.failed, done.output
        return done

    def take_back(self, name: str, **options: object) -> Outcome:
        """Run node_action with the state absent."""
        return run_module(MODULE, self._options(name, "", {"state": "absent", **options}))

    def with_options(self, **options: object) -> PackageServer:
        """The same with more options for every action."""
        return replace(self, options={**self.options, **options})

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        """The objects of a kind in the namespace."""
        items: list[dict[str, Any]] = self.kubectl.get("-n", self.namespace, *arguments)["items"]
        return items

    def record(self, name: str) -> dict[str, Any] | None:
        """What the node's annotation tells of an action; None where there is none."""
        found = self.kubectl.get("node", self.node.name)["metadata"]["annotations"].get(f"{_PREFIX}/{name}")
        record: dict[str, Any] | None = None if found is None else json.loads(found)
        return record

    def annotations(self) -> dict[str, str]:
        """The node's annotations of actions."""
        found = self.kubectl.get("node", self.node.name)["metadata"]["annotations"]
        return {key: value for key, value in found.items() if key.startswith(f"{_PREFIX}/")}

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of the node that tell of an action."""
        selector = f"involvedObject.kind=Node,involvedObject.name={self.node.name}"
        items = self.kubectl.get("events", "--all-namespaces", f"--field-selector={selector}")["items"]
        return [
            item
            for item in items
            if name in item.get("message", "") and item["reason"].startswith("NodeAction")
        ]

    def pods_ever(self) -> set[str]:
        """The uids of all pods of the namespace of the last hour, gone ones as well."""
        now = {pod["metadata"]["uid"] for pod in self.get("pods")}
        return now | {
            event["involvedObject"]["uid"]
            for event in self.get("events")
            if event["involvedObject"]["kind"] == "Pod"
        }

    def wait_until_no_pod(self, name: str) -> None:
        """Until no pod of the action is there, not even one that ends."""
        selector = f"--selector=app.kubernetes.io/instance={name}"
        eventually(lambda: self.get("pods", selector) == [], _POD_SECONDS, f"no pod of {name} is there")

    def pods(self, name: str) -> list[dict[str, Any]]:
        """The pods of an action, or of the server of that name, those that end left out."""
        found = self.get("pods", f"--selector=app.kubernetes.io/instance={name}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def processes(self, pod: Mapping[str, Any]) -> dict[str, list[int]]:
        """Container of a pod -> its processes, by their numbers on the node; only of those that run."""
        found = {}
        for status in container_statuses(pod):
            if "running" in status["state"]:
                identifier = status["containerID"].partition("://")[2]
                listed = self.node.run("ctr", "--namespace=k8s.io", "tasks", "ps", identifier, check=False)
                numbers = [line.split()[0] for line in listed.splitlines()[1:]]
                found[str(status["name"])] = [int(number) for number in numbers]
        return found

    def statuses(self, pod: Mapping[str, Any]) -> list[dict[str, str]]:
        """The processes of a pod as the kernel shows them (proc(5)); those that end just now left out."""
        numbers = [str(number) for found in self.processes(pod).values() for number in found]
        script = 'for number; do cat "/proc/$number/status" 2> /dev/null && echo; done; true'
        shown = self.node.run("sh", "-c", script, "sh", *numbers)
        return [
            {name: value.strip() for name, _, value in (line.partition(":") for line in one.splitlines())}
            for one in shown.strip().split("\n\n")
        ]

    def kill(self, pod: Mapping[str, Any], container: str) -> None:
        """Kill all processes of a container."""
        numbers = [str(number) for number in self.processes(pod)[container]]
        assert numbers
        # Some end with the first of them.
        self.node.run("kill", "-KILL", *numbers, check=False)

    def ask(
        self, port: int, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask a server on the node's loopback."""
        request = json.dumps([port, method, path, dict(headers or {})])
        code, answered, body = json.loads(self.node.run(sys.executable, "-c", _ASK, request))
        return Answer(code, answered, base64.b64decode(body))

    def answers(self, port: int) -> bool:
        """Whether anybody listens on that port of the node's loopback."""
        listening = self.node.run("cat", "/proc/net/tcp")
        return f" 0100007F:{port:04X} 00000000:0000 0A " in listening

    def state(self, name: str) -> list[str]:
        """The files that the node keeps of an action; none where it has no folder for it."""
        return self.node.run("sh", "-c", 'ls -A "$0" 2> /dev/null || true', f"{ACTIONS}/{name}").split()

    def forget(self, name: str) -> None:
        """Remove what an action has left on the node, whatever became of it."""
        self.node.run("rm", "-rf", f"{ACTIONS}/{name}")
        self.kubectl("annotate", "node", self.node.name, f"{_PREFIX}/{name}-")

    def _options(self, name: str, script: str, options: Mapping[str, object]) -> dict[str, object]:
        given = {**self.options, **({"script": script} if script else {}), **options}
        return {"kubeconfig": self.kubectl.kubeconfig, "namespace": self.namespace, "name": name, **given}


def secret_of(name: str, key: str) -> dict[str, object]:
    """A Secret with the key of a storage account."""
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"account_key": key}}


def storage_option(storage: Azurite, secret: str = SECRET) -> dict[str, object]:
    """The option of the module, and the role's variable."""
    place = {"account": storage.account, "endpoint": storage.endpoint}
    return {"type": "azureblob", **place, "secret": secret}


def told(done: Outcome) -> Told:
    """What a result tells of the only node."""
    nodes = done.result.get("nodes")
    assert nodes, done.output
    (node,) = nodes
    return Told(done, node)


def wait_for(process: subprocess.Popen[str]) -> Told:
    """The result of a module that was started."""
    return told(outcome(process))


def container_statuses(pod: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The statuses of all containers, those of init containers first."""
    status = pod["status"]
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
