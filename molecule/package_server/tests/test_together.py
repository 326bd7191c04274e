# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions at once, and runs that are cut off: each script runs as often as it should, and its end is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside.kubectl import eventually
from tests.outside.node import Node
from tests.outside.package_server import PackageServer, wait_for
from tests.outside.playbook import kill

SECONDS = 120.0
# Of two actions that are to be in each other's way.
PORT = 28999


@pytest.fixture
def traces(node: Node, action: str) -> Iterator[str]:
    """A folder of the node for what scripts leave."""
    folder = f"/tmp/{action}"
    node.run("mkdir", folder)
    yield folder
    node.run("rm", "-r", folder)


def is_there(node: Node, path: str) -> bool:
    return node.run("sh", "-c", 'ls "$0" 2> /dev/null || true', path) != ""


def until(path: str) -> str:
    """A line of a script that waits for a file, for as long as its folder is there."""
    return f"until [ -e {path} ]; do [ -d {Path(path).parent} ] || exit 9; sleep 0.2; done"


def test_two_actions_run_at_once(server: PackageServer, action: str, traces: str) -> None:
    other = f"{action}-b"
    # Each ends only when the other one has begun.
    first = server.start(action, f"touch {traces}/a; {until(f'{traces}/b')}", time_limit=110)
    second = server.start(other, f"touch {traces}/b; {until(f'{traces}/a')}", time_limit=110)
    assert [wait_for(process).state for process in (first, second)] == ["done", "done"]
    ports = {server.record(name) is not None for name in (action, other)}
    assert ports == {True}
    server.wait_until_no_pod(other)
    server.forget(other)


def test_the_same_action_twice_at_once_runs_once(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    script = f"echo ran >> {traces}/count; sleep 3"
    both = [server.start(action, script) for _ in range(2)]
    states = sorted(wait_for(process).state for process in both)
    assert states in (["done", "done"], ["done", "unchanged"])
    assert node.run("cat", f"{traces}/count") == "ran\n"
    again = server.act(action, script)
    assert again.state == "unchanged"
    assert again.outcome.changed is False


def test_two_contents_of_an_action_at_once_run_one_after_the_other(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    script = f"echo begin >> {traces}/order; sleep 4; echo end >> {traces}/order"
    first = server.start(action, f"{script} # one")
    eventually(lambda: is_there(node, f"{traces}/order"), SECONDS, "the first one runs")
    second = server.start(action, f"{script} # two")
    ends = [wait_for(process) for process in (first, second)]
    assert [end.state for end in ends] == ["done", "done"], [end.why for end in ends]
    assert node.run("cat", f"{traces}/order").split() == ["begin", "end", "begin", "end"]


def test_a_run_that_does_not_let_go_is_told(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    first = server.start(action, f"touch {traces}/begun; {until(f'{traces}/go')}")
    eventually(lambda: is_there(node, f"{traces}/begun"), SECONDS, "the first one runs")
    second = server.refused(action, "echo another content", lock_timeout=3).output
    assert "has not ended within 3 seconds (lock_timeout)" in second
    assert "nothing was changed" in second
    node.run("touch", f"{traces}/go")
    assert wait_for(first).state == "done"


def test_a_pod_that_has_no_place_on_its_node_is_told(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    first = server.start(action, f"touch {traces}/begun; {until(f'{traces}/go')}", port=PORT)
    eventually(lambda: is_there(node, f"{traces}/begun"), SECONDS, "the first one runs")
    other = f"{action}-b"
    second = server.act(other, "echo another action", start_timeout=3, port=PORT)
    assert second.failed
    assert "could not start for 3 seconds" in second.why
    assert "free ports" in second.why
    node.run("touch", f"{traces}/go")
    assert wait_for(first).state == "done"
    server.forget(other)


def test_an_interrupted_run_is_taken_up_by_the_next(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    script = f"echo ran >> {traces}/count; {until(f'{traces}/go')}"
    before = server.pods_ever()
    cut_off = server.start(action, script)
    eventually(lambda: is_there(node, f"{traces}/count"), SECONDS, "the script runs")
    kill(cut_off)
    assert len(server.get("jobs")) == 1
    next_one = server.start(action, script)
    time.sleep(2)
    node.run("touch", f"{traces}/go")
    taken_up = wait_for(next_one)
    assert taken_up.state == "done"
    assert taken_up.outcome.changed
    assert node.run("cat", f"{traces}/count") == "ran\n"
    assert len(server.pods_ever() - before) == 1
    assert server.get("jobs") == []


def test_a_run_that_ended_while_nobody_looked_is_told_by_the_next(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    script = f"echo ran >> {traces}/count; {until(f'{traces}/go')}; echo ended so; exit 5"
    cut_off = server.start(action, script)
    eventually(lambda: is_there(node, f"{traces}/count"), SECONDS, "the script runs")
    kill(cut_off)
    node.run("touch", f"{traces}/go")
    eventually(
        lambda: any(job["status"].get("failed") for job in server.get("jobs")), SECONDS, "the Job failed"
    )
    found = server.act(action, script)
    assert found.failed
    assert found.node["code"] == 5
    assert "ended so" in found.why
    assert node.run("cat", f"{traces}/count") == "ran\n"
    assert server.get("jobs") == []


def test_a_deleted_pod_ends_its_script(server: PackageServer, node: Node, action: str, traces: str) -> None:
    process = server.start(action, f"touch {traces}/begun; {until(f'{traces}/never')}")
    eventually(lambda: is_there(node, f"{traces}/begun"), SECONDS, "the script runs")
    (pod,) = server.pods(action)
    server.kubectl("delete", "pod", "-n", server.namespace, pod["metadata"]["name"], "--wait=false")
    failed = wait_for(process)
    assert failed.failed
    assert failed.state in {"failed", "lost"}
    assert failed.why.strip()
    done = server.act(action, "echo mended")
    assert done.state == "done"


def test_a_cordoned_node_is_uncordoned_by_who_cordoned_it(
    server: PackageServer, node: Node, action: str, traces: str
) -> None:
    def cordoned() -> bool:
        return bool(server.kubectl.get("node", node.name)["spec"].get("unschedulable"))

    process = server.start(action, f"touch {traces}/begun; {until(f'{traces}/go')}", cordon="cordon")
    eventually(lambda: is_there(node, f"{traces}/begun"), SECONDS, "the script runs")
    assert cordoned()
    node.run("touch", f"{traces}/go")
    assert wait_for(process).state == "done"
    assert not cordoned()
    server.kubectl("cordon", node.name)
    refused = server.act(action, "echo other content")
    assert refused.state == "refused"
    server.kubectl("uncordon", node.name)
