# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, ports, URLs and paths."""

from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Target
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    highest_group,
    read_authority,
    read_expansion,
    read_host,
    read_path,
    read_prefix,
    read_target_prefix,
    read_url,
)
from tests.unit.plugins.module_utils._routes.reading import read, refused


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
