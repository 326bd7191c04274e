# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading up to a mark: what comes with it stays for later, and a limit holds however the octets arrive."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import ProtocolFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.stream import Stream

MARK = b"\r\n\r\n"


@pytest.fixture(name="pair")
def _pair() -> Iterator[tuple[Stream, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = Stream(ours, Deadline.after(30))
        yield stream, theirs


def test_what_follows_the_mark_is_read_later(pair: tuple[Stream, socket.socket]) -> None:
    stream, other = pair
    stream.allow(1000)
    other.sendall(b"head\r\n\r\nbody")
    assert stream.read_through(MARK, 100) == b"head\r\n\r\n"
    assert stream.read_some(100) == b"body"


@settings(deadline=None)
@given(before=st.integers(0, 40), limit=st.integers(4, 40))
def test_the_mark_counts_and_one_piece_does_not_pass_the_limit(before: int, limit: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = Stream(ours, Deadline.after(30))
        stream.allow(1000)
        theirs.sendall(b"y" * before + MARK)
        if before + len(MARK) <= limit:
            assert stream.read_through(MARK, limit) == b"y" * before + MARK
        else:
            with pytest.raises(ProtocolFault, match=f"more than {limit} octets"):
                stream.read_through(MARK, limit)
