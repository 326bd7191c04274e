# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each accepted regular expression finds the same text and groups in Python and in HAProxy's PCRE2."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import render
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import (
    PatternError,
    read_pattern,
)
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
from tests.faults.artifact_router.conftest import StartProxy
from tests.faults.artifact_router.proxy import check, options_for, write

ATOMS = (
    "a", "b", "/", "1", "A", "_", "-", ".", r"\.", r"\d", r"\w", r"\W", r"\D", r"\s", r"\S", r"\b", "[ab]",
    "[^a]", "[^/]",
    r"[\w.]", r"[\]a-]", "[a-c1]", r"[^\w]", "^", "$", "%", "~", "@", r"\$", "&", r"\{", "#", '"', " ",
)  # fmt: skip
QUANTIFIERS = ("*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??", "{1,3}?", "{0,1}")
TEXT = ("a", "b", "/", "1", "A", "_", "-", ".", "%20", "~", "@", "$", "&", "ab", "aa", "//")
PATTERNS = 300
PATHS = 8


def random_pattern(random: Random, depth: int = 0) -> str:
    parts = []
    for _ in range(random.randint(0 if depth else 1, 4)):
        part = random.choice(ATOMS)
        if depth < 3 and random.random() < 0.35:
            part = f"{random.choice(('(', '(?:'))}{random_pattern(random, depth + 1)})"
        parts.append(part + (random.choice(QUANTIFIERS) if random.random() < 0.35 else ""))
    text = "".join(parts)
    return f"{text}|{random_pattern(random, depth + 1)}" if depth < 3 and random.random() < 0.2 else text


def accepted_patterns(random: Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < PATTERNS:
        text = random.choice(("", "^/")) + random_pattern(random)
        try:
            read_pattern(text)
        except PatternError:
            continue
        found[text] = None
    return list(found)


def test_python_and_the_proxy_find_the_same(start_proxy: StartProxy) -> None:
    random = Random(0)
    routes = [
        Route(
            f"p{number}",
            Target("https", "t.example"),
            Conditions(
                (PathMatch(PathKind.REGEX, text),), headers=(HeaderMatch("x-number", (str(number),)),)
            ),
            replace_path="/" + "".join(rf"\{group}-" for group in range(1, read_pattern(text).groups + 1)),
        )
        for number, text in enumerate(accepted_patterns(random))
    ]
    settings = RouterSettings()
    proxy, options = start_proxy(routes, settings)
    found = 0
    for number, route in enumerate(routes):
        for _ in range(PATHS):
            path = "/" + "".join(random.choice(TEXT) for _ in range(random.randint(0, 8)))
            request = Request("GET", path, (("Host", "a"), ("X-Number", str(number))))
            wanted = resolve(request, [route], settings)
            response = proxy.ask(options, request)
            assert (response.code, response.location) == (wanted.code, wanted.location), (route, path)
            found += wanted.code == 302
    assert PATTERNS < found < PATTERNS * PATHS - PATTERNS


def large_patterns(random: Random) -> list[str]:
    """Accepted ones that become large, and others that are just not accepted for it."""
    found = []
    for atom in ("a", "[ab]", r"\w", "(?:(?:(?:a)))", "(?:a|b)", "(?:)a", "[^/]*/", "ab?", "(?:a/){2,9}"):
        for _ in range(40):
            text = atom * random.randint(1, 8)
            for _ in range(random.randint(1, 3)):
                text = f"(?:{text}){{{random.randint(0, 1)},{random.randint(1, 100)}}}"
            found.append(f"^/{text}")
    return found


def test_the_proxy_takes_each_large_expression_that_is_accepted(tmp_path: Path) -> None:
    accepted, refused = [], 0
    for text in large_patterns(Random(1)):
        try:
            accepted.append(read_pattern(text).text)
        except PatternError as error:
            refused += "octets" in error.message
    assert len(accepted) > 100
    assert refused > 80
    routes = [
        Route(f"p{number}", Target("https", "t.example"), Conditions((PathMatch(PathKind.REGEX, text),)))
        for number, text in enumerate(accepted)
    ]
    assert check([write(render(routes, RouterSettings(), options_for(tmp_path)), tmp_path)]) == ""


def test_no_text_makes_a_search_long(start_proxy: StartProxy) -> None:
    # The costliest ones that are accepted, and what costs them most.
    texts = (".*a.*", "^/(.*)a(.*)b$", "(?:a|b)?.*c", "^/(?:[^b]*/){2}c", "/(.*)x", r"^/(\w*)(\w*)$")
    routes = [
        Route(
            f"p{number}",
            Target("https", "t.example"),
            Conditions(
                (PathMatch(PathKind.REGEX, text),), headers=(HeaderMatch("x-number", (str(number),)),)
            ),
        )
        for number, text in enumerate(texts)
    ]
    settings = RouterSettings()
    proxy, options = start_proxy(routes, settings)
    for number, route in enumerate(routes):
        for path in ("/" + "a" * 2047, "/" * 2048, "/" + "ab" * 1023, "/" + "a/" * 1023):
            request = Request("GET", path, (("Host", "a"), ("X-Number", str(number))))
            start = time.perf_counter()
            response = proxy.ask(options, request)
            assert time.perf_counter() - start < 5
            assert response.code == resolve(request, [route], settings).code, (route, path[:20])
