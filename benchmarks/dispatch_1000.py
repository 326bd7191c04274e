# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action on each of 1,000 nodes, 50 at a time, beside xargs and kubectl.

Ours judges the nodes, creates the Jobs, writes the results to the nodes, and makes an event about each. The
peer does the same but for judging and events. Each script takes a second. The start of Python is counted, as
that of the peer is. Told on the way: 250 and 500 nodes, requests by the API server's audit log, the number of
unfinished Jobs as a watch tells it, a run that stops at `max_fail`, and one that has nothing to do. Where a
node among 1,000 takes more than half as much processor again as one among 250, there is no figure.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import annotation_key
from benchmarks import (
    audit_log,
    commands,
    fake_actions,
    fake_fleet,
    job_watch,
    kubectl_actions,
    resources,
    timing,
)
from benchmarks.audit_log import Audit
from benchmarks.errors import BenchmarkError
from benchmarks.fake_fleet import FakeFleet
from benchmarks.fake_objects import node_name
from benchmarks.job_watch import Tally
from benchmarks.resources import Used
from benchmarks.results import Row
from devcluster.control_plane import API_SERVER, User

NAME = "dispatch_1000"
SIZES = (250, 500, 1000)
PARALLEL = 50
FAILING_ACTION = "fails"
FAILING_NODES = 20
MAX_FAIL = 10
PAIRS = 1
# How much more processor a node may take among the most nodes than among the fewest.
MOST_GROWTH = 1.5
USER = "operator"


@dataclass(frozen=True)
class Dispatched:
    """One run: ``seconds`` of the task itself, what it told, cost, asked for, and did to Jobs.

    ``processor`` is in seconds, too: what it and the control plane used together, which other work on the
    machine changes less than the time.
    """

    seconds: float
    processor: float
    told: dict[str, Any]
    used: Used
    requests: Counter[str]
    jobs: Tally


