# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images are held as volumes: what nodes can, what is not known, and what lives already."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.canary import (
    ABLE,
    Mounting,
    Verdict,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
    daemonset,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node, read_node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import Group, Shard
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.volume_choice import (
    Choice,
    choose,
    nodes_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference

NAME = "docker.io/library/x:1"
SETTINGS = PodSettings("image-cache", "main", 300, "docker.io/library/busybox:1.36", (), (), {}, "")
ENTRY = ImageEntry(0, parse_reference(NAME), frozenset(), "", (), Strategy.VOLUME)
UNABLE = Verdict(Mounting.UNABLE, "CreateContainerError: no mount")
UNKNOWN = Verdict(Mounting.UNKNOWN, "no answer")


def node(name: str, runtime: str = "new", taint: str = "", **labels: str) -> Node:
    own = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    own.update({f"kubernetes.io/{key}": value for key, value in labels.items()})
    return read_node(
        {
            "metadata": {"name": name, "labels": own},
            "spec": {"taints": [{"key": taint, "effect": "NoSchedule"}] if taint else []},
            "status": {"nodeInfo": {"kubeletVersion": "v1", "containerRuntimeVersion": runtime}},
        }
    )


def alive(strategy: Strategy, secret: str = "", name: str = NAME) -> dict[str, Any]:
    group = Group("docker.io", secret, (), frozenset({"amd64"}), strategy)
    return daemonset(Shard("s-0", group, (name,)), SETTINGS, {}, "")


def chosen(*daemonsets: dict[str, Any], **verdicts: Verdict) -> Choice:
    known = {("v1", runtime): verdict for runtime, verdict in verdicts.items()}
    nodes = [node("a", "new"), node("b", "old")]
    return choose(ENTRY, nodes, known, daemonsets)


def test_only_the_nodes_that_are_to_have_the_image_count() -> None:
    nodes = [
        node("good"),
        node("windows", os="windows"),
        node("control", taint="node-role.kubernetes.io/control-plane"),
        node("arm", arch="arm64"),
    ]
    assert [found.name for found in nodes_of(ENTRY, ["amd64"], SETTINGS, nodes)] == ["good"]
    assert [found.name for found in nodes_of(ENTRY, (), SETTINGS, nodes)] == ["good", "arm"]


def test_all_nodes_are_able() -> None:
    assert chosen(alive(Strategy.SLEEPER), new=ABLE, old=ABLE) == (Strategy.VOLUME, "")


@pytest.mark.parametrize("lives", [Strategy.VOLUME, Strategy.SLEEPER])
def test_one_node_that_is_unable_puts_the_image_on_the_sleeper(lives: Strategy) -> None:
    strategy, warning = chosen(alive(lives), new=UNKNOWN, old=UNABLE)
    assert strategy is Strategy.SLEEPER
    assert warning == (
        f"{NAME} is held by the sleeper, not as a volume: on b, CreateContainerError: no mount"
    )


def test_what_is_not_known_keeps_a_volume_that_lives() -> None:
    strategy, warning = chosen(alive(Strategy.VOLUME), new=ABLE, old=UNKNOWN)
    assert strategy is Strategy.VOLUME
    assert warning.startswith(f"{NAME} stays a volume: on b, it is not known")


@pytest.mark.parametrize(
    "daemonsets",
    [
        (),
        (alive(Strategy.SLEEPER),),
        (alive(Strategy.VOLUME, secret="other"),),
        (alive(Strategy.VOLUME, name="docker.io/library/y:1"),),
        ({"metadata": {"name": "unreadable"}},),
    ],
)
def test_what_is_not_known_puts_any_other_image_on_the_sleeper(daemonsets: Any) -> None:
    strategy, warning = chosen(*daemonsets, new=ABLE, old=UNKNOWN)
    assert strategy is Strategy.SLEEPER
    assert warning.endswith("on b, it is not known whether images can be mounted: no answer")


def test_what_was_not_tried_is_taken_to_be_as_in_the_run_before() -> None:
    for verdicts in ({}, {"new": ABLE}):
        assert chosen(alive(Strategy.SLEEPER), **verdicts).strategy is Strategy.SLEEPER
        assert chosen(alive(Strategy.VOLUME), **verdicts) == (Strategy.VOLUME, "")
        assert chosen(**verdicts) == (Strategy.VOLUME, "")
    assert chosen(alive(Strategy.VOLUME), new=UNABLE).strategy is Strategy.SLEEPER
    assert choose(ENTRY, [], {}, [alive(Strategy.SLEEPER)]).strategy is Strategy.SLEEPER
