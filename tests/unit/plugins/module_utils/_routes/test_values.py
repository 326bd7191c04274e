# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from ipaddress import IPv6Network, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Target
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    Reader,
    highest_group,
    read_authority,
    read_code,
    read_each,
    read_expansion,
    read_flag,
    read_header_name,
    read_header_value,
    read_host,
    read_method,
    read_name,
    read_network,
    read_path,
    read_prefix,
    read_target_prefix,
    read_url,
)
from tests.unit.plugins.module_utils._routes.written import JSON_LIKE

READERS: tuple[Reader[Any], ...] = (
    read_authority,
    read_code,
    read_expansion,
    read_flag,
    read_header_name,
    read_header_value,
    read_host,
    read_method,
    read_name,
    read_network,
    read_path,
    read_prefix,
    read_target_prefix,
    read_url,
)


def read(reader: Reader[Any], value: object) -> Any:
    faults: list[Fault] = []
    found = reader(value, "here", faults)
    assert faults == []
    return found


def refused(reader: Reader[Any], value: object) -> str:
    faults: list[Fault] = []
    assert reader(value, "here", faults) is None
    (fault,) = faults
    assert fault.where == "here"
    return fault.message


@pytest.mark.parametrize("name", ["a", "k8s.gcr.io", "0-_.", "A" * 63])
def test_names(name: str) -> None:
    assert read(read_name, name) == name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a|b", "A" * 64, "a\n", "é", 7, None, ["a"]])
def test_no_names(name: object) -> None:
    refused(read_name, name)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("example.org", "example.org"),
        ("A-1.Example.ORG", "a-1.example.org"),
        ("localhost", "localhost"),
        ("10.0.0.1", "10.0.0.1"),
        ("1e100.net", "1e100.net"),
        ("[2001:DB8:0::1]", "[2001:db8::1]"),
        (".".join(["a" * 63] * 3) + "." + "b" * 61, ".".join(["a" * 63] * 3) + "." + "b" * 61),
    ],
)
def test_hosts(written: str, host: str) -> None:
    assert read(read_host, written) == host
    assert read(read_authority, written) == host
    assert read(read_authority, f"{written}:8443") == f"{host}:8443"
    assert read(read_authority, f"{written}:443") == host
    assert "without a port" in refused(read_host, f"{written}:80")


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a..b",
        "-a",
        "a-",
        "a_b",
        "example.org.",
        "a" * 64,
        ".".join(["a" * 63] * 4),
        "a b",
        "a\n",
        "a/b",
        "*.example.org",
        "1.2.3",
        "256.0.0.1",
        "010.0.0.1",
        "1.2.3.4.5",
        "a.0x7f",
        "0x",
        "2130706433",
        "::1",
        "[::1",
        "::1]",
        "[]",
        "[1.2.3.4]",
        "[fe80::1%eth0]",
        "[::g]",
        "\u212aubernetes.io",
        "b\u00fccher.example",
        "a'b",
        "a%62",
        "user@host",
        None,
        5,
        True,
    ],
)
def test_no_hosts(host: object) -> None:
    refused(read_host, host)
    refused(read_authority, host)


