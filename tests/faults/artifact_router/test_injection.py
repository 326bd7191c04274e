# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No value of a user adds, ends or changes a line of the configuration: it is itself, or it is refused."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from random import Random

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    RenderOptions,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import program
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_rules import MAIN_FILE
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
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.settings import read_settings
from tests.faults.artifact_router.proxy import check, options_for, write

PIECES = (
    "'", '"', "\\", "\n", "\r\n", "\t", " ", "}", "{", "#", "|", "%", "%[src]", "$HOME", "${HOME}", "\0",
    "\x7f", "é", "\u2028", ",", ")", "(", "--", "-f", "-i", "!", "||", "or", "if", "unless", "if TRUE", "a",
    "/etc/passwd",
    "/", "/a", ".", "*", "[", "]", ":", ";", "&", "=", "~", "^", "$", "?", "+", "@", "\\n", "\\1", "%%", '")',
    "\n  http-request deny", "' if TRUE\n  bind :1 #", '") if TRUE #', "0|302|0|x|https://evil.example",
)  # fmt: skip
Build = Callable[[str], tuple[list[Route], RouterSettings]]


SETTINGS = RouterSettings(methods=("GET", "HEAD", "PUT"))
TRUSTING = replace(SETTINGS, trusted_proxies=(ip_network("10.0.0.0/8"),))
PUT = Conditions(methods=("PUT",))
VICTIM = Route("victim", Target("https", "t.example"))


def built(
    conditions: Conditions | None = None, route: Route = VICTIM, settings: RouterSettings = SETTINGS
) -> tuple[list[Route], RouterSettings]:
    last = Route("last", Target("https", "last.example"), Conditions(methods=("GET",)))
    return [replace(route, conditions=conditions or Conditions()), last], settings


def with_path(kind: PathKind, conditions: Conditions, before: str = "/p") -> Build:
    return lambda text: built(replace(conditions, paths=(PathMatch(kind, before + text),)))


def with_target(conditions: Conditions) -> Build:
    return lambda text: built(conditions, replace(VICTIM, target=Target("https", "t.example", text)))


HOST = Conditions(hosts=("a.example",))
RANGE = Conditions(source_ranges=(ip_network("10.0.0.0/8"),))
REPLACED = Conditions((PathMatch(PathKind.REGEX, "^/(.*)(.*)$"),))
PLACES: Mapping[str, Build] = {
    "name": lambda text: built(route=replace(VICTIM, name=text)),
    "conditional name": lambda text: built(PUT, replace(VICTIM, name=text)),
    "scheme": lambda text: built(route=replace(VICTIM, target=Target(text, "t.example"))),
    "host": lambda text: built(route=replace(VICTIM, target=Target("https", text))),
    "path_prefix": with_target(Conditions()),
    "conditional path_prefix": with_target(PUT),
    "exact": with_path(PathKind.EXACT, PUT),
    "prefix": with_path(PathKind.PREFIX, PUT),
    "regex": with_path(PathKind.REGEX, Conditions(), ""),
    "mapped exact": with_path(PathKind.EXACT, HOST),
    "mapped prefix": with_path(PathKind.PREFIX, Conditions()),
    "hosts": lambda text: built(Conditions(hosts=(text,))),
    "conditional hosts": lambda text: built(replace(PUT, hosts=(text,))),
    "header name": lambda text: built(Conditions(headers=(HeaderMatch(text, ("a",)),))),
    "header value": lambda text: built(Conditions(headers=(HeaderMatch("x-team", ("a", text)),))),
    "header regex": lambda text: built(Conditions(headers=(HeaderMatch("x-team", (), text),))),
    "replace_path": lambda text: built(REPLACED, replace(VICTIM, replace_path=f"/{text}")),
    "methods": lambda text: built(settings=replace(SETTINGS, methods=("GET", "PUT", text))),
    "client_address_header": lambda text: built(
        RANGE, settings=replace(TRUSTING, client_address_header=text)
    ),
    "client_headers": lambda text: built(
        Conditions(headers=(HeaderMatch(text, ("a",)),)), settings=replace(TRUSTING, client_headers=(text,))
    ),
    "route_header": lambda text: built(settings=replace(SETTINGS, route_header=text)),
}


def texts(random: Random) -> Iterator[str]:
    yield from PIECES
    for _ in range(60):
        yield "".join(random.choice(PIECES) for _ in range(random.randint(2, 4)))


