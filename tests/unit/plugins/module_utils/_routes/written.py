# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write: JSON-like values that are almost routes, and routes that can be used."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_KEYS = st.sampled_from(
    ["name", "conditions", "host", "url", "path_prefix", "strip_prefix", "replace_path", "code", "legacy"]
) | st.sampled_from(
    [
        "paths",
        "path_type",
        "hosts",
        "headers",
        "source_ranges",
        "methods",
        "exact",
        "prefix",
        "regex",
        "X-Real-Ip",
        "backends",
        "trusted_proxies",
        "client_address_header",
        "client_headers",
        "oci",
        "route_header",
    ]
)
_WORDS = st.sampled_from(
    [
        "/",
        "/kops",
        "/kops/",
        "//",
        "/a/../b",
        "/%zz",
        "/%00",
        "/?",
        r"/new/\1",
        r"\9",
        "^/old/(.*)$",
        "((",
        "",
        "-",
        "kops",
        "example.org",
        "Example.ORG:443",
        "[::1]:80",
        "10.0.0.1",
        "1.2.3",
        "https://u:p@h",
        "http://h/a",
        "10.0.0.0/8",
        "10.0.0.1/8",
        "::/0",
        "get",
        "HEAD",
        "exact",
        "prefix",
        "X-Team",
        "host",
        "${VAR}",
        "\ud800",
    ]
)
_TEXT = st.text(st.characters(), max_size=12)
_SCALARS = st.none() | st.booleans() | st.integers() | st.just(10**30) | st.floats() | _TEXT | _WORDS

JSON_LIKE = st.recursive(
    _SCALARS | st.just(302),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_KEYS | _KEYS | _TEXT | st.integers() | st.none(), inner, max_size=6)
    ),
    max_leaves=20,
)

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,6}", fullmatch=True)
_SEGMENTS = st.from_regex(r"[A-Za-z0-9_~!$&()*+,;=:@-]{1,4}|%2F|%c3%a9|\.\.\.", fullmatch=True)
PATHS = st.lists(_SEGMENTS, max_size=4).map(lambda segments: "/" + "/".join(segments))
_REGEXES = st.sampled_from(["^/old/(.*)$", "^/(a|b)/([^/]+)/x$", r"\.deb$", "^/v[0-9]+/"])
_HOSTS = st.sampled_from(
    ["example.org", "A.Example.ORG", "10.0.0.1", "[2001:DB8:0::1]", "xn--p1ai", "a-b.c0"]
)
_HEADER_VALUES = st.from_regex(r"[!-&(-\[\]-~](?:[ -&(-\[\]-~]{0,8}[!-&(-\[\]-~])?", fullmatch=True)
_HEADERS = st.dictionaries(
    st.sampled_from(["X-Real-Ip", "x-team", "User-Agent", "X_1"]),
    _HEADER_VALUES
    | st.lists(_HEADER_VALUES, min_size=1, max_size=3)
    | st.builds(lambda r: {"regex": r}, _REGEXES),
    min_size=1,
    max_size=3,
)
NETWORKS = st.sampled_from(["10.0.0.0/8", "192.0.2.7", "::/0", "2001:db8::/32", "::1/128", "0.0.0.0/0"])
_PLAIN_PATHS = PATHS | st.builds(lambda path: {"exact": path + "/"}, PATHS.filter(lambda path: path != "/"))
_ALL_PATHS = _PLAIN_PATHS | st.builds(lambda regex: {"regex": regex}, _REGEXES)


def _without_nothing(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


_CONDITIONS = (
    st.fixed_dictionaries(
        {
            "paths": st.none() | PATHS | st.lists(_ALL_PATHS, min_size=1, max_size=3),
            "hosts": st.none() | _HOSTS | st.lists(_HOSTS, min_size=1, max_size=3),
            "headers": st.none() | _HEADERS,
            "source_ranges": st.none() | st.lists(NETWORKS, min_size=1, max_size=3),
            "methods": st.none() | st.lists(st.sampled_from(["GET", "head"]), min_size=1, max_size=2),
        }
    )
    .map(_without_nothing)
    .filter(bool)
)
_TARGETS: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda host, port, prefix: {"host": f"{host}{port}", "path_prefix": prefix},
    _HOSTS,
    st.sampled_from(["", ":443", ":8443"]),
    st.none() | PATHS,
) | st.builds(
    lambda scheme, host, port, prefix: {"url": f"{scheme}://{host}{port}{prefix}"},
    st.sampled_from(["http", "https", "HTTP"]),
    _HOSTS,
    st.sampled_from(["", ":80", ":65535"]),
    st.just("") | PATHS,
)
_ROUTES: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda target, conditions, code: {**target, "conditions": conditions, "code": code},
    _TARGETS,
    _CONDITIONS,
    st.sampled_from([None, 301, 302, 303, 307, 308]),
)
_REPLACING: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda target, replacement: {
        **target,
        "conditions": {"paths": {"regex": "^/(a|b)/([^/]+)/x$"}},
        "replace_path": replacement,
    },
    _TARGETS,
    st.sampled_from([r"/\1", r"/new/\2-\1/", "/%2F", r"/a.\2"]),
)
_STRIPPING: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda target, path: {**target, "conditions": {"paths": [path]}, "strip_prefix": True},
    _TARGETS,
    PATHS.filter(lambda path: path != "/"),
)


@st.composite
def route_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A list without faults; nothing is said of whether each route can be reached."""
    names: list[str] = draw(st.lists(NAMES, unique=True, max_size=5))
    routes: list[dict[str, Any]] = [draw(_ROUTES | _REPLACING | _STRIPPING) for _name in names]
    ends_with_default: bool = draw(st.booleans())
    if routes and ends_with_default:
        routes[-1] = draw(_TARGETS)
    return [{"name": name, **_without_nothing(route)} for name, route in zip(names, routes, strict=True)]
