# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/fuzz does for longer, and led by coverage: any octets are read, or refused as they may be."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, Parser

TEXT = st.text(st.characters(), max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
EACH = pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS.keys())


def damaged(example: bytes) -> st.SearchStrategy[bytes]:
    """The example with a piece of it replaced, or given twice."""
    place = st.integers(0, len(example))
    return st.builds(
        lambda start, end, piece: example[:start] + piece + example[end:],
        place,
        place,
        st.binary(max_size=4)
        | st.sampled_from([b"\\ud800", b"\xed\xa0\x80", b"\xff", b'"', b"[", b"9" * 400]),
    )


@EACH
# A busy machine is no fault of a parser.
@settings(deadline=None)
@given(data=st.data())
def test_any_octets_are_read_or_refused(parser: Parser, data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=200) | TEXT | st.one_of(*map(damaged, parser.examples)))
    with suppress(*([parser.refusal] if parser.refusal is not None else [])):
        parser.read(content)


@EACH
def test_examples_are_read(parser: Parser) -> None:
    assert parser.examples
    for example in parser.examples:
        parser.read(example)
