# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Up, again, down, up: nothing restarts without need, nothing stays behind, nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from devcluster import processes
from devcluster.addresses import Addresses
from devcluster.settings import Settings
from devcluster.status import Status
from tests.faults.devcluster import machine
from tests.faults.devcluster.conftest import NewCluster
from tests.faults.devcluster.embedded import ROOT, Cluster, wait_until


@dataclass(frozen=True)
class Machine:
    """What is compared before, during and after."""

    network: machine.Network
    mounts: list[str]
    cgroups: list[str]

    @staticmethod
    def now(servers: list[IPv4Network]) -> Machine:
        return Machine(machine.network(servers), machine.mounts(), machine.cgroups())


@pytest.fixture
def servers() -> list[IPv4Network]:
    found = machine.servers()
    assert found
    return found


def addresses(cluster: Cluster) -> Addresses:
    settings = Settings.read(cluster.folders.state)
    assert settings is not None
    return settings.addresses


def machine_routes(cluster: Cluster) -> set[str]:
    listing = subprocess.run(
        ["ip", "-j", "-4", "route", "show", "dev", cluster.cable().name],
        check=True,
        capture_output=True,
        text=True,
    )
    return {route["dst"] for route in json.loads(listing.stdout)}


def test_the_machine_is_the_same_before_during_and_after(
    new_cluster: NewCluster, servers: list[IPv4Network]
) -> None:
    cluster = new_cluster()
    before = Machine.now(servers)
    cluster.must("up")
    during = Machine.now(servers)
    assert machine.interfaces(cluster.folders) == [cluster.cable().name]
    ours = addresses(cluster)
    assert machine_routes(cluster) == {str(ours.block), str(ours.link)}
    of_node = cluster.namespaces()
    assert len(of_node) == len(machine.NAMESPACES)
    cluster.must("down")
    assert machine.leftovers(cluster.folders, of_node) == []
    assert during == before
    assert Machine.now(servers) == before


def test_data_survives_and_a_second_up_changes_nothing(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    cluster.must("up")
    cluster.kubectl("create", "configmap", "kept", "--from-literal=key=value")
    ready = {pid: cluster.started(pid) for pid in processes.marked(cluster.folders.state)}
    assert "was up already" in cluster.must("up")
    assert {pid: cluster.started(pid) for pid in processes.marked(cluster.folders.state)} == ready
    assert "the embedded cluster is down; its data stays" in cluster.must("down")
    assert cluster.run("status").returncode == 3
    block = addresses(cluster).block
    assert "is up: export KUBECONFIG=" in cluster.must("up")
    assert addresses(cluster).block == block
    assert cluster.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.key}") == "value"
    of_node = cluster.namespaces()
    cluster.must("clean")
    assert machine.leftovers(cluster.folders, of_node) == []
    # The lock stays: another command may be waiting for it.
    assert [path.name for path in cluster.folders.state.iterdir()] == ["lock"]


def test_a_removed_state_folder_does_not_hide_a_cluster_from_down(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    cluster.must("up")
    of_node = cluster.namespaces()
    moved = cluster.folders.state.with_name("moved")
    cluster.folders.state.rename(moved)
    cluster.must("down")
    moved.rename(cluster.folders.state)
    assert [left for left in machine.leftovers(cluster.folders, of_node) if "file" not in left] == []


@pytest.fixture
def starting(new_cluster: NewCluster) -> Iterator[tuple[Cluster, subprocess.Popen[bytes]]]:
    """A cluster and the process that starts it at this moment."""
    cluster = new_cluster()
    process = subprocess.Popen(
        [sys.executable, "-m", "devcluster", "up"],
        cwd=ROOT,
        env=cluster.variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield cluster, process
    process.kill()
    process.wait()


def ready_components(cluster: Cluster) -> int:
    status = Status.read(cluster.folders.run / "status.json")
    return 0 if status is None else len(status.components) - len(status.unfinished())


MOMENTS: dict[str, Callable[[Cluster], bool]] = {
    "the cable is there": lambda cluster: cluster.cable().exists(),
    "process 1 runs": lambda cluster: cluster.first_process() is not None,
    "some components are ready": lambda cluster: ready_components(cluster) >= 3,
}


def kill_when(moment: str, starting: tuple[Cluster, subprocess.Popen[bytes]]) -> Cluster:
    cluster, process = starting
    wait_until(moment, lambda: MOMENTS[moment](cluster), pause=0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was done before it could be killed"
    return cluster


@pytest.mark.parametrize("moment", MOMENTS)
def test_down_cleans_up_after_an_up_that_was_killed(
    moment: str, starting: tuple[Cluster, subprocess.Popen[bytes]]
) -> None:
    cluster = kill_when(moment, starting)
    of_node = cluster.namespaces()
    cluster.must("down")
    assert machine.leftovers(cluster.folders, of_node) == []
    assert "is up" in cluster.must("up")
    assert cluster.kubectl("get", "namespaces", "-o", "name")


def test_an_up_that_was_killed_is_finished_by_the_next(
    starting: tuple[Cluster, subprocess.Popen[bytes]],
) -> None:
    cluster = kill_when("process 1 runs", starting)
    cluster.must("up")
    assert cluster.kubectl("get", "namespaces", "-o", "name")
    assert cluster.egress()
    assert Path(json.loads(cluster.must("facts"))["kubeconfig"]).is_file()
