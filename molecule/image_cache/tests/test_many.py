# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long list."""

from __future__ import annotations

import time

import pytest

from tests.outside.depot import Depot, tiny
from tests.outside.image_cache import ImageCache, digests

COUNT = 100


@pytest.fixture(scope="module")
def many(own: str, depot: Depot) -> dict[str, str]:
    """Reference -> digest; every tenth reference is a tag, which the node asks for twice."""
    found: dict[str, str] = {}
    for number in range(COUNT):
        name = f"{own}/many-{number}"
        digest = depot.push(f"{name}:1", tiny(own, name))
        found[f"docker.io/{name}@{digest}" if number % 10 else f"docker.io/{name}:1"] = digest
    return found


def test_a_hundred_images_are_cached(cache: ImageCache, many: dict[str, str]) -> None:
    begun = time.monotonic()
    done = cache.keep(list(many), wait_timeout=300)
    print(f"{COUNT} images were there after {time.monotonic() - begun:.0f} s")
    assert done.run.code == 0, done.run.output
    assert digests(done.result) == many
    assert done.result["totals"]["cached"] == COUNT
    assert cache.keep(list(many)).run.changed == 0
