# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task in a playbook: inside the controller and as a module it does and tells the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devcluster.control_plane import ControlPlane
from tests.faults.kube_apply.plays import HOW, run_task
from tests.faults.node_action.nodes import Nodes, Script

SECRET = "correct-horse"


def play(plane: ControlPlane, folder: Path, options: dict[str, Any], how: str) -> tuple[dict[str, Any], str]:
    """Run one task; give its result and everything that was printed."""
    given = {"kubeconfig": str(plane.kubeconfig), **options}
    return run_task(folder, "node_action", given, "-vvv", "--diff", keywords=HOW[how])


@pytest.mark.parametrize("how", HOW)
def test_both_ways_tell_the_same_and_no_secret(
    control_plane: ControlPlane, nodes: Nodes, namespace: str, tmp_path: Path, how: str
) -> None:
    nodes.add("a")
    options = {
        "name": "install",
        "namespace": namespace,
        "script": 'echo "$TOKEN"',
        # What is short is found in other places as well, such as the numbers of the result.
        "variables": {"TOKEN": SECRET, "COUNT": "1", "ZERO": "0"},
    }
    with nodes.running(lambda _node: Script(output=f"1 {SECRET}")):
        result, printed = play(control_plane, tmp_path, options, how)
    assert result["counts"] == {"done": 1}
    assert (result["changed"], result["failed"]) == (True, False)
    assert result["nodes"] == [
        {"node": "a", "state": "done", "code": 0, "seconds": 0.2, "reason": "", "output": "1 (hidden)"}
    ]
    assert result["diff"]["after"] == f"a: {result['content_hash'][:12]}, code 0\n"
    assert "DONE" in printed
    assert SECRET not in printed
    assert SECRET not in json.dumps(result)


@pytest.mark.parametrize("how", HOW)
def test_both_ways_fail_with_the_same_faults(control_plane: ControlPlane, tmp_path: Path, how: str) -> None:
    options = {"name": "No_Name", "script": "", "variables": {"1": SECRET}}
    result, printed = play(control_plane, tmp_path, options, how)
    assert result["failed"]
    assert [fault.partition(":")[0] for fault in result["faults"]] == ["name", "script", "variables"]
    assert SECRET not in printed
