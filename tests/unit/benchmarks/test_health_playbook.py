# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.health_playbook_2000 import play, write_playbook
from benchmarks.tagged_registry import TaggedRegistry, repository, tag
from tests.faults.registry_hostile.lying_registry import LyingRegistry
from tests.unit.benchmarks.conftest import COUNT


def test_a_whole_run_asks_for_every_tag(small_registry: TaggedRegistry, server: LyingRegistry) -> None:
    used = play(small_registry, write_playbook(small_registry, COUNT))
    assert used.wall > 0
    asked = {request.path for request in server.asked}
    assert {f"/v2/{repository(COUNT)}/manifests/{tag(number)}" for number in range(COUNT)} <= asked


def test_a_run_that_misses_a_tag_gives_no_figure(
    small_registry: TaggedRegistry, server: LyingRegistry
) -> None:
    # Nothing is wrong with what is there: only their number shows that one is missing.
    for path in list(server.stored):
        server.stored[path.replace(repository(COUNT), repository(COUNT + 1))] = server.stored[path]
    with pytest.raises(BenchmarkError, match='"failed_when_result": true, "healthy": true'):
        play(small_registry, write_playbook(small_registry, COUNT + 1))
