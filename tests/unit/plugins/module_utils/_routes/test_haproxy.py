# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from dataclasses import replace
from ipaddress import ip_network

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    RenderError,
    RenderOptions,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import PatternError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_networks import (
    as_version_6,
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

TARGET = Target("https", "t.example")
KOPS = Route("kops", TARGET, Conditions((PathMatch(PathKind.PREFIX, "/kops"),)))
LAST = Route("last", TARGET)
TEAM = Route("team", TARGET, Conditions(headers=(HeaderMatch("x-team", ("a",)),)))
NEAR = Route("near", TARGET, Conditions(source_ranges=(ip_network("10.0.0.0/8"),)))
QUIET = RenderOptions(access_log=False)
TRUSTING = RouterSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))


def main_file(*routes: Route, settings: RouterSettings | None = None, options: RenderOptions = QUIET) -> str:
    return render(routes, settings or RouterSettings(), options).files["haproxy.cfg"]


def test_the_files_and_their_checksum() -> None:
    rendered = render([KOPS, replace(LAST, conditions=Conditions(hosts=("h",)))], RouterSettings())
    assert list(rendered.files) == ["haproxy.cfg", "prefix.map", "host.map", "host-prefix.map"]
    assert rendered.files["prefix.map"] == "/kops/ 0|302|0|kops|https://t.example\n"
    assert rendered.files["host.map"] == "h 0\n"
    assert rendered.files["host-prefix.map"] == "0/ 1|302|0|last|https://t.example\n"
    text = "".join(f"{name}\0{content}\0" for name, content in rendered.files.items())
    assert rendered.checksum == hashlib.sha256(text.encode()).hexdigest()
    assert render([KOPS], RouterSettings()).checksum != rendered.checksum


def test_no_routes_need_no_map() -> None:
    rendered = render([], RouterSettings())
    assert list(rendered.files) == ["haproxy.cfg"]
    assert "map_" not in rendered.files["haproxy.cfg"]
    assert "redirect" not in rendered.files["haproxy.cfg"]


@pytest.mark.parametrize(
    ("routes", "settings", "part", "is_there"),
    [
        ([KOPS], None, "no route answers", True),
        ([LAST], None, "no route answers", False),
        ([KOPS], None, "set-path", False),
        ([replace(KOPS, strip_prefix=True)], None, "set-path", True),
        ([KOPS, replace(LAST, code=302)], None, "field(2,|)", False),
        ([KOPS, replace(LAST, code=308)], None, "field(2,|)", True),
        ([KOPS], None, "txn.host", False),
        ([KOPS], TRUSTING, "x-forwarded-for", False),
        ([NEAR], TRUSTING, "x-forwarded-for", True),
        ([NEAR], None, "'src' -m ip -- '::ffff:a00:0/104'", True),
        ([TEAM, LAST], None, "int lt", False),
        ([KOPS, TEAM, LAST], None, "!{ var(txn.rule) -m int lt 1 }", True),
        ([KOPS], None, "/v2/", False),
        ([KOPS], RouterSettings(oci=True), "/v2/", True),
        ([KOPS], None, "http-after-response", False),
        ([KOPS], RouterSettings(route_header="x-route"), "http-after-response set-header x-route", True),
        ([KOPS, replace(LAST, code=302)], None, "acl plain", True),
        ([KOPS, replace(LAST, code=308)], None, "acl plain", False),
        ([replace(KOPS, strip_prefix=True)], None, "acl plain", False),
        ([KOPS, TEAM], None, "acl plain", False),
        ([replace(KOPS, conditions=Conditions(hosts=("h",)))], None, "acl plain", False),
        ([KOPS], RouterSettings(oci=True), "acl plain", False),
        ([KOPS], TRUSTING, "acl plain", False),
        ([], None, "acl plain", False),
    ],
)
def test_only_what_the_routes_need_is_there(
    routes: list[Route], settings: RouterSettings | None, part: str, is_there: bool
) -> None:
    assert (part in main_file(*routes, settings=settings)) is is_there


