# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are wanted as volumes, where nodes cannot mount them, or do not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
    daemonset,
    read_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import Plan, make_plan
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_cluster import (
    Cache,
    read_daemonsets,
    read_nodes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_volumes import (
    usable_strategies,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from tests.faults.image_cache.kubelet import ABLE, SILENT, Kubelets, waiting

ENTRY = ImageEntry(0, parse_reference("docker.io/library/x:1"), frozenset(), "", (), Strategy.VOLUME)
UNABLE = waiting("CreateContainerError", "mount.HostPath is empty")
NO_IMAGE = waiting("ImagePullBackOff", "docker.io/library/busybox:1.36: not found")


@dataclass
class Runs:
    """Runs of the part of image_cache_sync that decides on volumes, and of what follows from it."""

    client: KubeClient
    kubelets: Kubelets
    namespace: str
    tolerations: Sequence[Mapping[str, Any]] = ()

    @property
    def settings(self) -> PodSettings:
        return PodSettings(
            self.namespace, "main", 300, "docker.io/library/busybox:1.36", (), self.tolerations, {}, ""
        )

    def plan(self, canaries: Mapping[str, Any], *, check_mode: bool = False) -> tuple[Plan, list[str]]:
        lines: list[str] = []
        live = read_daemonsets(self.client, Cache(self.namespace, "main"))
        with self.kubelets.running(self.namespace, canaries):
            usable, warnings = usable_strategies(
                self.client,
                self.settings,
                [ENTRY],
                read_nodes(self.client),
                daemonsets=live,
                check_mode=check_mode,
                progress=lines.append,
                timeout=3.0,
            )
        return make_plan("main", usable, {}, [read_shard(obj) for obj in live], 10), warnings

    def run(self, canaries: Mapping[str, Any]) -> tuple[Strategy, list[str]]:
        """Plan, do it, and wait until both nodes have the pod."""
        plan, warnings = self.plan(canaries)
        for name in plan.removed:
            self.client.delete("apps/v1", "DaemonSet", self.namespace, name)
        for shard in plan.shards:
            self.client.apply(daemonset(shard, self.settings, {}, ""), field_manager="tests")
        with self.kubelets.running(self.namespace, canaries):
            self.kubelets.await_ready(self.namespace, 2)
        (shard,) = plan.shards
        return shard.group.strategy, warnings


@pytest.fixture
def runs(client: KubeClient, kubelets: Kubelets, namespace: str) -> Runs:
    return Runs(client, kubelets, namespace)


def test_a_container_that_cannot_be_made_means_the_sleeper_and_check_mode_agrees(runs: Runs) -> None:
    strategy, warnings = runs.run(UNABLE)
    assert strategy is Strategy.SLEEPER
    (warning,) = warnings
    assert warning.startswith(f"{ENTRY.reference} is held by the sleeper, not as a volume: on a, ")
    assert warning.endswith("CreateContainerError: mount.HostPath is empty")
    foretold, warnings = runs.plan(UNABLE, check_mode=True)
    assert foretold.removed == ()
    assert [shard.group.strategy for shard in foretold.shards] == [Strategy.SLEEPER]
    assert len(warnings) == 1
    assert runs.kubelets.canaries_seen == set()
    again, _warnings = runs.plan(UNABLE)
    assert again == foretold


def test_one_canary_runs_for_equal_nodes_and_none_where_the_image_does_not_belong(runs: Runs) -> None:
    assert runs.plan(ABLE)[0].shards[0].group.strategy is Strategy.VOLUME
    assert runs.kubelets.canaries_seen == {"a"}
    left = runs.client.list("v1", "Pod", runs.namespace)
    assert all(pod["metadata"].get("deletionTimestamp") for pod in left)


def test_a_volume_that_lives_proves_that_nodes_can_mount_images(runs: Runs) -> None:
    assert runs.run(ABLE) == (Strategy.VOLUME, [])
    plan, warnings = runs.plan(UNABLE)
    assert runs.kubelets.canaries_seen == set()
    assert (plan.shards[0].group.strategy, plan.removed, warnings) == (Strategy.VOLUME, (), [])


@pytest.mark.parametrize(
    ("canaries", "reason"),
    [
        (SILENT, "the canary gave no answer within 3 s"),
        (NO_IMAGE, "ImagePullBackOff: docker.io/library/busybox:1.36: not found"),
    ],
)
def test_what_stays_open_keeps_what_lives(runs: Runs, canaries: Mapping[str, Any], reason: str) -> None:
    assert runs.run(ABLE)[0] is Strategy.VOLUME
    # Nodes of another runtime come in, of which nothing is proven yet.
    runs.tolerations = [{"operator": "Exists"}]
    plan, warnings = runs.plan(canaries)
    assert (plan.shards[0].group.strategy, plan.removed) == (Strategy.VOLUME, ())
    (warning,) = warnings
    assert warning.startswith(f"{ENTRY.reference} stays a volume: on control, it is not known")
    assert warning.endswith(reason)


def test_what_stays_open_puts_a_new_image_on_the_sleeper_until_it_is_known(runs: Runs) -> None:
    strategy, warnings = runs.run(NO_IMAGE)
    assert strategy is Strategy.SLEEPER
    assert "it is not known whether images can be mounted" in warnings[0]
    assert runs.plan(ABLE, check_mode=True)[0].removed == ()
    assert runs.plan(NO_IMAGE)[0].removed == ()
    assert runs.plan(ABLE)[0].shards[0].group.strategy is Strategy.VOLUME


def test_a_canary_that_is_refused_tells_nothing(runs: Runs) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "least", "namespace": runs.namespace},
        "spec": {"limits": [{"type": "Container", "min": {"memory": "64Mi"}}]},
    }
    runs.client.apply(quota, field_manager="tests")
    plan, warnings = runs.plan(ABLE)
    assert plan.shards[0].group.strategy is Strategy.SLEEPER
    assert "the API server refuses the canary" in warnings[0]
    assert "minimum memory usage per Container is 64Mi" in warnings[0]


def test_a_namespace_that_is_not_there_is_no_failure_of_the_canary(
    client: KubeClient, kubelets: Kubelets
) -> None:
    runs = Runs(client, kubelets, "nowhere")
    assert runs.plan(ABLE, check_mode=True)[0].shards[0].group.strategy is Strategy.VOLUME
    _plan, warnings = runs.plan(ABLE)
    assert 'namespaces "nowhere" not found' in warnings[0]
