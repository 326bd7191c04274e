# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry of three tags for what measures thousands: the benchmarks' own takes a binary and minutes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.tagged_registry import PLATFORMS, TaggedRegistry, repository, tag
from tests.faults.registry_hostile.lying_registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    Answer,
    LyingRegistry,
    digest,
    index,
    lying_registry,
    tags,
)

COUNT = 3


@pytest.fixture
def server() -> Iterator[LyingRegistry]:
    """Has as many tags as it says in its repository of COUNT, each an index of its own."""
    name = repository(COUNT)
    with lying_registry() as server:
        server.stored[f"/v2/{name}/tags/list"] = Answer(200, tags([tag(number) for number in range(COUNT)]))
        for number in range(COUNT):
            entries = [entry(platform, number) for platform in PLATFORMS]
            content = index(entries)
            told = (("Content-Type", OCI_INDEX), ("Docker-Content-Digest", digest(content)))
            server.stored[f"/v2/{name}/manifests/{tag(number)}"] = Answer(200, content, told)
            image = str(number).encode()
            of_image = (("Content-Type", OCI_MANIFEST), ("Docker-Content-Digest", digest(image)))
            server.stored[f"/v2/{name}/manifests/{digest(image)}"] = Answer(200, image, of_image)
        yield server


@pytest.fixture
def small_registry(server: LyingRegistry, tmp_path: Path) -> TaggedRegistry:
    """As the benchmarks see it; there are no binaries yet."""
    binaries = tmp_path / "binaries"
    binaries.mkdir()
    return TaggedRegistry(urlsplit(server.url).port or 0, tmp_path, binaries)


def entry(platform: str, number: int) -> dict[str, object]:
    """What an index names: something that is there, and is not looked into."""
    system, architecture = platform.split("/")
    named = {"mediaType": OCI_MANIFEST, "digest": digest(str(number).encode()), "size": number}
    return named | {"platform": {"os": system, "architecture": architecture}}
