# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes, requests and configurations of the router's benchmarks, and what is made of their figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import render
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request, resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from benchmarks.errors import BenchmarkError
from benchmarks.load_generator import Load, LoadGenerator, load
from benchmarks.many_routes import header_routes, prefix_routes, requests
from benchmarks.redirect_rounds import Round, summary
from benchmarks.redirectors import Place, nginx_configuration

FIGURES = {
    "warm_requests": 5,
    "requests": 20,
    "seconds": 2.0,
    "half_microseconds": 500,
    "most_microseconds": 2500,
    "errors": 0,
    "fault": "",
}


@pytest.mark.parametrize("routes", [prefix_routes(30), header_routes(30)], ids=["prefix", "header"])
def test_each_route_answers_its_own_request(routes: list[Route]) -> None:
    asked = requests(routes)
    assert sorted(one.location for one in asked) != [one.location for one in asked]
    winners = []
    for one in asked:
        headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in one.headers))
        answer = resolve(Request(target=one.target, headers=headers), routes, RouterSettings())
        assert (answer.code, answer.location) == (302, one.location)
        winners.append(answer.route)
    assert sorted(winners) == [route.name for route in routes]


def test_requests_are_the_same_ones_each_time() -> None:
    assert requests(prefix_routes(50)) == requests(prefix_routes(50))


def test_ten_thousand_routes_can_be_rendered() -> None:
    rendered = render(prefix_routes(10_000), RouterSettings())
    assert rendered.files["prefix.map"].count("\n") == 10_000


def test_nginx_has_each_prefix_and_what_is_below_it() -> None:
    text = nginx_configuration(prefix_routes(2), Path("/folder"), 8080, access_log=False)
    answer = "{ return 302 https://project-00001.example.org$request_uri; }"
    assert f"  location = /project-00001 {answer}\n  location ^~ /project-00001/ {answer}\n" in text
    assert text.count("location = /project-") == text.count("location ^~ /project-") == 2
    assert "access_log off;" in text


def test_the_log_of_nginx_names_the_route() -> None:
    text = nginx_configuration(prefix_routes(1), Path("/folder"), 8080, access_log=True)
    assert "{ set $route project-00000; return 302 " in text
    assert "access_log /dev/null lines;" in text


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="there-is-none is not installed"):
        Place(tmp_path, 0).command("there-is-none", "-v")


def test_a_program_gets_its_core(tmp_path: Path) -> None:
    command = Place(tmp_path, 1).command("sh", "-c", "true")
    assert command[:3] == ["taskset", "--cpu-list", "1"]
    assert command[3].endswith("/sh")
    assert command[4:] == ["-c", "true"]


def test_folders_are_never_shared(tmp_path: Path) -> None:
    place = Place(tmp_path, 0)
    assert place.own("nginx") != place.own("nginx")


def test_requests_are_written_a_line_each(tmp_path: Path) -> None:
    (asked,) = requests(header_routes(1))
    written = LoadGenerator(tmp_path / "program", tmp_path, 0).written([asked, asked])
    target, *headers, location = written.read_text().splitlines()[1].split("\t")
    assert (target, tuple(headers), location) == (asked.target, asked.headers, asked.location)
    assert "X-Team: project-00000" in headers


def test_what_the_load_generator_printed_is_read() -> None:
    assert load(json.dumps(FIGURES)) == Load(count=25, rate=10.0, half=0.5, most=2.5)


def test_wrong_answers_give_no_figure() -> None:
    with pytest.raises(BenchmarkError, match="2 answers were wrong, the first: no 302"):
        load(json.dumps(FIGURES | {"errors": 2, "fault": "no 302"}))


def test_no_answers_give_no_figure() -> None:
    with pytest.raises(BenchmarkError, match="no request was answered"):
        load(json.dumps(FIGURES | {"requests": 0}))


def test_a_round_counts_by_the_time_that_the_server_had() -> None:
    rounds = [Round(Load(250, 100.0, 0.5, 2.0), seconds) for seconds in (1.25, 2.5, 0.5)]
    assert [one.figure for one in rounds] == [200.0, 100.0, 500.0]
    assert summary(rounds) == (
        "200 requests/s of a core (by the clock 100/s with 50% of it; p50 0.50 ms, p99 2.00 ms)"
    )
