# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions as DaemonSets, for nodes that come later: privilege, credentials and port end when the work has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside.azurite import Azurite
from tests.outside.kubectl import eventually
from tests.outside.node import Node
from tests.outside.package_server import PACKAGE, PackageServer, container_statuses

SECONDS = 90.0
COUNT = "/tmp/daemonset-count"
SCRIPT = f"""set -e
wget -q -O /dev/null "$PKG_SERVE_URL/pkg/{PACKAGE}/latest"
echo "$PKG_SERVE_RUN_PORT" > {COUNT}.port
echo ran >> {COUNT}
"""


@pytest.fixture
def staying(server: PackageServer, node: Node, action: str) -> Iterator[PackageServer]:
    """The module in that mode; nothing of the action stays."""
    yield server.with_options(mode="daemonset")
    gone = server.take_back(action, mode="daemonset")
    assert not gone.failed, gone.output
    assert server.get("daemonsets") == []
    assert server.get("configmaps", "--selector=app.kubernetes.io/managed-by=clusterdepot.artifacts") == []
    assert server.record(action) is None
    assert server.state(action) == []
    node.run("rm", "-f", COUNT, f"{COUNT}.port")


def the_pod(staying: PackageServer, action: str) -> dict[str, Any]:
    """The only pod of the DaemonSet, ready."""
    found: list[dict[str, Any]] = []

    def is_ready() -> bool:
        found[:] = staying.pods(action)
        conditions = {
            (condition["type"], condition["status"])
            for pod in found
            for condition in pod["status"].get("conditions", [])
        }
        return len(found) == 1 and ("Ready", "True") in conditions

    eventually(is_ready, SECONDS, "the pod is ready")
    return found[0]


def test_privilege_ends_when_the_work_has(
    staying: PackageServer, node: Node, storage: Azurite, action: str
) -> None:
    done = staying.act(action, SCRIPT)
    assert done.state == "done", done.why
    assert node.run("cat", COUNT) == "ran\n"
    record = staying.record(action)
    assert record is not None
    assert record["code"] == 0
    pod = the_pod(staying, action)
    statuses = {status["name"]: status for status in container_statuses(pod)}
    assert "terminated" in statuses["action"]["state"]
    port = int(node.run("cat", f"{COUNT}.port"))
    eventually(lambda: not staying.answers(port), SECONDS, "nobody listens on the port")

    def sleeps() -> bool:
        return not any(
            storage.key in node.run("cat", f"/proc/{number}/environ", check=False)
            for numbers in staying.processes(pod).values()
            for number in numbers
        )

    eventually(sleeps, SECONDS, "no process has the credentials")
    assert "result" in staying.processes(pod)
    shown = staying.statuses(pod)
    assert shown
    for status in shown:
        assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (0, 0)
        assert status["Uid"].split()[1] != "0"
        assert status["NoNewPrivs"] == "1"
    assert all(one["restartCount"] == 0 for one in statuses.values())


def test_a_second_run_makes_no_pod_and_a_new_pod_does_not_run_again(
    staying: PackageServer, node: Node, action: str
) -> None:
    assert staying.act(action, SCRIPT).state == "done"
    first = the_pod(staying, action)["metadata"]
    second = staying.act(action, SCRIPT)
    assert second.state == "unchanged"
    assert second.outcome.changed is False
    assert the_pod(staying, action)["metadata"]["uid"] == first["uid"]
    staying.kubectl("delete", "pod", "-n", staying.namespace, first["name"])
    assert the_pod(staying, action)["metadata"]["uid"] != first["uid"]
    assert node.run("cat", COUNT) == "ran\n"
    changed = staying.act(action, f"{SCRIPT}# another content\n")
    assert changed.state == "done"
    assert node.run("cat", COUNT) == "ran\nran\n"


def test_a_failing_script_is_told_and_not_run_again(staying: PackageServer, node: Node, action: str) -> None:
    failed = staying.act(action, f"echo ran >> {COUNT}; echo because of this; exit 6")
    assert failed.failed
    assert failed.node["code"] == 6
    assert "because of this" in failed.why
    record = staying.record(action)
    assert record is not None
    assert record["code"] == 6
    assert node.run("cat", COUNT) == "ran\n"
    (pod,) = staying.pods(action)
    statuses = {status["name"]: status for status in container_statuses(pod)}
    assert statuses["result"]["ready"] is False
    assert statuses["action"]["restartCount"] == 0
    mended = staying.act(action, SCRIPT)
    assert mended.state == "done", mended.why


def test_a_pod_that_is_made_anew_tells_a_failure_again_until_the_next_run(
    staying: PackageServer, node: Node, action: str
) -> None:
    script = f"echo ran >> {COUNT}; echo because of this; exit 6"
    assert staying.act(action, script).failed
    (first,) = staying.pods(action)
    staying.kubectl("delete", "pod", "-n", staying.namespace, first["metadata"]["name"])

    def ended() -> str:
        messages = [
            status["state"]["terminated"].get("message", "")
            for pod in staying.pods(action)
            if pod["metadata"]["uid"] != first["metadata"]["uid"]
            for status in container_statuses(pod)
            if status["name"] == "action" and "terminated" in status["state"]
        ]
        return messages[0] if messages else ""

    eventually(lambda: ended() != "", SECONDS, "the action of the new pod has ended")
    assert node.run("cat", COUNT) == "ran\n"
    told = json.loads(ended())
    assert (told["code"], told["changed"], told["output"]) == (6, False, "because of this\n")
    again = staying.act(action, script)
    assert again.failed
    assert again.node["code"] == 6
    assert node.run("cat", COUNT) == "ran\nran\n"


def test_wrong_input_is_refused_before_anything_is_made(server: PackageServer, action: str) -> None:
    refused = server.refused(action, SCRIPT, mode="daemonset", canary=1, cordon="drain")
    assert "canary" in refused.result["msg"]
    assert "cordon" in refused.result["msg"]
    assert server.get("daemonsets") == []
