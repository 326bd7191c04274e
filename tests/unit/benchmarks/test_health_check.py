# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from benchmarks import health_task
from benchmarks.errors import BenchmarkError
from benchmarks.health_check_2000 import check
from benchmarks.tagged_registry import TaggedRegistry, repository, tag
from tests.faults.registry_hostile.lying_registry import Answer, LyingRegistry
from tests.unit.benchmarks.conftest import COUNT


def test_the_seconds_are_those_of_the_check_without_the_start_of_python(
    small_registry: TaggedRegistry, server: LyingRegistry
) -> None:
    seconds, used = check(small_registry, COUNT)
    assert 0 < seconds < used.wall
    asked = [request.path for request in server.asked if "/manifests/build-" in request.path]
    assert sorted(asked) == [f"/v2/{repository(COUNT)}/manifests/{tag(number)}" for number in range(COUNT)]


def test_a_tag_that_is_not_right_gives_no_figure(
    small_registry: TaggedRegistry, server: LyingRegistry
) -> None:
    server.stored[f"/v2/{repository(COUNT)}/manifests/{tag(1)}"] = Answer(200, b"{}")
    with pytest.raises(BenchmarkError, match="found 2 of 3 tags right"):
        check(small_registry, COUNT)


def test_fewer_tags_than_there_should_be_give_no_figure(
    small_registry: TaggedRegistry, server: LyingRegistry
) -> None:
    name = repository(COUNT)
    server.stored[f"/v2/{name}/tags/list"] = Answer(200, json.dumps({"tags": [tag(0)]}).encode())
    with pytest.raises(BenchmarkError, match="found 1 of 3 tags right"):
        check(small_registry, COUNT)


def test_the_task_tells_of_an_unhealthy_registry_without_failing(
    small_registry: TaggedRegistry, server: LyingRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    server.lie = lambda _request: Answer(503)
    health_task.main(json.dumps(small_registry.parameters(COUNT)))
    told = json.loads(capsys.readouterr().out)
    assert told["healthy"] is False
    assert told["references"] == 0
    assert told["seconds"] > 0