@dataclass(frozen=True)
class _Room:
    """A fleet, and where the requests of the user are counted who dispatches."""

    fleet: FakeFleet
    audit: Audit
    progress: Callable[[str], None]

    def dispatch(self, name: str, nodes: int) -> Dispatched:
        """Run an action by the module's function, tell what that took, and check the limit."""
        given = fake_actions.parameters(
            name, PARALLEL, MAX_FAIL, kubeconfig=str(self.fleet.kubeconfig), context=USER
        )
        start, before = self.audit.size(), self.fleet.processor_seconds()
        with job_watch.watched(self.fleet.api, fake_actions.NAMESPACE) as jobs:
            used, output = _run_task(given, self.fleet.folder)
        told, processor = json.loads(output), used.cpu + self.fleet.processor_seconds() - before
        requests = self.audit.requests(start)
        run = Dispatched(float(told["seconds"]), processor, told, used, requests, jobs)
        self.progress(f"{name}: {nodes} nodes, the task {run.seconds:.2f} s; its process {used}; {_load()}")
        self.progress(f"  {audit_log.shown(run.requests, nodes)}")
        self.progress(f"  {jobs.created} Jobs, at most {jobs.most} unfinished at once")
        self.progress(f"  with the control plane {processor:.1f} s of processor")
        if jobs.most > PARALLEL or jobs.unfinished:
            raise BenchmarkError(f"{jobs.most} Jobs at once, {len(jobs.unfinished)} are left unfinished")
        return run

    def dispatch_to_all(self, name: str, nodes: int) -> Dispatched:
        """The same, where the action ends well everywhere."""
        run = self.dispatch(name, nodes)
        _require(run.told["msg"] is None, f"it failed: {run.told['msg']}")
        _require(run.told["counts"] == {"done": nodes}, f"it told {run.told['counts']}")
        _require(run.jobs.created == nodes, f"{run.jobs.created} Jobs were created")
        self._require_annotated(annotation_key(name), nodes)
        return run

    def repeat(self, name: str, nodes: int) -> None:
        """Run an action again that is done everywhere: there is to be no Job."""
        run = self.dispatch(name, nodes)
        _require(run.told["counts"] == {"unchanged": nodes}, f"it told {run.told['counts']}")
        _require(run.told["changed"] is False and run.jobs.created == 0, "a run with nothing to do did it")

    def stop(self, nodes: int) -> None:
        """Run the action that fails on more nodes than may fail: the others are not to be started."""
        run = self.dispatch(FAILING_ACTION, nodes)
        counts = Counter(run.told["counts"])
        self.progress(f"  {dict(counts)}: {run.told['msg']}")
        _require("max_fail" in (run.told["msg"] or ""), f"it told {run.told['msg']}")
        _require(MAX_FAIL < counts["failed"] <= FAILING_NODES, f"it told {dict(counts)}")
        _require(counts["not started"] > 0 and counts.total() == nodes, f"it told {dict(counts)}")
        begun = counts["done"] + counts["failed"]
        _require(run.jobs.created == begun, f"{run.jobs.created} Jobs for {begun} nodes that began")

    def by_kubectl(self, name: str, nodes: int) -> float:
        """Wall clock seconds of the peer."""
        found = self.fleet.api.get("/api/v1/nodes")["items"]
        uids = {node["metadata"]["name"]: node["metadata"]["uid"] for node in found[:nodes]}
        given = fake_actions.parameters(name, PARALLEL, MAX_FAIL)
        folder = self.fleet.folder / name
        folder.mkdir()
        start = self.audit.size()
        with job_watch.watched(self.fleet.api, fake_actions.NAMESPACE) as jobs:
            used = kubectl_actions.measure(
                self.fleet.kubeconfig, USER, fake_actions.jobs(given, uids), PARALLEL, folder
            )
        self._require_annotated(f"{kubectl_actions.ANNOTATION}/{name}", nodes)
        self.progress(f"xargs and kubectl: {nodes} nodes, {used}; {_load()}")
        self.progress(f"  {audit_log.shown(self.audit.requests(start), nodes)}")
        self.progress(f"  {jobs.created} Jobs, at most {jobs.most} unfinished at once")
        return used.wall

    def _require_annotated(self, key: str, wanted: int) -> None:
        """That so many nodes tell by an annotation that the action ended there with 0."""
        found = self.fleet.api.get("/api/v1/nodes")["items"]
        told = (json.loads(node["metadata"].get("annotations", {}).get(key, "{}")) for node in found)
        done = sum(record.get("code") == 0 for record in told)
        _require(done == wanted, f"{done} of {wanted} nodes have {key} with code 0")


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds for 1,000 nodes. Raises BenchmarkError, also where a limit is not kept."""
    most, first = SIZES[-1], SIZES[-1] // 10
    failing = [node_name(number) for number in range(first, first + FAILING_NODES)]
    with tempfile.TemporaryDirectory(prefix="clusterdepot-benchmark-") as folder:
        audit = Audit(Path(folder), USER)
        with fake_fleet.fleet(
            progress,
            alive=True,
            ending=fake_actions.ending([FAILING_ACTION], failing),
            users=(User(USER, secrets.token_hex(), "system:masters"),),
            flags={API_SERVER: (*audit.flags, "--allow-privileged=true")},
        ) as fleet:
            fleet.create_namespace(fake_actions.NAMESPACE)
            room = _Room(fleet, audit, progress)
            fewest = _grow(room, progress)
            runs: list[Dispatched] = []

            def ours() -> float:
                runs.append(room.dispatch_to_all(f"ours-{len(runs)}", most))
                return runs[-1].used.wall

            def peer() -> float:
                return room.by_kubectl(f"peer-{len(runs)}", most)

            pairs = timing.paired(ours, peer, count or PAIRS, progress)
            room.repeat("ours-0", most)
            room.stop(most)
    wall = growth([run.seconds for run in runs], most, fewest.seconds, SIZES[0])
    processor = growth([run.processor for run in runs], most, fewest.processor, SIZES[0])
    progress(f"for each node, {most} to {SIZES[0]} nodes: {wall:.2f} the time, {processor:.2f} of processor")
    require_linear(processor)
    return Row(NAME, *pairs.medians, "s", "lower")


def growth(many: Sequence[float], of_many: int, few: float, of_few: int) -> float:
    """How much more a node takes among many than among few, by the median of the runs; 1 is linear."""
    return statistics.median(many) / of_many / (few / of_few)


def require_linear(processor: float) -> None:
    """Raise BenchmarkError where a node takes more and more, by the processor's growth.

    The time is only told: other work on the machine changes it.
    """
    _require(
        processor <= MOST_GROWTH, f"a node takes {processor:.2f} the processor; allowed: {MOST_GROWTH:.2f}"
    )


def _grow(room: _Room, progress: Callable[[str], None]) -> Dispatched:
    """Add nodes, and measure at each size but the last; gives what the first took."""
    there, taken = 0, []
    for size in SIZES:
        room.fleet.create_nodes(size - there, there)
        progress(f"{size} nodes, not timed")
        there = size
        if size != SIZES[-1]:
            taken.append(room.dispatch_to_all(f"of-{size}", size))
    return taken[0]


def _run_task(given: dict[str, Any], folder: Path) -> tuple[Used, str]:
    path = os.pathsep.join([str(commands.ROOT), str(commands.ROOT / ".build")])
    return resources.measure(
        [sys.executable, "-m", "benchmarks.node_action_task", json.dumps(given)],
        folder,
        {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "PYTHONPATH": path},
    )


def _require(holds: bool, told: str) -> None:
    if not holds:
        raise BenchmarkError(told)


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
