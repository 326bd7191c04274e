# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be cached is named with its reason, keeps nothing else waiting, and may be allowed."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside.depot import Depot, tiny
from tests.outside.image_cache import NAMESPACE, SYNC_TASK, ImageCache, digests, image_of, states, statuses
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.node import Node
from tests.outside.own_registry import OwnRegistry, silent_listener
from tests.outside.playbook import INVENTORY, Run, kill

GOOD_SECONDS = 90.0
LOG_SECONDS = 10
PROGRESS = re.compile(r"^  (\d+) s: images (\d+)/(\d+), nodes \d+/1(; .*)?$", re.MULTILINE)
EXAMPLE = INVENTORY.parent / "examples" / "jarvice-cache" / "group_vars" / "controllers" / "image.config"
XENIAL = "docker.io/library/ubuntu:xenial"
MISSING = "docker.io/kenhill/abc123:test"
TAINT = "artifacts.example.com/warming=true:NoSchedule"


@pytest.fixture(scope="module")
def good(own: str, depot: Depot) -> dict[str, str]:
    """Reference -> digest of images that can be had."""
    return {f"docker.io/{own}/good:{n}": depot.push(f"{own}/good:{n}", tiny(own, str(n))) for n in range(3)}


@pytest.fixture
def silent(node: Node, own: str) -> Iterator[tuple[str, str]]:
    """Name and URL of a registry that never answers. For one test only: its pulls keep others waiting."""
    with silent_listener(node.address) as url, node.finds(f"silent-{own}.example.com", url) as name:
        yield name, url


@pytest.fixture
def tainted(kubectl: Kubectl, node: Node) -> Iterator[None]:
    kubectl("taint", "node", node.name, TAINT)
    yield
    kubectl("taint", "node", node.name, f"{TAINT.partition('=')[0]}-", check=False)


@pytest.fixture
def xenial(node: Node, depot: Depot) -> Iterator[str]:
    """Gives the digest of what has the name of the example's image."""
    yield depot.push(XENIAL.removeprefix("docker.io/"), tiny("xenial"))
    node.forget_images("/library/ubuntu:")
    depot.forget("library/ubuntu")


def test_faults_of_several_elements_are_told_at_once(kubectl: Kubectl, cache: ImageCache) -> None:
    images: list[Any] = [
        "docker.io/library/busybox:1.36",
        "Not//a reference",
        {"pull_secret": "login"},
        {"ref": "docker.io/library/windows:1", "platforms": ["windows/amd64"]},
        {"ref": "docker.io/library/busybox:1", "colour": "blue"},
    ]
    refused = cache.run(images, interval=5)
    assert refused.code != 0
    for index in (1, 2, 3, 4):
        assert f"images[{index}]" in refused.output
    assert "images[0]" not in refused.output
    assert "image_cache_interval" in refused.output
    assert "Traceback" not in refused.output
    assert kubectl.ours() == set()


def test_bad_images_keep_no_good_one_waiting(
    own: str, cache: ImageCache, good: dict[str, str], silent: tuple[str, str]
) -> None:
    name, url = silent
    hanging, missing = f"{name}/hanging:1", f"docker.io/{own}/missing:1"
    knowing = cache.with_registry(name, url)
    begun = time.monotonic()
    process = knowing.start([hanging, missing, *good], "-v", failure_grace=5)

    def have_good() -> bool:
        held = {
            status["image"]: status["imageID"].partition("@")[2]
            for container, status in statuses(cache.pods()).items()
            if container.startswith("pin-") and "running" in status["state"]
        }
        return good.items() <= held.items()

    eventually(have_good, GOOD_SECONDS, "the good images are there")
    print(f"the good images were there after {time.monotonic() - begun:.0f} s")
    output, _ = process.communicate()
    failed = Run(process.returncode, output)
    result = failed.result(SYNC_TASK)
    assert failed.code != 0
    assert states(result) == {hanging: "failed", missing: "failed", **dict.fromkeys(good, "cached")}
    for reference, reason in ((missing, "not found"), (hanging, "timeout awaiting response headers")):
        assert reason in image_of(result, reference)["groups"][0]["message"]
        assert re.search(f"failed {re.escape(reference)} on .*Err", result["msg"])
    assert not any(reference in result["msg"] for reference in good)
    shown = [int(match[1]) for match in PROGRESS.finditer(output)]
    assert len(shown) > 1
    assert all(later - earlier >= LOG_SECONDS - 1 for earlier, later in itertools.pairwise(shown))


