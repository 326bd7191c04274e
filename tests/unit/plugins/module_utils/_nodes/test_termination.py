# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.termination import (
    LONGEST_OUTPUT,
    LONGEST_REASON,
    Result,
    printable_lines,
    read_result,
)

TOLD = {
    "hash": "ab12",
    "code": 3,
    "changed": True,
    "seconds": 2.5,
    "reason": "it broke",
    "output": "one\ntwo",
}
RESULT = Result("ab12", 3, True, 2.5, "it broke", "one\ntwo")


def test_a_whole_message() -> None:
    assert read_result(json.dumps(TOLD)) == RESULT
    assert read_result(f"{json.dumps(TOLD, indent=None, ensure_ascii=False)}\n") == RESULT


def test_the_last_line_of_a_log_that_is_a_result_counts() -> None:
    earlier = json.dumps({**TOLD, "code": 0})
    assert read_result(f"some words\n{earlier}\n{json.dumps(TOLD)}\nmore words") == RESULT
    assert read_result(f"{json.dumps(TOLD)}\n{{ no result }}") == RESULT


@pytest.mark.parametrize(
    "message",
    ["", "\n", "words", "[]", "{}", '{"code": "0"}', '{"code": true}', '"code": 0', '{"code": 1', "{" * 9000],
)
def test_what_is_no_result(message: str) -> None:
    assert read_result(message) is None


def test_what_has_a_wrong_type_is_left_out() -> None:
    told = {"hash": 1, "code": 0, "changed": "yes", "seconds": "2", "reason": [], "output": None}
    assert read_result(json.dumps(told)) == Result("", 0, None, None, "", "")


@pytest.mark.parametrize("seconds", ["-1", "NaN", "Infinity", "1e999", "1" + "0" * 400, "true"])
def test_seconds_that_are_none(seconds: str) -> None:
    assert read_result(f'{{"code": 0, "seconds": {seconds}}}') == Result("", 0, None, None, "", "")


def test_a_cut_message_tells_what_is_left_of_it() -> None:
    line = '{"hash": "ab12", "code": 3, "changed": true, "seconds": 2.5, "reason": "it broke", "output": "one'
    assert read_result(line) == Result("ab12", 3, True, 2.5, "it broke", "one")
    assert read_result(line[: line.index(' "output"')]) == Result("ab12", 3, True, 2.5, "it broke", "")
    assert read_result('{"code": 3, "seconds": 2') == Result("", 3, None, None, "", "")
    assert read_result(r'{"code": 3, "output": "\q is no escape, wherever it is cut') == Result(
        "", 3, None, None, "", ""
    )
    assert read_result('{"code": 3, "changed": tr') == Result("", 3, None, None, "", "")


@given(st.text(max_size=40), st.data())
def test_a_message_cut_anywhere_gives_the_same_or_less(output: str, data: st.DataObject) -> None:
    told = {**TOLD, "output": output}
    line = json.dumps(told, ensure_ascii=data.draw(st.booleans()))
    whole = read_result(line)
    assert whole is not None
    cut = read_result(line[: data.draw(st.integers(0, len(line)))])
    if cut is None:
        return
    assert cut.code == 3
    assert cut.content_hash in (whole.content_hash, "")
    assert cut.changed in (True, None)
    assert cut.seconds in (2.5, None)
    assert whole.reason.startswith(cut.reason)


@given(st.text(alphabet='ab\\"\n\U0001f600é', min_size=1, max_size=20))
def test_a_string_cut_in_an_escape_loses_no_more_than_that(output: str) -> None:
    line = json.dumps({"code": 3, "output": output})
    begun = line.index('"output"') + len('"output": "')
    for end in range(begun, len(line)):
        found = read_result(line[:end])
        assert found is not None
        left = found.output.replace("\n", "").replace(" ", "")
        assert output.replace("\n", "").startswith(left)
        # An escape has twelve characters at most.
        assert len(json.dumps(found.output)) + 16 >= end - begun - 2 * output.count("\n")


def test_control_characters_do_not_reach_a_terminal() -> None:
    told = {
        "code": 1,
        "hash": "a\x1b[2J",
        "reason": "red\x1b[31m\nline",
        "output": "x\x1b[0m\r\ny\t\u2028z\n\n",
    }
    assert read_result(json.dumps(told)) == Result("a [2J", 1, None, None, "red [31m line", "x [0m\ny\nz")


def test_separators_that_are_not_line_feeds_end_no_message() -> None:
    line = json.dumps({"code": 1, "reason": "a\u2028b\x85c"}, ensure_ascii=False)
    assert read_result(line) == Result("", 1, None, None, "a b c", "")


def test_what_is_long_is_cut() -> None:
    found = read_result(json.dumps({"code": 1, "reason": "r" * 5000, "output": "o" * 9000 + "end"}))
    assert found is not None
    assert len(found.reason) == LONGEST_REASON
    assert len(found.output) == LONGEST_OUTPUT
    assert found.output.endswith("end")
    assert printable_lines("a\nb\nc", 3) == "b\nc"


def test_lines_keep_their_indentation() -> None:
    assert printable_lines("\n\nif:\n  then  \n\n\telse\rx\n") == "if:\n  then\n\n else\nx"


@given(st.text() | st.dictionaries(st.sampled_from(sorted(TOLD)), st.from_type(object)).map(repr))
def test_no_message_raises(message: str) -> None:
    found = read_result(message)
    assert found is None or isinstance(found, Result)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists), st.data())
def test_no_value_raises(value: Any, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(TOLD)))
    found = read_result(json.dumps({**TOLD, key: value}))
    assert found is None or found.code == (value if key == "code" else 3)
