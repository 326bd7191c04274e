# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of nodes that do not exist, at a real API server on loopback.

A fleet is still or alive. In a still one nothing moves by itself: pods are created as the DaemonSet
controller, the scheduler and a kubelet would leave them, which is faster, and nothing disturbs who reads. In
one that is alive, controllers and the scheduler run, and kwok stands for the kubelets.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks import commands, fake_objects, fake_stages
from benchmarks.api_server import ApiServer, in_threads
from benchmarks.errors import BenchmarkError
from benchmarks.fake_objects import HEALTHY, Trouble
from benchmarks.fake_stages import AT_ONCE, Ending
from devcluster.control_plane import (
    CONTROLLER_MANAGER,
    ETCD,
    SCHEDULER,
    ControlPlane,
    Setup,
    User,
)
from devcluster.errors import ClusterError

KWOK = "kwok"
DAEMONSET_MANAGER = "kube-controller-manager"
KUBELET = "kubelet"
RUN_SECONDS = 900.0
ACCOUNT_SECONDS = 30.0
POLL_SECONDS = 2.0
# Leases are renewed every quarter of it, 2,000 in a minute for 2,000 nodes.
LEASE_SECONDS = 240
_STILL = ("serviceaccount-controller",)
# No controller that gives nodes a part of the pods' addresses: that is used up, and its retries take a core.
_ALIVE = (
    *_STILL,
    "daemonset-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "job-controller",
    "namespace-controller",
    "node-lifecycle-controller",
    "replicaset-controller",
    "taint-eviction-controller",
)
_FAST = ("--kube-api-qps=5000", "--kube-api-burst=5000")
_FLAGS = {
    # 100,000 containers, written twice each, exceed the two gigabytes that are its default.
    ETCD: ("--quota-backend-bytes=8000000000", "--log-level=warn"),
    CONTROLLER_MANAGER: (
        *_FAST,
        "--concurrent-daemonset-syncs=10",
        "--allocate-node-cidrs=false",
        f"--node-monitor-grace-period={LEASE_SECONDS}s",
    ),
    SCHEDULER: _FAST,
}


