# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request can be at most: HAProxy and the resolver say the same, and nobody keeps a thread busy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import RenderOptions
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import LONGEST_TEXT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request, resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_routes
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.search_budget import budget_fault
from tests.faults.artifact_router.conftest import StartProxy
from tests.faults.artifact_router.proxy import Proxy

HOST = ("Host", "a")
TARGET = Target("https", "t.example")
SETTINGS = RouterSettings()
# Texts that an expression is found in only almost, and that cost it most.
HOSTILE = {
    "^/(.*)a(.*)b$": "/" + "aab" * LONGEST_TEXT,
    "/(.*)x$": "/" * LONGEST_TEXT,
    "^/.*/.*x$": "/" * LONGEST_TEXT,
    r"^.*\d.*z$": "/" + "1" * LONGEST_TEXT,
    "a[^c]*c$": "/" + "a" * LONGEST_TEXT,
    r"^/(\w*)(\w*)$": "/" + "a" * LONGEST_TEXT,
    "[a-z/]{1,100}[a-z/]{1,50}1": "/" + "a/" * LONGEST_TEXT,
    "^/(?:[^/]*/){1,100}x": "/" * LONGEST_TEXT,
    r"\w{0,20}(?:(?:a|b){20})c": "/" + "b" * LONGEST_TEXT,
    "[ab]{3,}$": "/" + "aaaaaaaaab" * LONGEST_TEXT,
}
ENDS = {
    "^/(.*)a(.*)b$": "b0",
    "/(.*)x$": "x0",
    "^/.*/.*x$": "x0",
    r"^.*\d.*z$": "z0",
    "a[^c]*c$": "c0",
    r"\w{0,20}(?:(?:a|b){20})c": "c0",
}


def searching(number: int, text: str, *, header: bool = False) -> Route:
    if header:
        return Route(f"r{number}", TARGET, Conditions(headers=(HeaderMatch("x-team", regex=text),)))
    return Route(f"r{number}", TARGET, Conditions((PathMatch(PathKind.REGEX, text),)))


def as_many_as_are_allowed(text: str, *, header: bool) -> list[Route]:
    routes: list[Route] = []
    while len(routes) < 2000 and not budget_fault(
        [*routes, searching(len(routes), text, header=header)] if len(routes) < 20 else routes * 2
    ):
        more = 1 if len(routes) < 20 else len(routes)
        routes += [searching(len(routes) + number, text, header=header) for number in range(more)]
    return routes


