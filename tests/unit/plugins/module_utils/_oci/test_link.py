# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.link import (
    Link,
    next_target,
    parse_links,
)

TARGET = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="<>"), max_size=30)
RELATION = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('</v2/a/tags/list?last=b&n=2>; rel="next"', "/v2/a/tags/list?last=b&n=2"),
        ("</x>; rel=next", "/x"),
        ("</x>;REL=NEXT", "/x"),
        ('</x,y>; title="a, b; rel=next>"; rel="prev next"', "/x,y"),
        ('</a>; rel="prev", </b>; rel="next"', "/b"),
        ('</a>; rel="prev"; rel="next"', None),
        ("</a>", None),
        ("", None),
        (" , ,", None),
    ],
)
def test_next(header: str, target: str | None) -> None:
    assert next_target([header]) == target


@pytest.mark.parametrize("header", ["x", "<x", "</x> rel=next", '</x>; rel="next', "</x>; rel=next </y>"])
def test_refused(header: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_links(header)


@given(
    links=st.lists(st.tuples(TARGET, st.frozensets(RELATION, max_size=3)), max_size=4),
    separator=st.sampled_from([",", ", ", " ,,\t"]),
)
def test_what_was_written_is_read(links: list[tuple[str, frozenset[str]]], separator: str) -> None:
    header = separator.join(f'<{target}>; rel="{" ".join(relations)}"; x' for target, relations in links)
    assert parse_links(header) == tuple(Link(target, relations) for target, relations in links)


@given(st.text(max_size=200) | st.text('<>;,=" rel', max_size=60))
def test_any_text_is_read_or_refused(header: str) -> None:
    with suppress(SyntaxFault):
        assert all(isinstance(link, Link) for link in parse_links(header))


@pytest.mark.parametrize("piece", ["<", "<a>,", ";", "<a>;", " ", '"', "<a>;a=", ", "])
def test_reading_takes_linear_time(piece: str) -> None:
    started = time.monotonic()
    with suppress(SyntaxFault):
        parse_links(piece * (60_000 // len(piece)))
    assert time.monotonic() - started < 2
