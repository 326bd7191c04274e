# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random routes and requests, out of so few parts that they often meet."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    CODES,
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)

SEGMENTS = ("a", "b", "ab", "A", "%61", "a.b", "..a", "v2", "a%2Fb", "~", "*", "a,b(c)", "a;b")
SENT_SEGMENTS = (
    *SEGMENTS, "", "", ".", "..", "%2E", "%2e.", "%00", "%7F", "a\\b", "a#b", "...", "%", "%zz", '"', "|",
    "/#", "_catalog", "a/#", "a^b", "a..", "b%2e", "a\x7f", "\x80", "\xa3", "\xff",
)  # fmt: skip
PATTERNS = (
    "a", "^/a(/|$)", "^/(a|b)(.*)$", r"\.b$", "^/[^/]+/b", "^/(?:a|b){1,2}", "/a$|^/b", r"^/(\w+)/?(.*)$",
    "a{2}", "^/([ab]*)(b)?", r"\b[A-Z]\b", "%6[0-9]",
)  # fmt: skip
HOSTS = ("h.example", "g.example", "127.0.0.1", "[::1]", "a", "[2001:db8::1]")
SENT_HOSTS = (
    *HOSTS, "H.Example", "h.example:80", "g.example:8080", "h.example.", "[::1]:80", "a/b", "", "h.example:",
    "h.example, g.example", "::1", "[2001:DB8::1]:1", "a:b:c", "h.example|",
)  # fmt: skip
NAMES = ("x-team", "x-real-ip", "user-agent", "x_team", "x-forwarded-for")
VALUES = ("a", "b", "a,b", "}", '"a"', "A", "a b", "127.0.0.2", "if", "{", "%[src]", "$HOME", "#")
SENT_VALUES = (*VALUES, "", " a", "a ", "b,a", "a, b", "é", "a\tb", "aa")
VALUE_PATTERNS = ("^a", "b$", "^$", "a.b", r"\s", "^[^,]*$", "[^a]", "127")
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PURGE", "DELETE")
SENT_METHODS = (*METHODS, "get", "FOO", "G-T")
SOURCES = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9")
NETWORKS = (
    "127.0.0.1/32", "127.0.0.0/30", "127.0.0.2/31", "10.0.0.0/8", "::1/128", "::/0", "2002::/16", "0.0.0.0/0",
    "::ffff:127.0.0.2/128", "10.0.0.1/32", "2001:db8::/32",
)  # fmt: skip
ENTRIES = (
    "127.0.0.1", "127.0.0.2", "127.0.0.3", "10.0.0.1", "10.1.1.1", "::1", "2001:db8::1", "2002:7f00:2::",
    "::ffff:127.0.0.2", "::127.0.0.2", "garbage", "", '"127.0.0.2', '127.0.0.2"', '"', "10.0.0.1:80",
    "010.0.0.1", "[::1]", "unknown", "1::2::3", "127.0.0.2 x", "1.2.3.4::", "127.0.0.2/8", "::1%lo", "127.1",
    "10.0.0.256", "é", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::1.2.3.4", "2130706434", "\\", "a:b", ":",
    "::", "10.0.0.1.",
)  # fmt: skip
QUERIES = ("", "", "", "?", "?a=b", "?a=%2F..%00", "?/a/b", "??", "?a=b&c=http://x/y?z", "?\x80", "?a=\x7f")
TARGETS = (
    Target("https", "t.example"),
    Target("http", "t.example:8080", "/p%20q"),
    Target("https", "[2001:db8::5]", "/a,b(c)$HOME"),
    Target("https", "127.0.0.1", "/100%25"),
)


def random_settings(random: Random) -> RouterSettings:
    """Settings that matter in about every second one."""
    trusted = random.sample(NETWORKS[:4], random.randint(1, 2)) if random.random() < 0.5 else []
    if trusted and random.random() < 0.2:
        trusted.append(random.choice(NETWORKS))
    others = tuple(random.sample(METHODS[2:], random.randint(0, 2)))
    return RouterSettings(
        methods=("GET", "HEAD", *others) if random.random() < 0.9 else others or ("GET",),
        trusted_proxies=tuple(ip_network(network) for network in dict.fromkeys(trusted)),
        client_headers=RouterSettings().client_headers if random.random() < 0.8 else (),
        oci=random.random() < 0.3,
        route_header=random.choice(("", "x-route")),
    )


def plain_routes(random: Random) -> list[Route]:
    """Up to a dozen routes by path alone, which are answered a short way."""
    code = random.choice(CODES)
    routes = [
        Route(f"r{number}", random.choice(TARGETS), _plain(random), code)
        for number in range(random.randint(1, 12))
    ]
    if random.random() < 0.5:
        routes.append(Route("default", random.choice(TARGETS), code=code))
    return routes