def shape(files: Mapping[str, str]) -> list[tuple[str, list[int]]]:
    """How many words each line of each file has, as HAProxy takes them apart."""
    return [
        (
            name,
            [len(shlex.split(line)) if name == MAIN_FILE else len(line.split()) for line in text.split("\n")],
        )
        for name, text in files.items()
    ]


def to_be_checked(files: Mapping[str, str], folder: Path, number: int) -> Path:
    """Writes one of many configurations for one process: without its settings, frontends renamed."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="ascii")
    text = files[MAIN_FILE].partition("\n\n")[2].replace("\nfrontend ", f"\nfrontend c{number}-")
    (folder / MAIN_FILE).write_text(text, encoding="ascii")
    return folder / MAIN_FILE


@pytest.mark.parametrize("place", PLACES)
def test_a_value_is_one_word_or_is_refused(tmp_path: Path, place: str) -> None:
    options, build = options_for(tmp_path), PLACES[place]
    options = replace(options, access_log=False)
    plain = shape(render(*build("a"), options).files)
    accepted: list[Path] = []
    refused = 0
    for number, text in enumerate(texts(Random(place))):
        folder = tmp_path / str(number)
        try:
            files = render(*build(text), replace(options, folder=str(folder))).files
        except ArtifactsError:
            refused += 1
            continue
        assert shape(files) == plain, text
        accepted.append(to_be_checked(files, folder, number))
    assert check(accepted) == ""
    assert refused > 10


def random_raw_route(random: Random, number: int, values: list[str]) -> dict[str, object]:
    """A route as a user writes it, hostile in one place or two."""

    def some(plain: str) -> str:
        return random.choice(values) if random.random() < 0.15 else plain

    conditions = {
        "paths": [{random.choice(("exact", "prefix")): some(f"/p{number}")}, {"regex": some("^/a")}],
        "hosts": [some("h.example")],
        "headers": {some("X-Team"): [some("a")], "User-Agent": {"regex": some("^x")}},
        "source_ranges": [some("10.0.0.0/8")],
        "methods": [some("GET")],
    }
    kept = dict(random.sample(sorted(conditions.items()), random.randint(1, 3)))
    target = random.choice(({"host": some("t.example")}, {"url": some("https://t.example/base")}))
    return {"name": some(f"n{number}"), "conditions": kept, "path_prefix": some("/x"), **target}


def test_what_the_readers_accept_is_rendered_and_valid(tmp_path: Path) -> None:
    random = Random(1)
    values = list(texts(random))
    settings, faults = read_settings({"route_header": "X-Route", "trusted_proxies": ["127.0.0.0/8"]})
    assert not faults
    routes: dict[str, Route] = {}
    refused = 0
    for number in range(4000):
        raw = random_raw_route(random, number, values)
        if "url" in raw:
            raw.pop("path_prefix")
        read, told = read_routes([raw], settings)
        refused += bool(told)
        if not told:
            routes[read[0].name] = read[0]
    rendered = render(routes.values(), settings, options_for(tmp_path))
    rules = program(routes.values(), settings)
    lines = Counter(" ".join(line.split()[:2]) for line in rendered.files[MAIN_FILE].split("\n"))
    assert [lines[f"frontend {name}"] for name in ("artifacts", "metrics")] == [1, 1]
    assert sum(count for line, count in lines.items() if line.startswith("bind ")) == 2
    constants = rendered.files[MAIN_FILE].count("http-request set-var(txn.rule) 'str(")
    assert constants == len(rules.conditionals)
    keys = sum(text.count("\n") for name, text in rendered.files.items() if name.endswith("prefix.map"))
    assert keys == len(rules.maps)
    assert check([write(rendered, tmp_path)]) == ""
    assert min(len(routes), refused) > 500


@pytest.mark.parametrize("folder", ["/a b", "/a'", "relative", "/a,b", "/a)", "/é", "/a\nb", ""])
def test_an_odd_folder_is_refused(folder: str) -> None:
    routes = [Route("a", Target("https", "t.example"))]
    with pytest.raises(ArtifactsError):
        render(routes, RouterSettings(), RenderOptions(folder=folder))


@pytest.mark.parametrize("address", ["a", "127.0.0.1:80 name x", "", "::1", "*\n"])
def test_an_odd_address_is_refused(address: str) -> None:
    with pytest.raises(ArtifactsError):
        render([], RouterSettings(), RenderOptions(address=address))
