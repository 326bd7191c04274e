# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes changed one by one, all at once, by two at the same time, and by a run that is killed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.outside.artifact_router import ArtifactRouter
from tests.outside.kubectl import eventually
from tests.outside.module import outcome
from tests.outside.playbook import kill

POD_SECONDS = 90.0
LEAVE_SECONDS = 60.0
MANY = 1500
LONG = "x" * 500


def route(name: str) -> dict[str, object]:
    return {"name": name, "conditions": {"paths": [f"/{name}"]}, "url": f"https://{name}.example.org"}


REST: dict[str, object] = {"name": "rest", "url": "https://rest.example.org"}
FIRST = [route("one"), route("two"), REST]


@pytest.fixture(scope="module")
def router(place: ArtifactRouter) -> ArtifactRouter:
    done = place.run(routes=FIRST)
    assert done.code == 0, done.output
    return place


def assert_answers(router: ArtifactRouter, path: str, name: str) -> None:
    """Soon, because pods that leave still answer for a moment."""
    server = router.server

    def only_by_it() -> bool:
        return {server.ask(path).headers.get("x-route", "") for _ in range(30)} == {name}

    eventually(only_by_it, LEAVE_SECONDS, f"{path} is answered by {name} alone")


def test_check_mode_foretells_and_writes_nothing(router: ArtifactRouter) -> None:
    expected: list[tuple[dict[str, object], list[str]]] = [
        ({**route("three"), "after": "one"}, ["one", "three", "two", "rest"]),
        ({"name": "two", "state": "absent"}, ["one", "rest"]),
        ({"routes": [route("three")]}, ["three"]),
    ]
    before = router.versions()
    for options, after in expected:
        foretold = router.change("--check", "--diff", **options)
        assert foretold.changed
        assert [one["name"] for one in foretold.result["routes"]] == after
        # The difference is one of routes.
        shown = set(re.findall(r'^([-+]).*"name": "(\w+)"', foretold.output, re.MULTILINE))
        assert shown == {("-", name) for name in {"one", "two", "rest"} - set(after)} | {
            ("+", name) for name in set(after) - {"one", "two", "rest"}
        }
    assert router.run("--check", routes=[route("three"), REST]).changed == 1
    assert router.versions() == before


def test_one_route_comes_changes_and_goes(router: ArtifactRouter) -> None:
    new: dict[str, object] = {
        "name": "new",
        "conditions": {"paths": ["/one/deep"]},
        "url": "https://new.example.org",
    }
    assert router.change(**new, before="one").changed
    assert router.kept_routes() == ["new", "one", "two", "rest"]
    assert_answers(router, "/one/deep/x", "new")
    before = router.versions()
    assert not router.change(**new).changed
    assert router.versions() == before
    assert router.change(**new, code=307).changed
    assert router.kept_routes() == ["new", "one", "two", "rest"]
    server = router.server
    target = "/one/deep/x?a=1"
    eventually(lambda: server.ask(target).code == 307, LEAVE_SECONDS, "the new code is answered")
    assert server.ask(target).location == f"https://new.example.org{target}"
    gone = router.change(name="new", state="absent")
    assert gone.changed
    assert_answers(router, "/one/deep/x", "one")
    assert gone.result["configuration"] == router.configuration()
    # All of them are too young to go.
    assert gone.result["pruned"] == []
    assert router.configuration() in router.versions()


def test_two_changes_at_the_same_time_are_both_there(router: ArtifactRouter) -> None:
    names = ("red", "blue")
    started = [router.start_change(**route(name)) for name in names]
    ended = [outcome(process) for process in started]
    assert [one.changed for one in ended] == [True, True]
    assert set(names) < set(router.kept_routes())
    for name in names:
        assert_answers(router, f"/{name}", name)
    settled = router.change()
    assert not settled.changed
    assert settled.result["configuration"] == router.configuration()


@pytest.mark.parametrize("by", ["role", "module"])
def test_what_a_killed_run_began_the_next_one_completes(router: ArtifactRouter, by: str) -> None:
    late = f"late-by-{by}"
    routes = [route(late), REST]
    killed = router.start(routes=routes) if by == "role" else router.start_change(routes=routes)
    eventually(lambda: late in router.kept_routes(), POD_SECONDS, "the routes are written")
    kill(killed)
    # By a run that knows nothing of what the killed one was to do.
    assert not router.change().failed
    assert_answers(router, f"/{late}", late)
    assert not router.change().changed


def test_routes_that_are_kept_packed_come_and_go(router: ArtifactRouter, tmp_path: Path) -> None:
    # Nearly what fits: as text these routes are too many to be kept beside what else is kept.
    long = [{**route(f"r{number}"), "conditions": {"paths": [f"/{number}/{LONG}"]}} for number in range(MANY)]
    path = tmp_path / "routes.json"
    path.write_text(json.dumps([*long, REST]))
    assert path.stat().st_size > 850_000
    done = router.run(routes="{{ lookup('ansible.builtin.file', '" + str(path) + "') | from_json }}")
    assert done.code == 0, done.output
    last = f"/{MANY - 1}/{LONG}/x"
    assert_answers(router, last, f"r{MANY - 1}")
    assert router.kept_routes() == []
    # They were kept packed by the role, and few are kept as they are by the module.
    assert router.change(routes=FIRST).changed
    assert_answers(router, last, "rest")
    assert router.kept_routes() == ["one", "two", "rest"]
    # A role that knows no routes keeps those that are there, and the pods with them.
    before = set(router.pods())
    assert router.run().code == 0
    assert set(router.pods()) == before
    assert router.kept_routes() == ["one", "two", "rest"]
