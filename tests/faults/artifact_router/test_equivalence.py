# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy answers each request as the resolver says: its rules are another way to the same end."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    RenderOptions,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import program
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_plain import has_short_way
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request, resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from tests.faults.artifact_router.proxy import Proxy, Response, check, options_for, running, write
from tests.faults.artifact_router.random_routes import (
    plain_routes,
    random_request,
    random_routes,
    random_settings,
)

BATCHES = 8
LISTS = 150
# Lists that are answered the short way are few among the others.
PLAIN_EVERY = 6
REQUESTS = 24


@dataclasses.dataclass(frozen=True)
class Router:
    routes: list[Route]
    settings: RouterSettings
    options: RenderOptions


def a_router(random: Random, folder: Path, shared: RenderOptions, number: int) -> tuple[Router, Path]:
    """One of many in a process, whose settings are said once: with its own names, address and folder."""
    settings = random_settings(random)
    routes = random_routes(random, settings)
    if number % PLAIN_EVERY == 0:
        settings = dataclasses.replace(settings, trusted_proxies=(), oci=False)
        routes = plain_routes(random)
        assert has_short_way(program(routes, settings), settings)
    own = folder / str(number)
    own.mkdir()
    address = f"127.{1 + number // 250}.1.{1 + number % 250}"
    options = dataclasses.replace(shared, folder=str(own), address=address, access_log=False)
    file = write(render(routes, settings, options), own)
    process, _, others = file.read_text("ascii").partition("\n\n")
    text = others if number else f"{process}\n\n{others}"
    file.write_text(text.replace("\nfrontend ", f"\nfrontend router{number}-"), encoding="ascii")
    return Router(routes, settings, options), file


def compared(response: Response, settings: RouterSettings) -> tuple[int, str, str, str]:
    route = response.headers.get(settings.route_header, "") if settings.route_header else ""
    return response.code, response.location, route, response.headers.get("allow", "")


def expected(request: Request, router: Router) -> tuple[int, str, str, str]:
    answer = resolve(request, router.routes, router.settings, explain=False)
    route = answer.route if router.settings.route_header else ""
    return answer.code, answer.location, route, answer.allow


def assert_same(proxy: Proxy, router: Router, request: Request) -> tuple[int, str]:
    wanted = expected(request, router)
    found = compared(proxy.ask(router.options, request), router.settings)
    assert found == wanted, (request, router.settings, router.routes)
    return wanted[0], wanted[2]


@pytest.mark.parametrize("seed", range(BATCHES))
def test_the_proxy_answers_as_the_resolver_says(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    shared = options_for(tmp_path)
    made = [a_router(random, tmp_path, shared, number) for number in range(LISTS)]
    files = [file for _, file in made]
    assert check(files) == ""
    seen = set()
    with ExitStack() as stack:
        proxy = stack.enter_context(running(files, made[-1][0].options, tmp_path / "log"))
        for router, _ in made:
            seen |= {assert_same(proxy, router, random_request(random)) for _ in range(REQUESTS)}
    # Each code was there, and many a route: the parts do meet.
    assert {code for code, _ in seen} == {200, 301, 302, 303, 307, 308, 400, 404, 405}
    assert len(seen) > 40
