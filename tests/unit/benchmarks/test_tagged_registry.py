# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""crane and skopeo are scripts here: what is tested is what they are called with, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_faults import (
    parameter_faults,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_spec import (
    ARGUMENT_SPEC,
)
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Used
from benchmarks.tagged_registry import TaggedRegistry, repository, tag

Loop = Callable[[TaggedRegistry, int], Used]
PEERS = {
    "crane_loop": (TaggedRegistry.crane_loop, "crane", "digest --insecure "),
    "crane_parallel": (TaggedRegistry.crane_parallel, "crane", "digest --insecure "),
    "skopeo_loop": (TaggedRegistry.skopeo_loop, "skopeo", "inspect --raw --tls-verify=false docker://"),
}
EACH = pytest.mark.parametrize(("loop", "tool", "begins"), PEERS.values(), ids=PEERS.keys())


@pytest.fixture
def registry(tmp_path: Path) -> TaggedRegistry:
    binaries = tmp_path / "binaries"
    binaries.mkdir()
    return TaggedRegistry(5000, tmp_path, binaries)


def script(registry: TaggedRegistry, tool: str, last_line: str) -> None:
    """A peer that notes its arguments and then does as it is told."""
    path = registry.binaries / tool
    path.write_text(f'#!/bin/sh\necho "$*" >> "{registry.folder}/called"\n{last_line}\n')
    path.chmod(0o755)


@EACH
def test_a_peer_is_called_once_for_each_tag(
    registry: TaggedRegistry, loop: Loop, tool: str, begins: str
) -> None:
    script(registry, tool, "echo sha256:0")
    loop(registry, 20)
    called = (registry.folder / "called").read_text().splitlines()
    assert sorted(called) == [f"{begins}127.0.0.1:5000/benchmark/of-20:{tag(number)}" for number in range(20)]


@EACH
def test_a_peer_that_fails_gives_no_figure(
    registry: TaggedRegistry, loop: Loop, tool: str, begins: str
) -> None:
    # Only one of them fails, and not the last.
    script(registry, tool, f'case "$*" in "{begins}"*{tag(1)}) echo no such tag >&2; exit 1;; esac')
    with pytest.raises(BenchmarkError, match="no such tag"):
        loop(registry, 4)


def test_eight_are_under_way_at_a_time(registry: TaggedRegistry) -> None:
    # Each leaves when it has seen seven others; with fewer at a time it fails.
    together = 'for n in $(seq 200); do [ "$(wc -l < called)" -ge 8 ] && exit 0; sleep 0.05; done; exit 1'
    script(registry, "crane", together)
    registry.crane_parallel(8)


def test_no_login_of_the_users_reaches_a_peer(
    registry: TaggedRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", "/of-a-user")
    monkeypatch.setenv("REGISTRY_AUTH_FILE", "/of-a-user/auth.json")
    script(registry, "crane", "env > environment")
    registry.crane_loop(1)
    environment = (registry.folder / "environment").read_text()
    assert "of-a-user" not in environment
    assert f"DOCKER_CONFIG={registry.folder}\n" in environment
    assert f"HOME={registry.folder}\n" in environment


def test_names_are_those_that_a_registry_takes(registry: TaggedRegistry) -> None:
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    parameters = registry.parameters(2000)
    assert set(parameters) <= set(ARGUMENT_SPEC)
    assert parameter_faults(defaults | parameters) == []
    wanted = {"repository": repository(2000), "tags": [tag(0), tag(1999)]}
    assert parameter_faults(defaults | parameters | {"expect": [wanted]}) == []
    assert len({tag(number) for number in range(2000)}) == 2000