def _plain(random: Random) -> Conditions:
    kinds = (PathKind.PREFIX, PathKind.PREFIX, PathKind.EXACT)
    count = random.randint(1, 2)
    return Conditions(tuple(PathMatch(random.choice(kinds), random_path(random)) for _ in range(count)))


def random_routes(random: Random, settings: RouterSettings) -> list[Route]:
    """Up to a dozen routes."""
    simple = random.random()
    routes = [
        _route(random, settings, f"{random.choice(('r', 'R.', '0-'))}{number}", simple)
        for number in range(random.randint(0, 12))
    ]
    if random.random() < 0.5:
        routes.append(Route("default", random.choice(TARGETS), code=random.choice(CODES)))
    return routes


def random_request(random: Random) -> Request:
    """A request that HAProxy takes for one, or just not."""
    path = "".join(f"/{random.choice(SENT_SEGMENTS)}" for _ in range(random.randint(1, 4)))
    if random.random() < 0.5:
        path = random_path(random) + random.choice(("", "", "/", "//", "/a"))
    if random.random() < 0.02:
        path = f"/{random.choice('ab')}/" + "a/" * 2000
    path = random.choices((path, "/_/healthz", "/v2/_catalog", "/v2/"), (40, 1, 1, 1))[0]
    headers: list[tuple[str, str]] = []
    host = random.choice(SENT_HOSTS)
    if random.random() < 0.95:
        headers.append((random.choice(("Host", "host")), host))
    headers += [
        (_cased(random, random.choice(NAMES)), random.choice(SENT_VALUES))
        for _ in range(random.randint(0, 3))
    ]
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        entries = (random.choice(ENTRIES) for _ in range(random.randint(0, 5)))
        headers.append(("X-Forwarded-For", random.choice((",", ", ", " , ")).join(entries)))
    random.shuffle(headers)
    target = path + random.choice(QUERIES)
    form = random.random()
    if form < 0.05:
        target = f"{random.choice(('http', 'HTTPS'))}://{random.choice((host, 'h.example'))}{target}"
    elif form < 0.07:
        target = random.choice(("*", "http://h.example", "a", "?a"))
    method = random.choice(SENT_METHODS) if random.random() < 0.3 else random.choice(("GET", "HEAD"))
    return Request(method, target, tuple(headers), ip_address(random.choice(SOURCES)))


def random_path(random: Random) -> str:
    """One that routes can have."""
    return "".join(f"/{random.choice(SEGMENTS)}" for _ in range(random.randint(1, 3)))


def _route(random: Random, settings: RouterSettings, name: str, simple: float) -> Route:
    target, code = random.choice(TARGETS), random.choice((302, 302, *CODES))
    if random.random() < 0.1:
        path = PathMatch(PathKind.REGEX, random.choice((r"^/(\w+)/?(.*)$", "^/([ab]*)(b)?")))
        conditions = _conditions(random, settings, (path,), simple)
        return Route(
            name, target, conditions, code, replace_path=random.choice((r"/\2/x\1", r"/n%20\1", "/n"))
        )
    paths = tuple(_path_match(random) for _ in range(random.choice((0, 1, 1, 1, 2, 3))))
    conditions = _conditions(random, settings, paths, simple)
    strips = bool(paths) and all(path.kind is not PathKind.REGEX for path in paths) and random.random() < 0.4
    return Route(name, target, conditions, code, strip_prefix=strips)


def _path_match(random: Random) -> PathMatch:
    kind = random.choice((PathKind.PREFIX, PathKind.PREFIX, PathKind.PREFIX, PathKind.EXACT, PathKind.REGEX))
    if kind is PathKind.REGEX:
        return PathMatch(kind, random.choice(PATTERNS))
    path = random_path(random) if random.random() < 0.95 else "/"
    return PathMatch(
        kind, path + random.choice(("", "/")) if kind is PathKind.EXACT and path != "/" else path
    )


def _conditions(
    random: Random, settings: RouterSettings, paths: tuple[PathMatch, ...], simple: float
) -> Conditions:
    def some(share: float) -> bool:
        return random.random() < share and random.random() > simple

    hosts = random.sample(HOSTS, random.randint(1, 3)) if random.random() < 0.3 else []
    headers = [_header_match(random) for _ in range(random.randint(1, 2))] if some(0.5) else []
    ranges = random.sample(NETWORKS, random.randint(1, 3)) if some(0.3) else []
    most = len(settings.methods)
    methods = random.sample(settings.methods, random.randint(1, most)) if some(0.3) else []
    return Conditions(
        paths, tuple(hosts), tuple(headers), tuple(ip_network(each) for each in ranges), tuple(methods)
    )


def _header_match(random: Random) -> HeaderMatch:
    name = random.choice(NAMES)
    if random.random() < 0.3:
        return HeaderMatch(name, regex=random.choice(VALUE_PATTERNS))
    return HeaderMatch(name, tuple(random.sample(VALUES, random.randint(1, 3))))


def _cased(random: Random, name: str) -> str:
    return random.choice((name, name.title(), name.upper()))