@dataclass(frozen=True)
class FakeFleet:
    """Running; ``folder`` is for what commands leave behind. Every method raises BenchmarkError."""

    plane: ControlPlane
    api: ApiServer

    @property
    def folder(self) -> Path:
        """Temporary; it has the data and logs of the control plane, too."""
        return self.plane.folder

    @property
    def kubeconfig(self) -> Path:
        """Its user may do everything."""
        return self.plane.kubeconfig

    def create_nodes(self, count: int, first: int = 0) -> list[str]:
        """Create so many nodes that are ready, every `fake_objects.ARM_EVERY`th of arm64; gives their names.

        `first` is the number of those that are there already.
        """

        def create(number: int) -> str:
            made = self.api.create("/api/v1/nodes", fake_objects.node(number), KUBELET)
            # A new node gets a taint, which the node lifecycle controller removes; a still fleet has none.
            name = str(made["metadata"]["name"])
            self.api.merge(f"/api/v1/nodes/{name}", {"spec": {"taints": None}}, DAEMONSET_MANAGER)
            return name

        return in_threads(create, range(first, first + count))

    def create_namespace(self, name: str) -> None:
        """Create it, and wait until pods may be created there."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.api.create("/api/v1/namespaces", body, "benchmark")
        deadline = time.monotonic() + ACCOUNT_SECONDS
        while "default" not in self.api.names(f"/api/v1/namespaces/{name}/serviceaccounts"):
            if time.monotonic() > deadline:
                raise BenchmarkError(f"namespace {name} got no service account")
            time.sleep(0.05)

    def create_daemonsets(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Create them as they are, and give them as stored. In a fleet that is alive, their pods follow."""
        return [self.api.create(_daemonsets_of(one), one, "benchmark") for one in wanted]

    def create_pods(
        self, daemonsets: Sequence[Mapping[str, Any]], nodes: Sequence[str], trouble: Trouble = HEALTHY
    ) -> int:
        """In a still fleet, create a pod of each DaemonSet for each node, count them, and give their number.

        `daemonsets` are as `create_daemonsets` gives them.
        """

        def create(pair: tuple[Mapping[str, Any], str]) -> bool:
            daemonset, node = pair
            body = fake_objects.pod(daemonset, node, trouble)
            self.api.create(_pods_of(body["metadata"]["namespace"]), body, DAEMONSET_MANAGER)
            return self._tell(body, node, trouble)

        for daemonset in daemonsets:
            running = sum(in_threads(create, ((daemonset, node) for node in nodes)))
            status = fake_objects.daemonset_status(daemonset, len(nodes), running)
            path = f"{_daemonsets_of(daemonset)}/{daemonset['metadata']['name']}/status"
            self.api.merge(path, {"status": status}, DAEMONSET_MANAGER)
        return len(daemonsets) * len(nodes)

    def trouble_pods(self, namespace: str, trouble: Trouble) -> int:
        """In a fleet that is alive, write the status of the pods on failing and pulling nodes.

        Gives their number. The fleet must have been started with these nodes held.
        """
        nodes = sorted(trouble.failing_nodes | trouble.pulling_nodes)

        def tell(node: str) -> int:
            found = self.api.get(_pods_of(namespace), fieldSelector=f"spec.nodeName={node}")["items"]
            for pod in found:
                self._tell(pod, node, trouble)
            return len(found)

        return sum(in_threads(tell, nodes))

    def await_running(self, namespace: str, count: int, seconds: float = RUN_SECONDS) -> None:
        """Wait until so many pods of a namespace run."""
        deadline = time.monotonic() + seconds
        while (running := self._running(namespace)) < count:
            self._require_programs()
            if time.monotonic() > deadline:
                raise BenchmarkError(f"{running} of {count} pods run in {namespace} after {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def peaks(self) -> dict[str, int]:
        """The most memory, in octets, that each program has had so far."""
        self._require_programs()
        return {name: _peak(pid) for name, pid in self.plane.processes().items()}

    def processor_seconds(self) -> float:
        """What all its programs have used of processors so far."""
        self._require_programs()
        return sum(map(_processor_seconds, self.plane.processes().values()))

    def _require_programs(self) -> None:
        try:
            self.plane.require_running()
        except ClusterError as error:
            raise BenchmarkError(str(error)) from error

    def _running(self, namespace: str) -> int:
        return len(self.api.names(_pods_of(namespace), fieldSelector="status.phase=Running"))

    def _tell(self, pod: Mapping[str, Any], node: str, trouble: Trouble) -> bool:
        """Write the status of a pod, and give whether it runs.

        The server takes metadata and status of what it is sent, and keeps the rest.
        """
        metadata, status = pod["metadata"], fake_objects.pod_status(pod["spec"], node, trouble)
        told = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
        self.api.replace(f"{_pods_of(metadata['namespace'])}/{metadata['name']}/status", told, KUBELET)
        return bool(status["phase"] == "Running")


@contextmanager
def fleet(
    progress: Callable[[str], None],
    *,
    alive: bool = False,
    held: Collection[str] = (),
    ending: Ending = AT_ONCE,
    users: tuple[User, ...] = (),
    flags: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Iterator[FakeFleet]:
    """A fleet without nodes so far, for as long as the block. Raises BenchmarkError.

    In one that is alive, kwok leaves alone the pods on the nodes `held`, and ends those of Jobs as `ending`
    says. `users` and `flags`, by program, are in addition to the fleet's own; see devcluster's Setup.
    """
    parts = ["etcd", "kubernetes", *([KWOK] if alive else [])]
    binaries = Path(commands.run([sys.executable, "-m", "devcluster", "binaries", *parts]).splitlines()[-1])
    token = secrets.token_hex()
    setup = Setup(
        (User("benchmark", token, "system:masters"), *users),
        _ALIVE if alive else _STILL,
        scheduler=alive,
        flags={program: (*_FLAGS.get(program, ()), *flags.get(program, ())) for program in {*_FLAGS, *flags}},
    )
    with tempfile.TemporaryDirectory(prefix="clusterdepot-benchmark-") as name:
        plane = ControlPlane(Path(name), binaries, setup)
        try:
            started = time.monotonic()
            _start(plane, fake_stages.stages(held, ending) if alive else None)
            progress(f"started a control plane in {time.monotonic() - started:.1f} s, not timed")
            yield FakeFleet(plane, ApiServer(plane.port, plane.certificate, token))
        finally:
            plane.stop()


def _start(plane: ControlPlane, stages: Sequence[Mapping[str, Any]] | None) -> None:
    try:
        plane.start()
    except ClusterError as error:
        raise BenchmarkError(str(error)) from error
    if stages is not None:
        moves = plane.folder / "stages.yaml"
        moves.write_text(fake_stages.written(stages))
        plane.spawn(
            KWOK,
            f"--kubeconfig={plane.kubeconfig}",
            f"--config={moves}",
            "--manage-all-nodes=true",
            f"--node-lease-duration-seconds={LEASE_SECONDS}",
        )


def _daemonsets_of(one: Mapping[str, Any]) -> str:
    return f"/apis/apps/v1/namespaces/{one['metadata']['namespace']}/daemonsets"


def _pods_of(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"


def _processor_seconds(pid: int) -> float:
    """By the kernel's count (proc(5), stat: utime and stime, after the name of the program in brackets)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> int:
    """By the kernel's count, in units of 1024 octets (proc(5): VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise BenchmarkError(f"process {pid} tells nothing about its memory")
