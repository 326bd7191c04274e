# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.yaml_writer import (
    yaml_documents,
    yaml_text,
)

# What some reader takes for something else.
_WITHOUT_BLANKS = """
yes No on NULL ~ 1 0x1F 0o7 0b1 1_000 1e3 .5 12:30:45 2026-11-21 # !x &x *x | > % @ ` = << .nan --- ... ../a
"""
_BLANKS = (
    "- a",
    "a: b",
    "a #b",
    " a",
    "a ",
    "a\n",
    "\na\n",
    "a\n\nb\n",
    "a\r\n",
    "  a\nb\n",
    "a \nb\n",
    "\ta\n",
)
_WORDS = (*_WITHOUT_BLANKS.split(), *_BLANKS, "", "\u2028", "\x85", "\x7f", "\U0001f600")
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(_WORDS)
_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    _TEXTS | st.none() | st.booleans() | _NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_what_is_written_is_read_as_it_was(value: dict[str, Any]) -> None:
    text = yaml_text(value)
    assert yaml.safe_load(text) == value
    assert text.endswith("\n")
    assert text.isascii()


def test_it_reads_well() -> None:
    value: dict[str, Any] = {
        "a": [{"b": 1, "c": ["x", []]}, "z"],
        "d": {},
        "text": "one\ntwo: 2\n",
        "e": "1",
        "f": None,
    }
    listed = "a:\n  - b: 1\n    c:\n      - x\n      - []\n  - z\n"
    assert yaml_text(value) == f'{listed}d: {{}}\ntext: |\n  one\n  two: 2\ne: "1"\nf: null\n'


def test_documents_follow_each_other() -> None:
    text = yaml_documents([{"a": "1"}, {"b": "2"}])
    assert list(yaml.safe_load_all(text)) == [{"a": "1"}, {"b": "2"}]


@pytest.mark.parametrize("value", [{1}, b"a", object()])
def test_what_yaml_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        yaml_text({"a": value})
