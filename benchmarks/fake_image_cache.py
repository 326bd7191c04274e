# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image cache of a fake fleet: the DaemonSets as the collection itself plans and renders them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
    daemonset,
    read_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import make_plan
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference

PLATFORMS = ("linux/amd64", "linux/arm64")
INTERVAL_SECONDS = 3600


@dataclass(frozen=True)
class ImageCache:
    """So many images, in pods of at most so many.

    Images have digests, thus each is one container of a pod; `moving` ones have tags, and take two.
    """

    namespace: str = "image-cache"
    images: int = 50
    images_per_pod: int = 10
    moving: bool = False

    def references(self) -> list[str]:
        """In the order of the containers."""
        return [self._reference(number) for number in range(self.images)]

    def daemonsets(self, live: Sequence[dict[str, Any]] = ()) -> Sequence[dict[str, Any]]:
        """All of them, where those of `live` are there; they expect the digests that fake nodes have."""
        entries = [
            ImageEntry(number, parse_reference(name), frozenset(), "", (), Strategy.SLEEPER)
            for number, name in enumerate(self.references())
        ]
        expected = {name: _resolved(name) for name in self.references()}
        resolutions = {(name, ""): found for name, found in expected.items()}
        shards = [read_shard(one) for one in live]
        plan = make_plan("image-cache", entries, resolutions, shards, self.images_per_pod)
        settings = PodSettings(
            namespace=self.namespace,
            instance="image-cache",
            interval=INTERVAL_SECONDS,
            sleeper_image="docker.io/library/busybox:1.36",
            image_pull_secrets=(),
            tolerations=(),
            node_selector={},
            priority_class="",
        )
        return [daemonset(shard, settings, expected, "") for shard in plan.shards]

    def _reference(self, number: int) -> str:
        name = f"docker.io/library/app-{number}"
        return f"{name}:1.0" if self.moving else f"{name}@{_digest(name)}"


def _resolved(reference: str) -> Resolved:
    _, _, digest = reference.partition("@")
    platforms = {platform: PlatformImage(_digest(reference, platform), ()) for platform in PLATFORMS}
    return Resolved(digest or _digest(reference), platforms)


def _digest(*texts: str) -> str:
    return f"sha256:{hashlib.sha256(' '.join(texts).encode()).hexdigest()}"
