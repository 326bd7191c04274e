# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.hidden import (
    HIDDEN,
    SHORTEST_HIDDEN,
    Secrets,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome, State


def test_each_line_of_a_value_is_hidden() -> None:
    secrets = Secrets.of(["one-line", "first\nsecond\n", "tab\there"])
    assert secrets.hide("one-line, first, second; tab here, tab\there") == (
        f"{HIDDEN}, {HIDDEN}, {HIDDEN}; {HIDDEN}, {HIDDEN}"
    )


def test_what_is_short_stays() -> None:
    assert Secrets.of(["1", "yes"]).hide("1 yes 21") == "1 yes 21"


def test_a_value_that_was_cut_off_is_hidden() -> None:
    secrets = Secrets.of(["correct-horse"])
    assert secrets.hide("horse and the end: correct-") == f"{HIDDEN} and the end: {HIDDEN}"


def test_a_value_within_another_is_hidden_with_it() -> None:
    assert Secrets.of(["abcd", "abcdefgh"]).hide("<abcdefgh> <abcd>") == f"<{HIDDEN}> <{HIDDEN}>"


def test_an_outcome_tells_neither_in_reason_nor_output() -> None:
    outcome = Outcome("n", State.FAILED, 1, reason="bad token abcd1234", output="abcd1234\n")
    hidden = Secrets.of(["abcd1234"]).hidden_in(outcome)
    assert (hidden.reason, hidden.output) == (f"bad token {HIDDEN}", f"{HIDDEN}\n")


@given(st.text(min_size=SHORTEST_HIDDEN), st.text(), st.text())
def test_no_line_of_a_value_is_left(value: str, before: str, after: str) -> None:
    told = Secrets.of([value]).hide(f"{before}{value}{after}".replace(HIDDEN, ""))
    lines = [line.strip() for line in value.splitlines()]
    for line in lines:
        if len(line) >= SHORTEST_HIDDEN and line not in HIDDEN:
            assert line not in told.replace(HIDDEN, "\0")
