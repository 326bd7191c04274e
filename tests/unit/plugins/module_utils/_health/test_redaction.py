# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.redaction import (
    CurrentRedaction,
    Redaction,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    ReferenceResult,
    Status,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

HIDDEN = "********"
WORD = st.text("abcXYZ019_-", min_size=4, max_size=30)


def test_secrets_and_control_characters_are_cut_out() -> None:
    credentials = Credentials("user", "pass-word")
    check = CheckResult(
        "api", Status.FAIL, 1.0, f"a\x1b[2J pass-word\n{credentials.basic}", ("heading", "pass-word")
    )
    shown = Redaction(credentials.secrets).check(check)
    assert shown.message == f"a [2J {HIDDEN} Basic {HIDDEN}"
    assert shown.lines == ("heading", HIDDEN)


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("abc", "told: 'abc', (abc)", f"told: '{HIDDEN}', ({HIDDEN})"),
        ("abc", "abcd xabc ab c", "abcd xabc ab c"),
        ("12", "user:12@host, HTTP 412", f"user:{HIDDEN}@host, HTTP 412"),
        ("!?", "x!?y", f"x{HIDDEN}y"),
        ("p!", "p! ap! p!a", f"{HIDDEN} ap! {HIDDEN}a"),
        (".*", "a b .*", f"a b {HIDDEN}"),
        ("a", "a made-up password", "a made-up password"),
        ("", "nothing", "nothing"),
        ("abcd", "xabcdx", f"x{HIDDEN}x"),
    ],
)
def test_short_secrets_are_cut_out_where_they_stand_by_themselves(secret: str, text: str, shown: str) -> None:
    assert Redaction([secret]).text(text) == shown


@given(secret=WORD, before=st.text("é .:", max_size=30), longest=st.integers(8, 60))
def test_the_beginning_of_a_secret_is_cut_out_where_the_text_ends(
    secret: str, before: str, longest: int
) -> None:
    line = printable(f"{before}{secret}{secret}", longest)
    shown = Redaction([secret]).text(line)
    assert secret[:4] not in shown


def test_every_cut_is_looked_at() -> None:
    assert Redaction(["secret word"]).text("1: secret...; 2: secret wo...; 3: ...") == (
        f"1: {HIDDEN}...; 2: {HIDDEN}...; 3: ..."
    )


def test_a_secret_that_was_made_printable_is_known() -> None:
    assert Redaction(["pass  \tword"]).text(printable("told: pass  \tword", 99)) == f"told: {HIDDEN}"


def test_nothing_of_a_reference_shows_a_secret() -> None:
    told = ReferenceResult("r:hidden", Status.FAIL, "hidden", "x:hidden", "text/hidden", ("linux/hidden",))
    assert Redaction(["hidden"]).reference(told) == ReferenceResult(
        f"r:{HIDDEN}", Status.FAIL, HIDDEN, f"x:{HIDDEN}", f"text/{HIDDEN}", (f"linux/{HIDDEN}",)
    )


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("Secret-Word", "x/secret-word, SECRET-WORD", f"x/{HIDDEN}, {HIDDEN}"),
        ("Secret-Word", "told: sEcReT-w...", f"told: {HIDDEN}..."),
        ("Ab", "ab aB AB abc", f"{HIDDEN} {HIDDEN} {HIDDEN} abc"),
        ("Straße-ΑΣ", "STRAßE-ας straße-ΑΣ", f"{HIDDEN} {HIDDEN}"),
        ("Schlüssel", "SchlÃ¼ssel", HIDDEN),
    ],
)
def test_a_secret_is_known_in_other_spellings(secret: str, text: str, shown: str) -> None:
    assert Redaction([secret]).text(text) == shown


def test_secrets_that_overlap_are_hidden_as_one() -> None:
    assert Redaction(["abcdef", "defghi", "cdef"]).text("1 abcdefghi 2 xcdefx") == f"1 {HIDDEN} 2 x{HIDDEN}x"


@given(text=st.text(max_size=40), secret=st.text(min_size=4, max_size=8))
def test_what_is_no_secret_stays(text: str, secret: str) -> None:
    shown = Redaction([secret]).text(f"before {text} after")
    assert shown.startswith(("before", HIDDEN))
    if not {secret[:4].casefold()} & {text[at : at + 4].casefold() for at in range(len(text))}:
        spelled = printable(f"before {text} after", 99)
        assert shown == spelled or HIDDEN in shown


def test_many_long_secrets_take_no_time() -> None:
    tokens = [f"eyJ{number:05}".ljust(16_384, "t") for number in range(128)]
    redaction = Redaction(tokens)
    started = time.process_time()
    for number in range(20_000):
        text = f"shop/web:t{number}: HTTP 404 (MANIFEST_UNKNOWN: eyJ and more): never pushed..."
        assert redaction.text(text) == text
    assert time.process_time() - started < 2


def test_secrets_that_become_more() -> None:
    secrets = {"first"}
    current = CurrentRedaction(lambda: frozenset(secrets))
    before = current()
    assert before.text("first second") == f"{HIDDEN} second"
    assert current() is before
    secrets.add("second")
    assert current().text("first second") == f"{HIDDEN} {HIDDEN}"
