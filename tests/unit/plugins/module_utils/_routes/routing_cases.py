# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes and requests from small alphabets, so that they often meet."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import Request
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    Target,
)

TARGET = Target("https", "target.example.org")
HOSTS = ("a.example", "b.example")
METHODS = ("GET", "HEAD", "PUT")
HEADERS = ("x-a", "x-b", "x-real-ip")
VALUES = ("1", "2", "12")
NETWORKS = tuple(
    map(ip_network, ("10.0.0.0/8", "10.1.0.0/16", "10.1.1.1/32", "::/0", "2001:db8::/32", "::ffff:a01:0/112"))
)
ADDRESSES = tuple(
    map(ip_address, ("10.0.0.1", "10.1.0.1", "10.1.1.1", "::ffff:10.1.1.1", "2001:db8::1", "2002:a01:101::1"))
)
PATHS = (
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/a/b/",
    "/a/bc",
    "/ab",
    "/b",
    "/v2",
    "/v2/",
    "/v2/_catalog",
    "/_/healthz",
    "/a/..",
    "//a",
)
PREFIXES = ("/", "/a", "/a/b", "/ab", "/b", "/v2", "/_", "/_/healthz", "/a/..")
EXPRESSIONS = ("^/a", "b$", "^/(a|b)/")


def _subset(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


PLAIN_PATHS = st.builds(PathMatch, st.just(PathKind.EXACT), st.sampled_from(PATHS)) | st.builds(
    PathMatch, st.just(PathKind.PREFIX), st.sampled_from(PREFIXES)
)
PATH_MATCHES = PLAIN_PATHS | st.builds(PathMatch, st.just(PathKind.REGEX), st.sampled_from(EXPRESSIONS))
HEADER_MATCHES = st.builds(
    HeaderMatch,
    st.sampled_from(HEADERS),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=2, unique=True).map(tuple),
) | st.builds(HeaderMatch, st.sampled_from(HEADERS), regex=st.sampled_from(("^1", "2")))
CONDITIONS = st.builds(
    Conditions,
    paths=st.lists(PATH_MATCHES, max_size=3).map(tuple),
    hosts=_subset(HOSTS),
    headers=st.lists(HEADER_MATCHES, max_size=2, unique_by=lambda header: header.name).map(tuple),
    source_ranges=st.lists(st.sampled_from(NETWORKS), max_size=2, unique=True).map(tuple),
    methods=_subset(METHODS),
)
PATH_CONDITIONS = st.builds(Conditions, paths=st.lists(PLAIN_PATHS, min_size=1, max_size=3).map(tuple))


def route_lists(
    conditions: st.SearchStrategy[Conditions] = CONDITIONS, most: int = 8
) -> st.SearchStrategy[list[Route]]:
    """Lists of routes, named r0, r1 and so on."""
    return st.lists(conditions, max_size=most).map(
        lambda drawn: [Route(f"r{number}", TARGET, each) for number, each in enumerate(drawn)]
    )


REQUESTS = st.builds(
    Request,
    method=st.sampled_from(METHODS),
    target=st.builds(
        lambda path, below: path + below, st.sampled_from(PATHS), st.sampled_from(("", "/x", "/b", "?q", "x"))
    ),
    headers=st.builds(
        lambda host, lines: ((("Host", host),) if host else ()) + tuple(lines),
        st.sampled_from(("", *HOSTS)),
        st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from((*VALUES, "", "3"))), max_size=3),
    ),
    source=st.sampled_from(ADDRESSES),
)


def route(
    name: str,
    *paths: PathMatch,
    hosts: tuple[str, ...] = (),
    headers: tuple[HeaderMatch, ...] = (),
    ranges: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
) -> Route:
    """A route with a target of no interest."""
    return Route(name, TARGET, Conditions(paths, hosts, headers, tuple(map(ip_network, ranges)), methods))


def prefix(value: str) -> PathMatch:
    """A prefix condition."""
    return PathMatch(PathKind.PREFIX, value)


def exact(value: str) -> PathMatch:
    """An exact path condition."""
    return PathMatch(PathKind.EXACT, value)


def regex(value: str) -> PathMatch:
    """A condition that is a regular expression."""
    return PathMatch(PathKind.REGEX, value)
