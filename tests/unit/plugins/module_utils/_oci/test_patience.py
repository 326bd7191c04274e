# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import (
    Patience,
    parse_http_date,
    retry_after_seconds,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.warnings import warning_texts

NOW = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)


@given(st.integers(-(10**6), 10**6))
def test_dates_and_seconds_mean_the_same(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after_seconds(date, NOW) == max(0, seconds)
    if seconds >= 0:
        assert retry_after_seconds(f" {seconds} ", NOW) == seconds


@pytest.mark.parametrize("value", [None, "", "-1", "soon", "1.5", "9" * 10, "Mon, 99 Foo", "\u0663"])
def test_what_cannot_be_read_asks_for_nothing(value: str | None) -> None:
    assert retry_after_seconds(value, NOW) is None


@given(st.text(max_size=80))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = parse_http_date(text)
    assert moment is None or moment.tzinfo is not None


@pytest.mark.parametrize(
    ("method", "status", "retried"),
    [("GET", 503, True), ("PUT", 503, False), ("PUT", 429, True), ("GET", 500, False), ("HEAD", 502, True)],
)
def test_only_what_may_be_sent_again_is(method: str, status: int, retried: bool) -> None:
    assert (Patience(2, 0.5).wait(0, method, status, None) == 0.5) is retried
    assert Patience(2).wait(1, method, status, "0") is None


def test_a_server_that_is_down_is_not_one_that_asks_for_patience() -> None:
    patience = Patience(2, 0.5, only_when_asked=True)
    assert patience.wait(0, "GET", 503, "1") is None
    assert patience.wait(0, "GET", 429, "1") == 1


def test_pauses_grow_and_the_server_is_heard() -> None:
    patience = Patience(4, 0.5)
    assert [patience.wait(attempt, "GET", 429, None) for attempt in range(4)] == [0.5, 1.0, 2.0, None]
    assert patience.wait(0, "GET", 429, "7") == 7


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ('299 - "is going away"', ("is going away",)),
        ('299 registry.test "a \\"b\\"\x1b[31m" "Mon"', ('a "b" [31m',)),
        ('299 - "a", 299 - "b"', ("a", "b")),
        ('299 - "a, 299 - b" "Mon, 1 Jan" , 110 - "stale",299 x "c"', ("a, 299 - b", "c")),
        ('299 - "a" nonsense, 299 - "b"', ("a",)),
        ('199 - "x"', ()),
        ("299 - x", ()),
        ("", ()),
    ],
)
def test_warnings(header: str, texts: tuple[str, ...]) -> None:
    assert warning_texts(header) == texts


@given(st.integers(0, 400))
def test_warnings_are_cut_after_secrets_are_out(before: int) -> None:
    (text,) = warning_texts(f'299 - "{"x" * before} {"sesame-open" * 40}"', {"sesame-open"})
    assert "sesa" not in text
    assert not text.removesuffix("...").rstrip("*").endswith(("s", "e"))


@given(st.text(max_size=100))
def test_warnings_are_printable(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    (shown,) = warning_texts(f'299 - "{escaped}"')
    assert shown.isprintable()