def seconds_of(process: int) -> float:
    """Of the CPU, which others may use as well."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def assert_same(proxy: Proxy, options: RenderOptions, request: Request, routes: list[Route]) -> int:
    wanted = resolve(request, routes, SETTINGS, explain=False)
    found = proxy.ask(options, request)
    assert (found.code, found.location) == (wanted.code, wanted.location), wanted.reason
    return found.code


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("header", [False, True])
def test_all_expressions_that_a_list_may_have_take_a_request_no_time(
    start_proxy: StartProxy, text: str, header: bool
) -> None:
    routes = as_many_as_are_allowed(text, header=header)
    assert routes
    proxy, options = start_proxy(routes, SETTINGS)
    end = ENDS.get(text, "0")
    hostile = HOSTILE[text][: LONGEST_TEXT - len(end)] + end
    request = Request("GET", "/" if header else hostile, (HOST, ("X-Team", hostile)))
    before = seconds_of(proxy.process.pid)
    response = proxy.ask(options, request)
    # Its own watchdog ends a proxy of which a thread is busy for two seconds.
    assert seconds_of(proxy.process.pid) - before < 1, len(routes)
    assert response.code == resolve(request, routes[:1], SETTINGS).code


@pytest.mark.parametrize("length", [LONGEST_TEXT, LONGEST_TEXT + 1, 8000])
@pytest.mark.parametrize("oci", [False, True])
def test_a_path_longer_than_what_is_searched_is_refused(
    start_proxy: StartProxy, length: int, oci: bool
) -> None:
    settings = RouterSettings(oci=oci)
    default = Route("default", TARGET)
    searches = [searching(0, "^/never$"), default]
    # Also where the route itself can never answer.
    removed = Conditions((PathMatch(PathKind.REGEX, "a"),), headers=(HeaderMatch("x-real-ip", ("1",)),))
    proxy, options = start_proxy([Route("removed", TARGET, removed), default] if oci else searches, settings)
    for start in ("/", "/v2/"):
        path = start + "a" * (length - len(start))
        request = Request("GET", f"{path}?q", (HOST,))
        response = proxy.ask(options, request)
        wanted = resolve(request, [Route("removed", TARGET, removed), default] if oci else searches, settings)
        assert (response.code, response.location) == (wanted.code, wanted.location)
        assert response.code == (302 if length == LONGEST_TEXT else 400)


def test_without_expressions_for_paths_any_path_is_redirected(start_proxy: StartProxy) -> None:
    routes = [searching(0, "^a", header=True), Route("default", TARGET)]
    proxy, options = start_proxy(routes, SETTINGS)
    assert assert_same(proxy, options, Request("GET", "/" + "a" * 8000, (HOST,)), routes) == 302


def test_a_header_longer_than_what_is_searched_is_not_found(start_proxy: StartProxy) -> None:
    routes = [searching(0, "^a*$", header=True)]
    proxy, options = start_proxy(routes, SETTINGS)
    codes = [
        assert_same(proxy, options, Request("GET", "/", (HOST, ("X-Team", "a" * length))), routes)
        for length in (0, 1, LONGEST_TEXT, LONGEST_TEXT + 1, 8000)
    ]
    assert codes == [302, 302, 302, 404, 404]


def test_a_replaced_path_always_has_room(start_proxy: StartProxy) -> None:
    raw = {
        "name": "n" * 63,
        "conditions": {"paths": {"regex": "^/(.*)$"}},
        "url": f"https://{'h' * 63}{('.' + 'h' * 62) * 3}:8443/" + "p" * 999,
        "replace_path": r"/\1" + "/r" * 490 + r"/\1",
    }
    settings = RouterSettings(route_header="x" * 100)
    routes, faults = read_routes([raw], settings)
    assert faults == []
    proxy, options = start_proxy(routes, settings)
    seen = set()
    for length in (0, 1, 500, 530, 540, 1500, LONGEST_TEXT - 1, LONGEST_TEXT):
        for filled in (0, 5000, 11000 - length, 12100 - length):
            path = "/" + "a" * length
            query = Request("GET", f"{path}?{'q' * filled}", (HOST,))
            header = Request("GET", path, (HOST, ("X-Filled", "v" * filled)))
            seen |= {assert_same(proxy, options, request, routes) for request in (query, header)}
        # What is too long for the proxy as a whole gets 400, and never 500.
        for filled in range(12100, 15000, 100):
            request = Request("GET", f"/{'a' * length}?{'q' * (filled - length)}", (HOST,))
            found = proxy.ask(options, request)
            wanted = resolve(request, routes, settings)
            assert found.code == 400 or (found.code, found.location) == (wanted.code, wanted.location)
    assert seen == {302, 400}


@pytest.mark.parametrize("method", ["CONNECT", "PRI", "TRACE"])
def test_methods_that_are_no_requests_for_a_path(start_proxy: StartProxy, method: str) -> None:
    routes = [Route("default", TARGET)]
    proxy, options = start_proxy(routes, SETTINGS)
    targets = ("*", "/a", "a:80", "h.example:80", "http://a/x", "http://a:443/x", "http://a:80/_/healthz")
    codes = [
        assert_same(proxy, options, Request(method, target, headers), routes)
        for target in targets
        for headers in ((HOST,), (("Host", "a:80"),), ())
    ]
    assert (set(codes) == {400}) is (method != "TRACE")
