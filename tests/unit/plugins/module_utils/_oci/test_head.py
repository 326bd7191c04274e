# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import ProtocolFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.head import chunk_size, parse_head

NAME = st.from_regex(r"X[A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}", fullmatch=True)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)


def head(*lines: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    return "\r\n".join((f"HTTP/{version} {status}", *lines, "", "")).encode("latin-1")


@given(
    headers=st.lists(st.tuples(NAME, VALUE), max_size=20),
    status=st.integers(100, 999),
    length=st.integers(0, 10**17),
)
def test_what_was_written_is_read(headers: list[tuple[str, str]], status: int, length: int) -> None:
    lines = [f"{name}: {value}" for name, value in headers]
    read = parse_head(head(*lines, f"content-LENGTH:{length}", status=str(status)), "GET")
    assert read.status == status
    assert read.headers == (*headers, ("content-LENGTH", str(length)))
    assert read.length == (0 if status in (204, 304) or status < 200 else length)
    assert read.keeps


@pytest.mark.parametrize(
    ("content", "length", "chunked", "keeps"),
    [
        (head(), None, False, False),
        (head("Content-Length: 3"), 3, False, True),
        (head("Content-Length: 3", "Content-Length: 3"), 3, False, True),
        (head("Content-Length: 3", "Connection: close"), 3, False, False),
        (head("Content-Length: 3", version="1.0"), 3, False, False),
        (head("Transfer-Encoding: Chunked"), None, True, True),
        (head(status="204 No Content"), 0, False, True),
    ],
)
def test_framing(content: bytes, length: int | None, chunked: bool, keeps: bool) -> None:
    read = parse_head(content, "GET")
    assert (read.length, read.chunked, read.keeps) == (length, chunked, keeps)


def test_the_answer_to_head_has_no_body() -> None:
    assert parse_head(head("Content-Length: 3"), "HEAD").length == 0


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/2 200\r\n\r\n",
        head(status="099"),
        head("No colon"),
        head("Name : x"),
        head("A: b", " folded"),
        head("A: b\x00c"),
        head("A: b\nB: c"),
        head("Content-Length: -1"),
        head("Content-Length: 1", "Content-Length: 2"),
        head("Content-Length: 1", "Transfer-Encoding: chunked"),
        head("Transfer-Encoding: gzip"),
        head(*["A: b"] * 200),
    ],
)
def test_refused(content: bytes) -> None:
    with pytest.raises(ProtocolFault):
        parse_head(content, "GET")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(ProtocolFault):
        assert parse_head(b"HTTP/1.1 200 OK\r\n" + content + b"\r\n\r\n", "GET").status == 200
    with suppress(ProtocolFault):
        assert chunk_size(content) >= 0


@given(st.integers(0, 16**15 - 1))
def test_chunk_sizes(size: int) -> None:
    assert chunk_size(f"{size:X} ;extension=1\r\n".encode()) == size


@pytest.mark.parametrize("line", [b"", b"-1", b"+1", b"0x1", b"1 2", b"g", b"1_0", b"1" * 16])
def test_chunk_sizes_refused(line: bytes) -> None:
    with pytest.raises(ProtocolFault):
        chunk_size(line + b"\r\n")


@pytest.mark.parametrize("piece", [" ", "a", ":", "\t", "a:", "\x7f"])
def test_reading_takes_linear_time(piece: str) -> None:
    started = time.monotonic()
    with suppress(ProtocolFault):
        parse_head(head("A: " + piece * 60_000 + "\x00"), "GET")
    assert time.monotonic() - started < 1
