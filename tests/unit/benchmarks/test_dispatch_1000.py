# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer of the benchmark, by a kubectl that only notes its calls; and what is made of figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import commands, kubectl_actions
from benchmarks.dispatch_1000 import FAILING_NODES, MAX_FAIL, SIZES, growth, require_linear
from benchmarks.errors import BenchmarkError
from benchmarks.fake_actions import jobs, parameters

# A control plane, a fleet and minutes are what the real one needs.
KUBECTL = """#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/calls"
case "$*" in
    *" get pods "*) echo '{"code":0}' ;;
    *" wait "*job/fails-*) exit 1 ;;
esac
"""


@pytest.fixture(autouse=True)
def kubectl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    monkeypatch.setattr(commands, "tool", lambda name: str(tmp_path / name))


def calls(folder: Path, action: str) -> list[list[str]]:
    """What the peer asked for one node, as words."""
    rendered = jobs(parameters(action, 2, 0), {"node-1": "uid"})
    kubectl_actions.measure(folder / "kubeconfig", "operator", rendered, 2, folder)
    return [line.split() for line in (folder / "calls").read_text().splitlines()]


def test_the_peer_creates_waits_reads_writes_and_deletes(tmp_path: Path) -> None:
    found = calls(tmp_path, "tune")
    assert [words[3] for words in found] == ["create", "wait", "get", "annotate", "delete"]
    assert {tuple(words[:3]) for words in found} == {
        (f"--kubeconfig={tmp_path / 'kubeconfig'}", "--context=operator", "--namespace=package-server")
    }
    assert found[3][4:] == ["node", "node-1", "--overwrite", 'benchmark.clusterdepot.io/tune={"code":0}']


def test_the_peer_gives_no_figure_where_a_step_fails(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="ended with 123"):
        calls(tmp_path, "fails")
    assert (tmp_path / "calls").read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("many", "few", "wanted"), [([40.0], 10.0, 1.0), ([80.0], 10.0, 2.0), ([20.0, 40.0, 90.0], 10.0, 1.0)]
)
def test_growth_compares_the_seconds_of_a_node(many: list[float], few: float, wanted: float) -> None:
    assert growth(many, 1000, few, 250) == pytest.approx(wanted)


def test_there_is_no_figure_where_each_node_takes_more_and_more() -> None:
    require_linear(growth([60.0], 1000, 10.0, 250))
    with pytest.raises(BenchmarkError, match=r"1\.52 the processor; allowed: 1\.50"):
        require_linear(growth([60.8], 1000, 10.0, 250))


def test_more_nodes_fail_than_may_and_others_are_left_to_start() -> None:
    assert MAX_FAIL < FAILING_NODES < SIZES[-1] // 10
