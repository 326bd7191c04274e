# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.hidden import (
    HIDDEN,
    SHORTEST_HIDDEN,
    Secrets,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome, State
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.termination import printable_lines
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import CUT

# Of those that a node or a container may have.
KNOWN = (["bash"], ["dash"], ["busybox", "sh"])
SHELLS = [command for command in KNOWN if shutil.which(command[0])]


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


@pytest.mark.parametrize("value", ["passwört-1234567", "日本語の秘密です", "\U0001f600-smile"])
def test_a_value_that_was_cut_off_within_a_character_is_hidden(value: str) -> None:
    secrets = Secrets.of([value])
    octets = value.encode()
    kept = len(value[-SHORTEST_HIDDEN:].encode())
    for cut in range(1, len(octets) - kept):
        told = secrets.hide(f"{octets[cut:].decode(errors='replace')} and the end")
        assert told == f"{HIDDEN} and the end"
    kept = len(value[:SHORTEST_HIDDEN].encode())
    for cut in range(kept, len(octets)):
        ended = octets[:cut].decode(errors="replace")
        assert secrets.hide(f"it is {ended}") == f"it is {HIDDEN}"
        assert secrets.hide(f"it is {ended}{CUT}") == f"it is {HIDDEN}"


@pytest.mark.parametrize(
    "value",
    [
        "it's-secret",
        "two''quotes",
        "back\\slash",
        "a\ttab",
        "a b & c",
        "pass\x1bwört",
        "$(x) 'y'",
        "'y' first",
        "first\nsecond",
    ],
)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_value_is_hidden_as_a_shell_traces_it(shell: list[str], locale: str, value: str) -> None:
    done = subprocess.run(
        [*shell, "-xc", 'printf %s "$VALUE" > /dev/null; found="$VALUE"'],
        env={"VALUE": value, "LC_ALL": locale},
        capture_output=True,
        check=True,
    )
    told = printable_lines(done.stderr.decode(errors="replace"))
    hidden = Secrets.of([value]).hide(told)
    assert told.count("found=") == hidden.count("found=") == 1
    left = re.sub(r"[^a-zé]", " ", hidden.replace(HIDDEN, "")).split()
    assert set(left) <= {"printf", "s", "found", "n"}, hidden


@pytest.mark.parametrize("value", ['say "yes"', "back\\slash", "pässwört", "a\ttab", "<&>-secret"])
def test_a_value_is_hidden_in_json(value: str) -> None:
    secrets = Secrets.of([value])
    for ascii_only in (True, False):
        text = json.dumps({"value": value}, ensure_ascii=ascii_only)
        assert secrets.hide(text) == f'{{"value": "{HIDDEN}"}}'


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
