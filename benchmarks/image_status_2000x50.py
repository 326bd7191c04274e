# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of 50 images on each of 2,000 nodes, beside `kubectl get pods -o json` and jq.

Ours gives for each node and image state, digest and reason, in the form of the module's result. The peer
counts states for each image. The start of Python is counted, as that of the peer is; the seconds that the
task itself takes are told on the way, as are those of a healthy fleet without digests, and of 500 nodes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from benchmarks import commands, fake_fleet, kubectl_status, resources, timing
from benchmarks.errors import BenchmarkError
from benchmarks.fake_fleet import FakeFleet
from benchmarks.fake_image_cache import ImageCache
from benchmarks.fake_objects import HEALTHY, Trouble, node_name
from benchmarks.resources import Used
from benchmarks.results import Row

NAME = "image_status_2000x50"
NODES = 2000
FEWER_NODES = 500
PLANNED_IMAGES = 500
PAIRS = 2


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds for 2,000 nodes. Raises BenchmarkError, also where a count is wrong."""
    _plan_and_prune(progress)
    _measure_alone(progress, FEWER_NODES, HEALTHY)
    _measure_alone(progress, FEWER_NODES, _trouble(FEWER_NODES))
    with fake_fleet.fleet(progress) as fleet:
        cache = _fill(fleet, NODES, HEALTHY, progress)
        _tell(fleet, cache, NODES, HEALTHY, progress)

        def ours() -> float:
            return _ours(fleet, cache, NODES, HEALTHY, digests=True)[1].wall

        def peer() -> float:
            used, totals = kubectl_status.measure(fleet.kubeconfig, cache.namespace, fleet.folder)
            _require(totals, HEALTHY.counts(NODES, cache.images))
            progress(f"kubectl and jq: {used}")
            return used.wall

        pairs = timing.paired(ours, peer, count or PAIRS, progress)
    mine, other = pairs.medians
    return Row(NAME, mine, other, "s", "lower")


def _plan_and_prune(progress: Callable[[str], None]) -> None:
    """Tell how long the plans for 500 images take: the first, and one that drops all but ten of them."""
    many, few = ImageCache(images=PLANNED_IMAGES), ImageCache(images=10)
    live: list[dict[str, Any]] = []
    first = timing.seconds(lambda: live.extend(many.daemonsets()))
    kept = {one["metadata"]["name"] for one in few.daemonsets(live)}
    pruning = timing.seconds(lambda: few.daemonsets(live))
    if len(kept) != 1 or len(live) != PLANNED_IMAGES // many.images_per_pod:
        raise BenchmarkError(f"{len(live)} DaemonSets were planned, and {len(kept)} kept")
    progress(f"{PLANNED_IMAGES} images: planned in {first:.3f} s, all but 10 pruned in {pruning:.3f} s")


def _measure_alone(progress: Callable[[str], None], nodes: int, trouble: Trouble) -> None:
    with fake_fleet.fleet(progress) as fleet:
        cache = _fill(fleet, nodes, trouble, progress)
        _tell(fleet, cache, nodes, trouble, progress)


def _trouble(nodes: int) -> Trouble:
    """A tenth of the nodes fails to pull two images, a fiftieth still pulls, a hundredth has no room."""
    tenth, fiftieth, hundredth = nodes // 10, nodes // 50, nodes // 100
    names = [node_name(number) for number in range(tenth + fiftieth + hundredth)]
    return Trouble(
        failing_nodes=frozenset(names[:tenth]),
        failing_images=frozenset(ImageCache().references()[:2]),
        pulling_nodes=frozenset(names[tenth : tenth + fiftieth]),
        unscheduled_nodes=frozenset(names[tenth + fiftieth :]),
    )


def _fill(fleet: FakeFleet, nodes: int, trouble: Trouble, progress: Callable[[str], None]) -> ImageCache:
    cache = ImageCache()
    names = fleet.create_nodes(nodes)
    fleet.create_namespace(cache.namespace)
    pods = fleet.create_pods(fleet.create_daemonsets(cache.daemonsets()), names, trouble)
    progress(f"{nodes} nodes with {pods} pods, not timed")
    return cache


def _tell(
    fleet: FakeFleet, cache: ImageCache, nodes: int, trouble: Trouble, progress: Callable[[str], None]
) -> None:
    kind = "all well" if trouble == HEALTHY else "some failing, pulling or without room"
    for digests in (True, False):
        seconds, used = _ours(fleet, cache, nodes, trouble, digests=digests)
        which = "with digests" if digests else "without digests"
        progress(f"{nodes} nodes, {kind}, {which}: the task {seconds:.2f} s; its process {used}")


def _ours(
    fleet: FakeFleet, cache: ImageCache, nodes: int, trouble: Trouble, *, digests: bool
) -> tuple[float, Used]:
    """Seconds of the task itself, and what its process needs in all."""
    path = os.pathsep.join([str(commands.ROOT), str(commands.ROOT / ".build")])
    used, output = resources.measure(
        [
            *(sys.executable, "-m", "benchmarks.image_status_task"),
            *(str(fleet.kubeconfig), cache.namespace, json.dumps(digests)),
        ],
        fleet.folder,
        {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(fleet.folder), "PYTHONPATH": path},
    )
    told = json.loads(output)
    _require(told["totals"], trouble.counts(nodes, cache.images))
    return float(told["seconds"]), used


def _require(totals: dict[str, int], wanted: dict[str, int]) -> None:
    if {state: totals.get(state, 0) for state in wanted} != wanted:
        raise BenchmarkError(f"counted {totals}, and there are {wanted}")
