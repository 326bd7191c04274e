# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second `provision` beside a second run of the seed's shape of playbook; neither changes anything.

Ours is the whole playbook with its defaults: its five objects, those that the seed has not (configuration,
secret, policies, trust of the nodes), and the look at the registry's health. The peer is
`peers/seed_shape`: a role and one kubernetes.core.k8s task to each of five objects, which waits for nothing.
A play in the seed's shape gathers facts about the host; the peer is measured without, the fairer choice,
since ours gathers none either. Both run by the same ansible-playbook, inventory and settings.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import commands, timing
from benchmarks.embedded import Embedded
from benchmarks.errors import BenchmarkError
from benchmarks.plane import Plane
from benchmarks.results import Row

NAME = "provision_again"
PAIRS = 9
PEER = commands.ROOT / "benchmarks" / "peers" / "seed_shape" / "provision.yml"
PEER_NAMESPACE = "benchmark-seed-shape"


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds. Raises BenchmarkError, also where a timed run changed something."""
    cluster = Embedded.running()
    plane = Plane(cluster)
    variables = _peer_variables(cluster)

    def peer() -> int:
        return cluster.playbook(str(PEER), variables)

    try:
        progress("provisioning both, not timed")
        _clear(plane)
        plane.provision()
        peer()
        _await_peer(cluster)
        # Once more, so that whatever the first run only caches is there for both.
        _unchanged("provision", plane.provision)
        _unchanged("the peer", peer)
        pairs = timing.paired(
            lambda: timing.seconds(lambda: _unchanged("provision", plane.provision)),
            lambda: timing.seconds(lambda: _unchanged("the peer", peer)),
            count or PAIRS,
            progress,
        )
    finally:
        progress("taking both away")
        _clear(plane)
    ours, theirs = pairs.medians
    return Row(NAME, ours, theirs, "s", "lower")


def _peer_variables(cluster: Embedded) -> dict[str, object]:
    return {
        "seed_shape_namespace": PEER_NAMESPACE,
        "seed_shape_issuer": cluster.facts["issuer_name"],
        "seed_shape_storage_class": cluster.facts["storage_class"],
        "seed_shape_address": cluster.facts["pool_addresses"][-2],
        "seed_shape_pool": cluster.facts["pool_name"],
    }


def _await_peer(cluster: Embedded) -> None:
    """A peer whose pod does not start would be no peer."""
    wait = ("wait", f"--namespace={PEER_NAMESPACE}", "--for=condition=Available", "--timeout=180s")
    cluster.kubectl(*wait, "deployment", "--all")


def _unchanged(name: str, playbook: Callable[[], int]) -> None:
    changed = playbook()
    if changed:
        raise BenchmarkError(f"{name} changed {changed} tasks in a run that was to change nothing")


def _clear(plane: Plane) -> None:
    plane.purge()
    plane.cluster.delete_namespace(PEER_NAMESPACE)
