# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    AuthenticationFailed,
    SyntaxFault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tokens import (
    Token,
    Tokens,
    read_token,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url


def _answer(body: bytes) -> Response:
    return Response(parse_url("https://tokens.test/token"), 200, (), body, 1.0)


def _seconds(lifetime: str) -> float:
    token = read_token(_answer(f'{{"token": "t", "expires_in": {lifetime}}}'.encode()))
    return token.usable_until - time.monotonic()


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        ("300", 295),
        ("0", -5),
        ("-9" + "9" * 400, -5),
        ("1" + "0" * 400, 24 * 3600 - 5),
        ("1e400", 24 * 3600 - 5),
        ("NaN", -5),
        ("null", 55),
        ("true", 55),
        ('"300"', 55),
    ],
)
def test_lifetimes(lifetime: str, seconds: float) -> None:
    assert _seconds(lifetime) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("value", ["", "a b", "t" * 16_385, "\u00e9", None, 5, []])
def test_no_usable_token(value: object) -> None:
    with pytest.raises(AuthenticationFailed, match="no usable token"):
        read_token(_answer(json.dumps({"token": value}).encode()))


def test_a_lifetime_of_too_many_digits_is_no_json() -> None:
    with pytest.raises(SyntaxFault, match="is not JSON"):
        _seconds("1" * 5000)


def test_only_the_newest_are_kept() -> None:
    tokens = Tokens()
    for number in range(1000):
        tokens.keep(frozenset({str(number)}), Token(f"token-{number}", time.monotonic() + 60))
    assert tokens.usable(frozenset({"999"})) == "token-999"
    assert tokens.usable(frozenset({"0"})) is None
    assert "token-999" in tokens.issued
    assert len(tokens.issued) == 128


def test_a_new_one_takes_the_place_of_the_old() -> None:
    tokens, scopes = Tokens(), frozenset({"a"})
    tokens.keep(scopes, Token("old", time.monotonic() - 1))
    assert tokens.usable(scopes) is None
    tokens.keep(scopes, Token("new", time.monotonic() + 60))
    assert tokens.usable(scopes) == "new"
    assert tokens.issued == {"old", "new"}