@pytest.mark.parametrize("port", ["", "0", "00", "080", "65536", "99999999", "-1", "+1", "a", "8 ", "\u0661"])
def test_no_ports(port: str) -> None:
    assert "65535" in refused(read_authority, f"example.org:{port}")
    assert "65535" in refused(read_url, f"http://[::1]:{port}/a")


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("https://example.org", Target("https", "example.org")),
        ("https://example.org/", Target("https", "example.org")),
        ("HTTPS://Example.org:443/A/b/", Target("https", "example.org", "/A/b")),
        ("http://example.org:443", Target("http", "example.org:443")),
        ("http://[::1]:80/a@b", Target("http", "[::1]", "/a@b")),
    ],
)
def test_urls(written: str, target: Target) -> None:
    assert read(read_url, written) == target
    assert read(read_url, str(target)) == target


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("example.org", "does not begin with http:// or https://"),
        ("ftp://example.org", "does not begin with"),
        ("http\u017f://example.org", "does not begin with"),
        ("https:/example.org", "does not begin with"),
        ("https://", "not a host"),
        ("https:///a", "not a host"),
        ("https://example.org\\a", "not a host"),
        ("https://example.org/a b", "' ' is not allowed"),
        ("https://example.org/a\r\nX: y", "is not allowed"),
        ("https://example.org//a", "empty segment"),
        ("https://example.org/a/..", "dot segment"),
        ("https://example.org/?a=b", "query"),
        ("https://example.org/#a", "fragment"),
        ("https://user@example.org/", "user"),
        (None, "nothing is not a string"),
    ],
)
def test_no_urls(url: object, reason: str) -> None:
    assert reason in refused(read_url, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hidden@example.org/",
        "https:/user:hidden@example.org",
        "user:hidden@example.org",
        "https://example.org/?signature=hidden",
        "ftp://example.org/?signature=hidden",
    ],
)
def test_what_may_be_secret_is_not_repeated(url: str) -> None:
    assert "hidden" not in refused(read_url, url)
    assert "hidden" not in refused(read_host, url)
    assert "hidden" not in refused(read_authority, url)


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/", "/"),
        ("/kops", "/kops"),
        ("/kops/", "/kops"),
        ("/a/.b/c./.../..d", "/a/.b/c./.../..d"),
        ("/%2F%c3%A9/%2ea", "/%2F%c3%A9/%2ea"),
        ("/._~!$&()*+,;=:@-", "/._~!$&()*+,;=:@-"),
        ("/" + "a" * 999, "/" + "a" * 999),
    ],
)
def test_paths(path: str, prefix: str) -> None:
    assert read(read_path, path) == path
    assert read(read_prefix, path) == prefix
    assert read(read_target_prefix, path) == prefix.removesuffix("/")


def test_no_prefix_of_a_target() -> None:
    assert [read(read_target_prefix, value) for value in (None, "")] == ["", ""]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("kops", "begin with a slash"),
        ("/" + "a" * 1000, "longer than 1000"),
        ("//", "empty segment"),
        ("/a//b", "empty segment"),
        ("/a//", "empty segment"),
        ("/.", "dot segment"),
        ("/a/../b", "dot segment"),
        ("/a/%2E.", "dot segment"),
        ("/.%2e/b", "dot segment"),
        ("/%0a", "control"),
        ("/a%1Fb", "control"),
        ("/%7f", "control"),
        ("/%", "hexadecimal"),
        ("/%2", "hexadecimal"),
        ("/%g0", "hexadecimal"),
        ("/a b", "' '"),
        ("/a'b", '"\'"'),
        ('/a"', "'\"'"),
        ("/a\\b", r"'\\'"),
        ("/a#b", "'#'"),
        ("/a?b", "'?'"),
        ("/${A}", "'{'"),
        ("/a|b", "'|'"),
        ("/a\n", r"'\n'"),
        ("/\u00e9", "'\u00e9'"),
        (3, "not a string"),
    ],
)
def test_no_paths(path: object, reason: str) -> None:
    for reader in (read_path, read_prefix, read_target_prefix, read_expansion):
        message = refused(reader, path)
        assert reason in message or (reader is read_expansion and "\\" in message)


@pytest.mark.parametrize(
    ("expansion", "highest"), [("/", 0), ("/new", 0), (r"/\1", 1), (r"/a/\3.\2/", 3), (r"/\1\9", 9)]
)
def test_expansions(expansion: str, highest: int) -> None:
    assert read(read_expansion, expansion) == expansion
    assert highest_group(expansion) == highest


@pytest.mark.parametrize(
    "expansion", [r"\1", r"/\0", r"/\10", r"/\\1", r"/\a", "/\\", r"/%\1", r"/%2\1", r"/../\1"]
)
def test_no_expansions(expansion: str) -> None:
    refused(read_expansion, expansion)


@pytest.mark.parametrize("name", ["X-Team", "x", "0_", "a" * 100])
def test_header_names(name: str) -> None:
    assert read(read_header_name, name) == name.lower()


@pytest.mark.parametrize(
    "name", ["", "-a", "_a", "a b", "a:", "a(", "a\n", "a" * 101, "Host", "\u212a", None, 1]
)
def test_no_header_names(name: object) -> None:
    refused(read_header_name, name)


@pytest.mark.parametrize("value", ["a", "a b", '"%[src]" # ${A},;|', "~", "a" * 1000])
def test_header_values(value: str) -> None:
    assert read(read_header_value, value) == value


