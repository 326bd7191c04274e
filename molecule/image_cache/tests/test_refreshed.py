# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tag that moves, a registry that goes away, a kubelet that collects images: in this order."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from devcluster.image_layer import Image
from tests.outside.depot import Depot, size, tiny
from tests.outside.image_cache import NAMESPACE, ImageCache, Kept, digests, image_of, states, statuses
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.node import Node
from tests.outside.own_registry import OwnRegistry

INTERVAL = 60
# While a test lasts, no node asks by itself.
SELDOM = 86400
# The kubelet starts a container that has ended within seconds, more of them where the machine is busy.
REFRESH_SECONDS = INTERVAL + 20.0
LATE_SECONDS = INTERVAL + 30.0
# A container that had just ended by itself waits for ten seconds and more until it is started again.
STALE_SECONDS = 90.0
BACK_SECONDS = 90.0
COLLECT_SECONDS = 90.0
# The kubelet removes the containers of deleted pods every minute, and keeps their images until then.
CONTAINERS_SECONDS = 90.0
COLLECT_AT_ONCE = {"imageMinimumGCAge": "1ns", "imageMaximumGCAge": "2ns"}


@dataclass(frozen=True)
class Wanted:
    """A moving image of a registry that goes away, and images of the depot; `left` leaves the list."""

    cache: ImageCache
    registry: OwnRegistry
    moving: str
    sleeper: str
    volume: str
    left: str
    depot_digests: dict[str, str]

    def version(self, number: int) -> Image:
        """All versions have their first layer in common."""
        return tiny(f"the layer that {self.moving} keeps", f"version {number} of {self.moving}")

    def move(self, number: int) -> str:
        """Let the tag point at this version; give its digest."""
        return self.registry.depot.push(self.moving.partition("/")[2], self.version(number))

    def keep(
        self, *arguments: str, with_left: bool = False, interval: int = INTERVAL, **variables: object
    ) -> Kept:
        """Run the role."""
        volume: dict[str, object] = {"ref": self.volume, "strategy": "volume"}
        images: list[str | dict[str, object]] = [self.moving, self.sleeper, volume]
        images += [self.left] if with_left else []
        return self.cache.keep(images, *arguments, interval=interval, **variables)

    def moving_group(self) -> dict[str, Any]:
        """What is told of the moving image now."""
        (group,) = image_of(self.cache.info(), self.moving)["groups"]
        found: dict[str, Any] = group
        return found


@pytest.fixture(scope="module")
def wanted(node: Node, own: str, depot: Depot, cache: ImageCache, registry: OwnRegistry) -> Iterator[Wanted]:
    names = {kind: f"docker.io/{own}/{kind}:1" for kind in ("sleeper", "volume", "left")}
    pushed = {
        name: depot.push(name.removeprefix("docker.io/"), tiny(own, kind)) for kind, name in names.items()
    }
    with node.finds(f"moving-{own}.example.com", registry.depot.url) as name:
        known = cache.with_registry(name, registry.depot.url)
        moving = f"{name}/app:1"
        yield Wanted(known, registry, moving, names["sleeper"], names["volume"], names["left"], pushed)


def test_images_are_held_by_the_sleeper_or_mounted(kubectl: Kubectl, node: Node, wanted: Wanted) -> None:
    first = wanted.move(1)
    done = wanted.keep(with_left=True, interval=SELDOM)
    assert done.run.code == 0, done.run.output
    assert set(states(done.result).values()) == {"cached"}
    told = digests(done.result)
    assert told[wanted.moving] == first
    assert told[wanted.sleeper] == wanted.depot_digests[wanted.sleeper]
    # The kubelet does not tell the digest of what is mounted, so nobody may.
    assert told[wanted.volume] == ""
    assert node.images()[wanted.volume] == wanted.depot_digests[wanted.volume]
    mounting = [
        (pod["metadata"]["name"], container["name"])
        for pod in wanted.cache.pods()
        for container in pod["spec"]["containers"]
        if any(volume.get("image", {}).get("reference") == wanted.volume for volume in pod["spec"]["volumes"])
        and container["name"].startswith("pin-")
    ]
    ((pod, container),) = mounting
    where = ("-n", NAMESPACE, pod, "-c", container)
    assert kubectl("exec", *where, "--", "/.image-cache/busybox", "ls", "/image").split() == [
        "text-0",
        "text-1",
    ]


