# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and ends the cluster on this machine."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devcluster import cgroups, identities, images, machine_checks, machine_network, processes
from devcluster.addresses import Addresses, choose, confirm
from devcluster.build import build, missing
from devcluster.components import components
from devcluster.errors import ComponentFailed
from devcluster.facts import facts
from devcluster.folders import Folders
from devcluster.node_files import EGRESS_PORT, NODE_NAME, VOLUMES_DIRECTORY, Kernel, cgroup_name, files
from devcluster.parts import CLUSTER_PARTS
from devcluster.plan import Bind, Plan, check_order
from devcluster.progress import Progress, seconds
from devcluster.settings import Settings
from devcluster.status import Status

START_SECONDS = 300.0
POLL_SECONDS = 0.1
SETTLE_SECONDS = 15.0
PROJECT = Path(__file__).parents[1]
# linux/capability.h
CAP_SYS_RESOURCE = 24


def up(folders: Folders, progress: Progress) -> bool:
    """Builds and starts what is not there; False where everything was. Raises ClusterError."""
    machine_checks.require(folders, building=False)
    folders.state.mkdir(parents=True, exist_ok=True)
    with _lock(folders):
        settings = Settings.read(folders.state)
        if settings is not None and _runs_as_planned(settings):
            return _restore_egress(settings)
        machine_checks.require(folders, building=bool(missing(folders, CLUSTER_PARTS)))
        build(folders, CLUSTER_PARTS, progress)
        _end(folders)
        settings = Settings(folders, _addresses(folders, settings))
        settings.write()
        folders.facts.write_text(json.dumps(facts(settings), indent=1))
        _start(settings)
        _follow(folders, progress)
    return True


def down(folders: Folders) -> None:
    """Ends all that `up` started, finished or not; the data stays."""
    if folders.state.exists():
        with _lock(folders):
            _end(folders)
    else:
        # Whoever removed the folder by hand did not end the processes.
        _end(folders)


def clean(folders: Folders) -> None:
    """Ends the cluster and removes its data; the cache of built parts stays."""
    if not folders.state.exists():
        return
    with _lock(folders):
        _end(folders)
        # Only what this package has made: the folder may be one that somebody named by mistake.
        for path in folders.own():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def status(folders: Folders) -> Status | None:
    """None where no cluster runs."""
    if processes.first_of_namespace(processes.marked(folders.state)) is None:
        return None
    return Status.read(folders.run / "status.json")


def plan(settings: Settings) -> Plan:
    """What the node is told; the same settings and the same code give the same plan."""
    folders, addresses = settings.folders, settings.addresses
    parts = components(folders, addresses)
    check_order(parts)
    resolver = str(addresses.resolver)
    return Plan(
        code=_code(),
        hostname=NODE_NAME,
        interface=machine_network.interface_names(folders.identity)[1],
        node_address=f"{addresses.node}/{addresses.link.prefixlen}",
        gateway=str(addresses.machine),
        block=str(addresses.block),
        resolver=resolver,
        authority=str(folders.pki / "authority.crt"),
        logs=str(folders.logs),
        run=str(folders.run),
        binds=tuple(_binds(folders)),
        files=files(folders, addresses, kernel(), images.upstreams(), resolver),
        components=parts,
    )


def _code() -> str:
    digest = hashlib.sha256()
    for path in [*sorted(PROJECT.glob("devcluster/**/*.py")), images.DEFINITIONS, *images.stand_ins()]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def kernel() -> Kernel:
    """Reads what this process may do, which is what the node may do."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    return Kernel(bool(effective >> CAP_SYS_RESOURCE & 1))


def _binds(folders: Folders) -> Iterator[Bind]:
    """Snapshots cannot lie on an overlay, and data must outlive the node's root."""
    for name, target in (
        ("containerd", "/var/lib/containerd"),
        ("kubelet", "/var/lib/kubelet"),
        ("volumes", VOLUMES_DIRECTORY),
        ("etcd", f"{folders.data}/etcd"),
        ("depot", f"{folders.data}/depot"),
    ):
        yield Bind(str(folders.data / name), target)
    for folder in (folders.run, folders.logs):
        yield Bind(str(folder), str(folder))


def _runs_as_planned(settings: Settings) -> bool:
    """Running, ready, and started by this code with these settings."""
    now = _settled(settings.folders)
    written = settings.folders.run / "plan.json"
    # As text: an earlier version of this code may have written a plan of another shape.
    return now is not None and now.ready and written.exists() and written.read_text() == plan(settings).text()


