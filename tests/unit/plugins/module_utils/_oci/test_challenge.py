# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.challenge import (
    Challenge,
    parse_challenges,
    readable_challenges,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault

TOKEN = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}", fullmatch=True)
VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30)
CHALLENGE = st.tuples(TOKEN, st.dictionaries(TOKEN.map(str.lower), VALUE, max_size=4))


def written(challenge: tuple[str, dict[str, str]], separator: str) -> str:
    def quoted(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"')

    scheme, parameters = challenge
    pairs = separator.join(name + '="' + quoted(value) + '"' for name, value in parameters.items())
    return f"{scheme} {pairs}".rstrip(" ")


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", ()),
        ("Basic", (Challenge("basic"),)),
        ('BASIC Realm="a, b"', (Challenge("basic", {"realm": "a, b"}),)),
        (
            'Bearer realm="https://t/token?x=y",service="s",scope="repository:a/b:pull,push registry:*:*"',
            (
                Challenge(
                    "bearer",
                    {
                        "realm": "https://t/token?x=y",
                        "service": "s",
                        "scope": "repository:a/b:pull,push registry:*:*",
                    },
                ),
            ),
        ),
        (
            'Negotiate, Basic realm="x", Bearer realm = "y" , service=z',
            (
                Challenge("negotiate"),
                Challenge("basic", {"realm": "x"}),
                Challenge("bearer", {"realm": "y", "service": "z"}),
            ),
        ),
        (
            "Negotiate abc+/==, Basic realm=r",
            (Challenge("negotiate", {}, "abc+/=="), Challenge("basic", {"realm": "r"})),
        ),
        ("NTLM abc=", (Challenge("ntlm", {}, "abc="),)),
        ("Bearer scope=repository:a:pull", (Challenge("bearer", {"scope": "repository:a:pull"}),)),
        ('Bearer scope="push/pull"', (Challenge("bearer", {"scope": "push/pull"}),)),
        (r'Basic realm="a\"b\\c"', (Challenge("basic", {"realm": r'a"b\c'}),)),
        (',, Basic realm="x",, ,', (Challenge("basic", {"realm": "x"}),)),
        ('Basic realm="1", realm="2"', (Challenge("basic", {"realm": "1"}),)),
    ],
)
def test_read(header: str, challenges: tuple[Challenge, ...]) -> None:
    assert parse_challenges(header) == challenges


@pytest.mark.parametrize(
    "header", ['"x"', 'Basic realm="x', 'Basic realm="x"y="z"', "Basic/x", "=", 'Basic realm="a" b=c']
)
def test_refused(header: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_challenges(header)


def test_one_broken_header_hides_no_good_one() -> None:
    assert readable_challenges(['Bearer realm="', "Basic"]) == (Challenge("basic"),)
    assert readable_challenges([]) == ()
    with pytest.raises(SyntaxFault):
        readable_challenges(['Bearer realm="'])


@given(challenges=st.lists(CHALLENGE, max_size=4), separator=st.sampled_from([",", ", ", " ,\t", ",,"]))
def test_what_was_written_is_read(challenges: list[tuple[str, dict[str, str]]], separator: str) -> None:
    header = separator.join(written(challenge, separator) for challenge in challenges)
    assert parse_challenges(header) == tuple(
        Challenge(scheme.lower(), parameters) for scheme, parameters in challenges
    )


@given(st.text(max_size=200) | st.text(' \t,="\\aB/', max_size=60))
def test_any_text_is_read_or_refused(header: str) -> None:
    try:
        challenges = parse_challenges(header)
    except SyntaxFault:
        return
    assert all(challenge.scheme == challenge.scheme.lower() for challenge in challenges)


@pytest.mark.parametrize("piece", ["a", " ", ",", "a=", 'a="', "a=b,", "a ", "\\"])
def test_reading_takes_linear_time(piece: str) -> None:
    header = "Basic " + piece * (200_000 // len(piece))
    started = time.process_time()
    with suppress(SyntaxFault):
        parse_challenges(header)
    assert time.process_time() - started < 2
