# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request taken apart, and what the router answers by itself."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.guards import (
    malformed,
    own_answer,
    path_fault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import LONGEST_TEXT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import (
    Request,
    host_of,
    lower,
    receive,
    split_target,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)

PLAIN = RouterSettings()
OCI = RouterSettings(oci=True)
BEHIND = RouterSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))


def code_of(request: Request, settings: RouterSettings = PLAIN) -> int | None:
    answer = own_answer(request, receive(request, settings), settings)
    return answer.code if answer else None


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/a?b=c?d", "/a", "?b=c?d"),
        ("/a?", "/a", "?"),
        ("//a//b", "//a//b", ""),
        ("http://host.example/a?b", "/a", "?b"),
        ("HTTPS://user@host.example:443//a", "//a", ""),
        ("/a?http://host.example/b", "/a", "?http://host.example/b"),
        ("/http://host.example/b", "/http://host.example/b", ""),
        ("http://host.example", "", ""),
        ("http://host.example?b", "", ""),
        ("*", "", ""),
        ("host.example:443", "", ""),
    ],
)
def test_a_target_has_a_path_and_a_query(target: str, path: str, query: str) -> None:
    assert split_target(target) == (path, query)


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("A.Example", "a.example"),
        ("a.example:8080", "a.example"),
        ("a.example:", "a.example"),
        ("[2001:DB8::1]:80", "[2001:db8::1]"),
        ("[::1]", "[::1]"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("a,b", "a,b"),
        ("", ""),
    ],
)
def test_a_host_is_compared_without_its_port(line: str, host: str) -> None:
    assert host_of(line) == host


def test_only_ascii_letters_have_a_lower_case() -> None:
    assert lower("AbZ\u00c0\u0130") == "abz\u00c0\u0130"


def test_the_first_line_of_a_header_counts_and_its_blanks_do_not() -> None:
    request = Request(headers=(("X-A", " \t1 2\t"), ("x-a", "3"), ("X-B", "")))
    assert receive(request, PLAIN).headers == {"x-a": "1 2", "x-b": ""}


def test_headers_about_the_client_are_taken_from_trusted_proxies_only() -> None:
    lines = (("X-Real-Ip", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2"), ("X-A", "1"))
    trusted = receive(Request(headers=lines, source=ip_address("10.0.0.1")), BEHIND)
    stranger = receive(Request(headers=lines, source=ip_address("192.0.2.9")), BEHIND)
    assert trusted.headers["x-real-ip"] == "192.0.2.1"
    assert trusted.client == ip_address("192.0.2.2")
    assert not trusted.removed
    assert dict(stranger.headers) == {"x-a": "1"}
    assert stranger.client == ip_address("192.0.2.9")
    assert stranger.removed == {"x-real-ip", "x-forwarded-for"}


@pytest.mark.parametrize("method", ["GET", "DELETE", "get"])
@pytest.mark.parametrize("query", ["", "?", "?/../x"])
def test_health_is_told_to_every_method(method: str, query: str) -> None:
    assert code_of(Request(method, f"/_/healthz{query}")) == 200


@pytest.mark.parametrize("target", ["/_/healthz/", "/_/", "/_", "/x?/_/healthz"])
def test_nothing_else_is_reserved(target: str) -> None:
    assert code_of(Request("GET", target)) is None
    assert code_of(Request("POST", target)) == 405


def test_methods_are_compared_by_case_and_before_the_path() -> None:
    request = Request("get", "/a/../b")
    answer = own_answer(request, receive(request, PLAIN), PLAIN)
    assert answer is not None
    assert answer.code == 405
    assert answer.headers == (("Allow", "GET, HEAD"),)
    assert code_of(Request("PUT"), RouterSettings(methods=("PUT",))) is None
    assert code_of(Request("GET"), RouterSettings(methods=("PUT",))) == 405


@pytest.mark.parametrize(
    "path",
    [
        "/..",
        "/.",
        "/a/../b",
        "/a/./",
        "/%2e%2E/a",
        "/.%2e",
        "/%2e",
        "/a%00",
        "/%1Fb",
        "/%7f",
        "/%7F",
        r"/a\b",
        "/a#b",
        "*",
    ],
)
def test_paths_that_a_client_or_target_may_read_otherwise_are_refused(path: str) -> None:
    assert path_fault(path if path.startswith("/") else "")
    assert code_of(Request(target=path)) == 400


@pytest.mark.parametrize(
    "path",
    [
        "/...",
        "/a..b",
        "/..a",
        "/%2e%2e%2e",
        "/%20",
        "/%80",
        "/%2F..%2F",
        "/a;..",
        "//",
        "/%",
        "/%zz",
        "/~",
        "/.well-known",
        "/x?/../y",
    ],
)
def test_other_paths_are_taken_as_they_are(path: str) -> None:
    assert code_of(Request(target=path)) is None


@given(
    st.text("/.%2eE0a", max_size=8),
    st.sampled_from([".", "..", "%2e.", "%2E", "x%0d"]),
    st.text("/.a", max_size=5),
)
def test_what_is_below_a_refused_prefix_is_refused(before: str, segment: str, below: str) -> None:
    refused = f"/{before}/{segment}"
    assert path_fault(refused)
    assert path_fault(f"{refused}/{below}")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2", 200),
        ("/v2/", 200),
        ("/v2/_catalog", 404),
        ("/v2/_catalog/", None),
        ("/v2/a", None),
        ("/v2x", None),
    ],
)
def test_a_registry_is_pretended_at_its_roots(path: str, code: int | None) -> None:
    for query in ("", "?n=1"):
        assert code_of(Request(target=path + query), OCI) == code
        assert code_of(Request("POST", path + query), OCI) == 405
        assert code_of(Request(target=path + query), PLAIN) is None