def _settled(folders: Folders) -> Status | None:
    """The status, once a part that is just being restarted is back: no reason to restart all the others."""
    deadline = time.monotonic() + SETTLE_SECONDS
    now = status(folders)
    while now is not None and not now.ready and not now.failed and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        now = status(folders)
    return now


def _addresses(folders: Folders, settings: Settings | None) -> Addresses:
    own, _ = machine_network.interface_names(folders.identity)
    uses = machine_network.uses(own)
    return choose(uses) if settings is None else confirm(settings.addresses.block, uses)


def _start(settings: Settings) -> None:
    folders, addresses = settings.folders, settings.addresses
    identities.create(folders, addresses)
    for folder in (folders.run, folders.logs, *(Path(bind.source) for bind in _binds(folders))):
        folder.mkdir(parents=True, exist_ok=True)
    plan_file = folders.run / "plan.json"
    plan_file.write_text(plan(settings).text())
    _set_logs_aside(folders)
    cgroups.create(cgroup_name(folders))
    machine_end, node_end = machine_network.interface_names(folders.identity)
    machine_network.create_cable(machine_end, node_end)
    machine_network.connect_machine(machine_end, addresses)
    _spawn_egress(settings)
    # The node waits for its end of the cable: one that became ready had all of the above before.
    _spawn(folders, "node", *_NAMESPACES, sys.executable, "-m", "devcluster.node", str(plan_file))
    machine_network.hand_over(node_end, _first_process(folders))


def _set_logs_aside(folders: Folders) -> None:
    """The end of a log then tells of this start, and no log grows for ever."""
    for log in folders.logs.glob("*.log"):
        log.rename(log.with_suffix(".previous"))


def _spawn_egress(settings: Settings) -> None:
    proxy = (str(settings.addresses.machine), str(EGRESS_PORT))
    _spawn(settings.folders, "egress", sys.executable, "-m", "devcluster.egress", *proxy)


def _restore_egress(settings: Settings) -> bool:
    """The proxy is the one process outside the node, where nobody restarts it; True where it was gone."""
    with socket.socket() as client:
        client.settimeout(1.0)
        gone = client.connect_ex((str(settings.addresses.machine), EGRESS_PORT)) != 0
    if gone:
        _spawn_egress(settings)
    return gone


_NAMESPACES = (
    "unshare",
    "--mount",
    "--uts",
    "--ipc",
    "--pid",
    "--net",
    "--fork",
    "--kill-child",
    "--mount-proc",
)


def _spawn(folders: Folders, name: str, *command: str) -> None:
    environment = os.environ | {processes.MARK: str(folders.state), "PYTHONPATH": str(PROJECT)}
    with (folders.logs / f"{name}.log").open("ab") as log:
        subprocess.Popen(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _first_process(folders: Folders) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        first = processes.first_of_namespace(processes.marked(folders.state))
        if first is not None:
            return first
        time.sleep(0.02)
    raise ComponentFailed(f"the node's process 1 did not start; see {folders.logs / 'node.log'}")


def _follow(folders: Folders, progress: Progress) -> None:
    """Waits for readiness; raises ComponentFailed with the part's name and its last lines."""
    started = time.monotonic()
    while (took := time.monotonic() - started) < START_SECONDS:
        now = status(folders)
        # On a busy machine the first status may take seconds.
        if now is None and took > 1 and processes.first_of_namespace(processes.marked(folders.state)) is None:
            raise ComponentFailed(f"the node ended; the end of its log:\n{_tail(folders, 'node')}")
        if now is not None and now.failed:
            raise ComponentFailed(f"{now.failed} did not start; the end of its log:\n{now.log}")
        if now is not None and now.ready:
            progress.say(f"all {len(now.components)} parts are ready after {seconds(took)}")
            return
        if now is not None:
            done = len(now.components) - len(now.unfinished())
            left = ", ".join(now.unfinished())
            progress.update(
                f"starting, {done} of {len(now.components)} ready after {seconds(took)}; not yet: {left}"
            )
        time.sleep(POLL_SECONDS)
    last = status(folders)
    name = last.unfinished()[0] if last else "node"
    raise ComponentFailed(
        f"{name} is not ready after {seconds(START_SECONDS)}; the end of its log:\n{_tail(folders, name)}"
    )


def _tail(folders: Folders, name: str) -> str:
    path = folders.logs / f"{name}.log"
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else "(no log)"


def _end(folders: Folders) -> None:
    processes.end_all(folders.state)
    machine_network.remove_cable(machine_network.interface_names(folders.identity)[0])
    cgroups.remove(cgroup_name(folders))
    shutil.rmtree(folders.run, ignore_errors=True)


@contextmanager
def _lock(folders: Folders) -> Iterator[None]:
    """One command at a time changes a cluster."""
    with (folders.state / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