def test_each_condition_is_a_test_of_its_own() -> None:
    conditions = Conditions(
        paths=(
            PathMatch(PathKind.PREFIX, "/a"),
            PathMatch(PathKind.EXACT, "/b/"),
        ),
        hosts=("h.example", "[::1]"),
        headers=(HeaderMatch("x-team", ("a b", "}")), HeaderMatch("user-agent", (), "^x")),
        methods=("HEAD",),
    )
    text = main_file(KOPS, Route("all", TARGET, conditions, code=308))
    assert text.partition("acl r1_method")[1:] == (
        "acl r1_method",
        " method HEAD\n"
        "  acl r1_host 'var(txn.host)' -m str -- 'h.example' '[::1]'\n"
        "  acl r1_path 'path,concat(/)' -m beg -- '/a/'\n"
        "  acl r1_path 'path' -m str -- '/b/'\n"
        "  acl r1_header0 'req.fhdr(x-team,1)' -m str -- 'a b' '}'\n"
        "  acl r1_length1 'req.fhdr(user-agent,1)' -m len -- '0:2048'\n"
        "  acl r1_header1 'req.fhdr(user-agent,1)' -m reg -- '^x'\n"
        "  http-request set-var(txn.rule) 'str(\"1|308|0|all|https://t.example\")'"
        " if !{ var(txn.rule) -m int lt 1 } r1_method r1_host r1_path r1_header0 r1_length1 r1_header1\n"
        + text.partition("r1_header0 r1_length1 r1_header1\n")[2],
    )


def test_a_path_is_replaced_once_its_route_is_known() -> None:
    conditions = Conditions((PathMatch(PathKind.REGEX, "^/old/(.*)$"),))
    text = main_file(KOPS, Route("old", TARGET, conditions, replace_path=r"/n%20/\1"))
    line = r"http-request replace-path '^/old/(.*)$' '/n%%20/\1' if { var(txn.rule) -m int eq 1 }"
    assert f"\n  {line}\n" in text


def test_an_expression_that_was_not_read_is_refused() -> None:
    conditions = Conditions((PathMatch(PathKind.REGEX, "(?=a)"),))
    with pytest.raises(PatternError):
        main_file(Route("old", TARGET, conditions))


def test_a_header_of_clients_counts_only_from_a_trusted_peer() -> None:
    told = HeaderMatch("x-forwarded-for", (), "^10")
    text = main_file(Route("a", TARGET, Conditions(headers=(told,))), settings=TRUSTING)
    assert "http-request del-header x-forwarded-for if !trusted_peer" in text
    assert "'req.fhdr(x-forwarded-for,1)' -m reg" in text
    # The line is changed where the client is looked for in it, so a copy is kept.
    text = main_file(Route("a", TARGET, replace(NEAR.conditions, headers=(told,))), settings=TRUSTING)
    assert "set-var(txn.told_client) 'req.fhdr(x-forwarded-for,1)'" in text
    assert "'var(txn.told_client)' -m reg" in text


def test_a_condition_may_have_many_values() -> None:
    values = tuple(f"v{number}" for number in range(33))
    text = main_file(Route("a", TARGET, Conditions(headers=(HeaderMatch("x-team", values),))))
    lines = [line for line in text.split("\n") if line.startswith("  acl r0_header0 ")]
    assert [line.count("'v") for line in lines] == [16, 16, 1]


def test_the_options_are_taken() -> None:
    options = RenderOptions(
        http_port=81,
        metrics_port=82,
        bind_ipv6=True,
        threads=3,
        max_connections=4,
        access_log=False,
        drain_seconds=5,
        folder="/f",
        address="127.0.0.1",
    )
    text = main_file(KOPS, options=options)
    for line in (
        "bind 127.0.0.1:81 proto h1",
        "bind :::81 v6only proto h1",
        "bind 127.0.0.1:82 proto h1",
        "bind :::82 v6only proto h1",
        "nbthread 3",
        "maxconn 4",
        "hard-stop-after 5s",
        "http-request set-var(txn.rule) 'path,concat(/#),map_beg(/f/prefix.map)'",
    ):
        assert f"\n  {line}\n" in text
    assert "log stdout" not in text
    assert "log-format" not in text
    assert "log stdout" in main_file(KOPS, options=replace(options, access_log=True))


def test_networks_of_version_4_are_mapped() -> None:
    networks = [ip_network(each) for each in ("10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "192.0.2.1")]
    assert as_version_6(networks) == [
        "::ffff:a00:0/104",
        "::ffff:0:0/96",
        "2001:db8::/32",
        "::ffff:c000:201/128",
    ]


def test_too_many_routes_are_refused_with_their_size() -> None:
    host = "h" * 60
    routes = [
        Route(f"r{number}", Target("https", host), Conditions((PathMatch(PathKind.PREFIX, f"/{number}"),)))
        for number in range(12_000)
    ]
    with pytest.raises(RenderError, match=r"12000 routes has 11\d{5} octets; at most 1000000 fit"):
        render(routes, RouterSettings())
    assert len(render(routes[:10_000], RouterSettings()).files) == 2
