# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
    linux_architecture,
)

INDEX = Resolved(
    "sha256:index",
    {
        "linux/amd64": PlatformImage("sha256:amd64", ()),
        "linux/arm/v7": PlatformImage("sha256:arm", ()),
        "windows/s390x": PlatformImage("sha256:windows", ()),
    },
)


def test_architectures_are_those_of_linux() -> None:
    assert INDEX.architectures() == {"amd64", "arm"}


def test_architectures_of_an_unknown_platform() -> None:
    assert Resolved("sha256:one", {"": PlatformImage("sha256:one", ())}).architectures() == frozenset()


@pytest.mark.parametrize(
    ("digest", "accepted"),
    [("sha256:index", True), ("sha256:arm", True), ("sha256:other", False), ("", False)],
)
def test_a_node_may_tell_either_digest(digest: str, accepted: bool) -> None:
    assert INDEX.accepts(digest) is accepted


@pytest.mark.parametrize(
    ("platform", "architecture"),
    [("linux/amd64", "amd64"), ("linux/arm/v7", "arm"), ("windows/amd64", ""), ("linux", ""), ("", "")],
)
def test_linux_architecture(platform: str, architecture: str) -> None:
    assert linux_architecture(platform) == architecture
