# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import (
    Origin,
    parse_url,
    resolve_location,
)

BASE = parse_url("https://registry.test:5000/v2/a/blobs/uploads/")


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://host", Origin("https", "host", 443), "/"),
        ("HTTP://Host:80/v2/", Origin("http", "host", 80), "/v2/"),
        ("https://[::1]:5000/a?b=c#d", Origin("https", "::1", 5000), "/a?b=c"),
        ("https://h/a%2Fb?x=%20", Origin("https", "h", 443), "/a%2Fb?x=%20"),
        ("https://h/\u00e9", Origin("https", "h", 443), "/%C3%A9"),
    ],
)
def test_read(text: str, origin: Origin, target: str) -> None:
    url = parse_url(text)
    assert (url.origin, url.target) == (origin, target)


def test_the_scheme_s_own_port_is_left_out() -> None:
    assert str(parse_url("https://h:443/x")) == "https://h/x"
    assert str(parse_url("http://[::1]:443/x")) == "http://[::1]:443/x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "ftp://host/",
        "https://",
        "https:///v2/",
        "https://h:0/",
        "https://h:65536/",
        "https://h:x/",
        "https://[::1/",
        "https://[::g]/",
        "https://a b/",
        "https://h/\r\nX: y",
        "https://-h/",
        "https://h..i/",
        "https://h/" + "a" * 20000,
        "https://h/\ud800",
        "https://h/?\udcff",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_url(text)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(SyntaxFault) as refused:
        parse_url("https://user:hidden@host/")
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (
            "/v2/a/blobs/uploads/1?_state=x",
            "https://registry.test:5000/v2/a/blobs/uploads/1?_state=x&digest=sha256%3Aa",
        ),
        ("1", "https://registry.test:5000/v2/a/blobs/uploads/1?digest=sha256%3Aa"),
        ("https://other/u?", "https://other/u?digest=sha256%3Aa"),
        ("//other/u?a=%2F", "https://other/u?a=%2F&digest=sha256%3Aa"),
    ],
)
def test_location_is_resolved_and_its_query_kept(location: str, expected: str) -> None:
    assert str(resolve_location(BASE, location).with_parameter("digest", "sha256:a")) == expected


def test_messages_show_no_query() -> None:
    assert parse_url("https://h/a?signature=hidden").without_query == "https://h/a"


@given(st.text(max_size=100) | st.text("htps:/[]@?#.%1a", max_size=40))
def test_any_location_is_resolved_or_refused(location: str) -> None:
    try:
        url = resolve_location(BASE, location)
    except SyntaxFault:
        return
    assert parse_url(str(url)) == url
    assert str(url).isascii()