@pytest.mark.parametrize(
    "value", ["", " ", " a", "a ", "a\tb", "a\n", "it's", "a\\b", "\u00e9", "a" * 1001, None, {}]
)
def test_no_header_values(value: object) -> None:
    refused(read_header_value, value)


@pytest.mark.parametrize("value", [1, 1.5, True])
def test_a_header_value_that_yaml_took_for_something_else(value: object) -> None:
    assert "quotes" in refused(read_header_value, value)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8", "192.0.2.7", "::1", "2001:DB8::/32", "0.0.0.0/0", "::ffff:10.0.0.1"]
)
def test_networks(text: str) -> None:
    assert read(read_network, text) == ip_network(text)


def test_a_range_with_bits_behind_its_prefix_names_the_range() -> None:
    assert "the range is 10.0.0.0/8" in refused(read_network, "10.1.2.3/8")
    assert "the range is 2001:db8::/32" in refused(read_network, "2001:db8::1/32")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "010.0.0.0/8",
        "10.0.0.0/255.0.0.0",
        "a",
        "10.0.0.1 ",
        "fe80::1%eth0",
        "10.0.0.0/-1",
        "10.0.0.0/\u0661",
        "10.0.0.0/8/8",
        "10.0.0.0/08 ",
        10,
        None,
        ["10.0.0.1"],
    ],
)
def test_no_networks(text: object) -> None:
    refused(read_network, text)


@pytest.mark.parametrize("method", ["GET", "head", "Propfind"])
def test_methods(method: str) -> None:
    assert read(read_method, method) == method.upper()


@pytest.mark.parametrize("method", ["", "G ET", "M-SEARCH", "\u0131", "a" * 21, "connect", 1, None])
def test_no_methods(method: object) -> None:
    refused(read_method, method)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_codes(code: int) -> None:
    assert read(read_code, code) == code


@pytest.mark.parametrize("code", [0, 200, 300, 304, 404, "302", 302.0, True, None, [302]])
def test_no_codes(code: object) -> None:
    assert "301, 302, 303, 307, 308" in refused(read_code, code)


def test_flags() -> None:
    assert [read(read_flag, value) for value in (None, False, True)] == [False, False, True]
    others: tuple[object, ...] = (0, 1, "true", "", [])
    for value in others:
        assert "true, false" in refused(read_flag, value)


def test_each_of_a_list() -> None:
    assert read(lambda *rest: read_each(rest[0], rest[1], "names", read_name, rest[2]), ["b", "a"]) == (
        "b",
        "a",
    )
    assert read(lambda *rest: read_each(rest[0], rest[1], "names", read_name, rest[2]), "a") == ("a",)
    faults: list[Fault] = []
    assert read_each(["a", "", "b", 1], "here", "names", read_name, faults) == ("a", "b")
    assert [fault.where for fault in faults] == ["here[1]", "here[3]"]
    assert read_each([], "here", "names", read_name, faults, may_be_empty=True) == ()
    assert len(faults) == 2
    assert read_each([], "here", "names", read_name, faults) == ()
    assert read_each({}, "here", "names", read_name, faults) == ()
    assert [fault.message.partition(";")[0] for fault in faults[2:]] == [
        "the list of names is empty",
        "a mapping is not a list of names",
    ]


@given(st.sampled_from(READERS), JSON_LIKE | st.text("htps:/[]@?#.%1a'\\ \n", max_size=30))
def test_anything_is_a_value_or_a_fault(reader: Reader[Any], value: object) -> None:
    faults: list[Fault] = []
    found = reader(value, "here", faults)
    assert (found is None) == bool(faults)
    assert all(str(fault).isprintable() for fault in faults)
    if isinstance(found, str):
        assert re.fullmatch(r"[ -&(-~]*", found)
        assert read(reader, found) == found


@given(st.ip_addresses(), st.integers(0, 128))
def test_every_network_is_read(address: Any, prefix: int) -> None:
    network = ip_network(f"{address}/{min(prefix, address.max_prefixlen)}", strict=False)
    assert read(read_network, str(network)) == network
    if isinstance(network, IPv6Network):
        assert read(read_host, f"[{address.exploded}]") == f"[{address.compressed}]"
    else:
        assert read(read_host, str(address)) == str(address)