def test_a_moved_tag_is_pulled_by_the_next_run_and_no_layer_twice(wanted: Wanted) -> None:
    second = wanted.move(2)
    _config, common, *changed = wanted.version(2).blobs
    least = sum(len(blob) for digest, blob in wanted.version(2).blobs.items() if digest != common)
    (foretold,) = wanted.keep("--check", interval=SELDOM).result["bytes_to_pull"].values()
    assert least <= foretold <= size(wanted.version(2))
    done = wanted.keep(interval=SELDOM)
    assert done.run.changed > 0
    assert done.result["removals"] == [wanted.left]
    assert digests(done.result)[wanted.moving] == second
    assert len(wanted.registry.served("GET", f"/blobs/{common}")) == 1
    assert [len(wanted.registry.served("GET", f"/blobs/{layer}")) for layer in changed] == [1]
    assert wanted.keep(interval=SELDOM).run.changed == 0


def test_the_node_refreshes_by_itself(wanted: Wanted) -> None:
    assert wanted.keep().run.changed > 0
    pods = {pod["metadata"]["uid"] for pod in wanted.cache.pods()}
    third = wanted.move(3)
    moved = datetime.datetime.now(datetime.UTC)
    eventually(lambda: wanted.moving_group()["digest"] == third, LATE_SECONDS, "the node has the new digest")
    seconds = (started_with(wanted, third) - moved).total_seconds()
    print(f"refreshed after {seconds:.0f} s")
    assert seconds < REFRESH_SECONDS
    assert wanted.moving_group()["state"] == "cached"
    _config, common, _changed = wanted.version(3).blobs
    assert len(wanted.registry.served("GET", f"/blobs/{common}")) == 1
    # What the registry is known to have is new, and no reason to start a pod anew.
    assert digests(wanted.keep().result)[wanted.moving] == third
    assert wanted.keep().run.changed == 0
    assert {pod["metadata"]["uid"] for pod in wanted.cache.pods()} == pods


def test_a_registry_that_is_gone_makes_an_image_stale_and_loses_nothing(
    kubectl: Kubectl, node: Node, wanted: Wanted
) -> None:
    before = wanted.moving_group()
    wanted.registry.stop()
    end_a_refresh_container(kubectl, wanted)
    eventually(lambda: wanted.moving_group()["state"] == "stale", STALE_SECONDS, "the image is stale")
    now = wanted.moving_group()
    assert "connection refused" in now["message"]
    assert now["digest"] == before["digest"]
    assert node.images()[wanted.moving] == before["digest"]
    pins = {name: s for name, s in statuses(wanted.cache.pods()).items() if name.startswith("pin-")}
    assert len(pins) == 3
    assert all("running" in status["state"] for status in pins.values())


def test_the_kubelet_collects_what_left_the_list_and_nothing_else(
    kubectl: Kubectl, node: Node, wanted: Wanted
) -> None:
    assert wanted.left in node.images()
    eventually(
        lambda: wanted.left not in containers(node), CONTAINERS_SECONDS, "nothing runs the image that left"
    )
    with node.kubelet_with(kubectl, COLLECT_AT_ONCE):
        eventually(lambda: wanted.left not in node.images(), COLLECT_SECONDS, "the unused image is collected")
    kept = node.images()
    assert {wanted.moving, wanted.sleeper, wanted.volume} <= kept.keys()
    assert kept[wanted.sleeper] == wanted.depot_digests[wanted.sleeper]


def started_with(wanted: Wanted, digest: str) -> datetime.datetime:
    """When the first container of the moving image was started that has this digest."""
    started = [
        status["state"]["running"]["startedAt"]
        for status in statuses(wanted.cache.pods()).values()
        if status["imageID"].endswith(digest) and "running" in status["state"]
    ]
    return datetime.datetime.fromisoformat(min(started))


def containers(node: Node) -> str:
    return node.run("ctr", "--namespace=k8s.io", "containers", "list")


def end_a_refresh_container(kubectl: Kubectl, wanted: Wanted) -> None:
    """End one as it ends itself when its turn comes."""
    pod, container = next(
        (pod["metadata"]["name"], container["name"])
        for pod in wanted.cache.pods()
        for container in pod["spec"]["containers"]
        if container["image"] == wanted.moving and container["imagePullPolicy"] == "Always"
    )
    command = ("/.image-cache/busybox", "kill", "-TERM", "1")
    kubectl("exec", "-n", NAMESPACE, pod, "-c", container, "--", *command)


def test_an_image_is_fresh_again_when_its_registry_is_back(wanted: Wanted) -> None:
    wanted.registry.start()
    eventually(lambda: wanted.moving_group()["state"] == "cached", BACK_SECONDS, "the image is cached")
    assert wanted.moving_group()["digest"] == wanted.version(3).digest