def test_the_version_of_the_registry_is_told() -> None:
    request = Request(target="/v2/")
    answer = own_answer(request, receive(request, OCI), OCI)
    assert answer is not None
    assert answer.headers == (("Docker-Distribution-Api-Version", "registry/2.0"),)


@pytest.mark.parametrize(
    "request_",
    [
        Request("G(T"),
        Request(""),
        Request(target=""),
        Request(target="/a b"),
        Request(target="/a?\x01"),
        Request(target="/a\x7f"),
        Request(target="/\u00e4"),
        Request(target="/a?b#c"),
        Request(target="foo", headers=(("Host", "h"),)),
        Request(headers=(("X A", "1"),)),
        Request(headers=(("", "1"),)),
        Request(headers=(("X-A", "1\r\nX-B: 2"),)),
        Request(headers=(("Host", "a"), ("host", "b"))),
        Request(headers=(("Host", "a"), ("Host", "a:80"))),
        Request(target="http://a/", headers=(("Host", "b"),)),
        Request(target="http://a:81/", headers=(("Host", "a"),)),
        Request(target="http://u@a/", headers=(("Host", "u@a"),)),
    ],
)
def test_what_is_not_http_is_refused_before_anything_else(request_: Request) -> None:
    assert malformed(request_)
    assert code_of(request_) == 400


@pytest.mark.parametrize("method", ["CONNECT", "PRI"])
def test_methods_that_are_never_answered(method: str) -> None:
    assert code_of(Request(method, "/_/healthz")) == 400
    assert code_of(Request(method, "a:80")) == 400


@pytest.mark.parametrize(("length", "code"), [(LONGEST_TEXT, None), (LONGEST_TEXT + 1, 400), (9000, 400)])
def test_a_path_is_limited_where_a_route_searches_it(length: int, code: int | None) -> None:
    request = Request(target="/" + "a" * (length - 1) + "?" + "q" * 100)
    received = receive(request, PLAIN)
    header = Conditions(headers=(HeaderMatch("x-a", regex="a"),))
    path = Conditions((PathMatch(PathKind.REGEX, "^/x"),))
    target = Target("https", "t.example")
    plain = [Route("a", target, header), Route("b", target)]
    assert own_answer(request, received, PLAIN, plain) is None
    answer = own_answer(request, received, PLAIN, [*plain, Route("c", target, path)])
    assert (answer.code if answer else None) == code


@pytest.mark.parametrize(
    "request_",
    [
        Request("G-T", "/_/healthz"),
        Request("PRIM", "/_/healthz"),
        Request(headers=(("Host", "a"), ("host", "A"))),
        Request(target="http://a:80/", headers=(("Host", "A"),)),
        Request(target="https://a/", headers=(("Host", "a:443"),)),
        Request(target="http://u@a/", headers=(("Host", "a"),)),
        Request(target="http://a/"),
        Request(target='/a?b|"<>^`{}\\'),
        Request(headers=(("X-A", "\u00e4\x01"),)),
    ],
)
def test_what_haproxy_takes_is_not_refused(request_: Request) -> None:
    assert not malformed(request_)