def test_failures_may_be_allowed(own: str, cache: ImageCache, good: dict[str, str]) -> None:
    missing = f"docker.io/{own}/missing:1"
    allowed = cache.keep([missing, *good], allowed_failures=[missing], failure_grace=1)
    assert allowed.run.code == 0, allowed.run.output
    assert allowed.result["percent_cached"] == 100
    assert states(allowed.result).keys() == {missing, *good}
    enough = cache.keep([missing, *good], success_threshold=75, failure_grace=1)
    assert enough.run.code == 0, enough.run.output
    assert enough.result["percent_cached"] == 75


@pytest.mark.usefixtures("tainted")
def test_a_node_is_tainted_until_its_images_are_there(
    kubectl: Kubectl, node: Node, own: str, cache: ImageCache, good: dict[str, str]
) -> None:
    def taints() -> list[str]:
        found = kubectl.get("node", node.name)["spec"].get("taints", [])
        return [f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in found]

    missing = f"docker.io/{own}/missing:1"
    first = next(iter(good))
    cold = cache.keep([first, missing], startup_taint=TAINT, failure_grace=1)
    assert cold.run.code != 0
    assert taints() == [TAINT]
    warm = cache.keep([first], startup_taint=TAINT)
    assert warm.run.code == 0, warm.run.output
    assert warm.result["untainted"] == [node.name]
    assert taints() == []


def test_the_example_of_the_original_has_one_image_cached_and_one_failed(
    kubectl: Kubectl, cache: ImageCache, xenial: str
) -> None:
    assert json.loads(EXAMPLE.read_text())[0]["ref"] == "ubuntu:xenial"
    allowed = {"allowed_failures": [MISSING], "failure_grace": 1, "interval": "300"}
    done = cache.keep([], jarvice_images=EXAMPLE.read_text(), **allowed)
    assert done.run.code == 0, done.run.output
    assert image_of(done.result, XENIAL)["groups"][0]["digest"] == xenial
    # Nobody waits for what may fail, so that it may still be tried.
    eventually(lambda: states(cache.info())[MISSING] == "failed", GOOD_SECONDS, "the other has failed")
    (failed,) = image_of(cache.info(), MISSING)["groups"]
    assert failed["reason"] in ("ErrImagePull", "ImagePullBackOff")
    assert re.search("not found|authorization failed|pull access denied|no such host", failed["message"])
    assert image_of(done.result, "docker.io/ppc64le/ubuntu:xenial")["nodes"] == 0
    images = {container["image"] for pod in cache.pods() for container in pod["spec"]["containers"]}
    assert images == {XENIAL, MISSING}
    shards = kubectl.get("daemonsets", "-n", NAMESPACE)["items"]
    wanted = {shard["metadata"]["name"]: shard["status"]["desiredNumberScheduled"] for shard in shards}
    assert sorted(wanted.values()) == [0, 1, 1]


def test_a_run_that_was_killed_while_it_waited_is_completed_by_the_next(
    kubectl: Kubectl, node: Node, own: str, cache: ImageCache, registry: OwnRegistry
) -> None:
    with node.finds(f"frozen-{own}.example.com", registry.depot.url) as name:
        images = {
            f"{name}/slow:{n}": registry.depot.push(f"slow:{n}", tiny(own, f"slow {n}")) for n in range(2)
        }
        registry.freeze()
        killed = cache.start(list(images), resolve=False)

        def waits() -> bool:
            return any(not status["ready"] for status in statuses(cache.pods()).values())

        eventually(waits, GOOD_SECONDS, "a pod waits for its images")
        kill(killed)
        registry.thaw()
        known = cache.with_registry(name, registry.depot.url)
        done = known.keep(list(images))
        assert done.run.code == 0, done.run.output
        assert digests(done.result) == images
        assert known.keep(list(images)).run.changed == 0
        assert kubectl.get("daemonsets", "-n", NAMESPACE)["items"][0]["metadata"]["generation"] <= 2
