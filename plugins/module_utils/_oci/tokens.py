# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bearer tokens: read from a token server's answer, and kept as long as they are of use."""

from __future__ import annotations

import re
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from .document import json_object
from .errors import AuthenticationFailed
from .exchange import Response

_DEFAULT_LIFETIME = 60.0
_LONGEST_LIFETIME = 24 * 3600.0
_EARLY = 5.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}\Z")
# A token server may answer with new and long ones for ever.
_MOST_KEPT = 128

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Token:
    """The token, and the moment of the monotonic clock (seconds) from which it is not sent any more."""

    value: str = field(repr=False)
    usable_until: float


class Tokens:
    """The newest tokens, by the scopes that they were fetched for."""

    def __init__(self) -> None:
        self._by_scopes: dict[frozenset[str], Token] = {}
        self._issued: dict[str, None] = {}

    @property
    def issued(self) -> frozenset[str]:
        """The newest tokens, those that are of no use any more as well: none of them may be shown."""
        # A copy first: other threads may add to it meanwhile.
        return frozenset(tuple(self._issued))

    def usable(self, scopes: frozenset[str]) -> str | None:
        """The token for these scopes; None where there is none, or it ends soon."""
        token = self._by_scopes.get(scopes)
        return token.value if token is not None and time.monotonic() < token.usable_until else None

    def keep(self, scopes: frozenset[str], token: Token) -> None:
        """Keeps a new one; where there are too many, the oldest goes."""
        _keep_newest(self._by_scopes, scopes, token)
        _keep_newest(self._issued, token.value, None)


def read_token(answer: Response) -> Token:
    """The token in a token server's good answer. Raises AuthenticationFailed, SyntaxFault."""
    document = json_object(answer.body, "the token server's answer")
    value = document.get("token") or document.get("access_token")
    if not isinstance(value, str) or not _TOKEN.match(value):
        raise AuthenticationFailed(
            "the token server's answer holds no usable token (token or access_token, at most 16 KiB)"
        )
    return Token(value, time.monotonic() + _lifetime(document.get("expires_in")) - _EARLY)


def _lifetime(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, (int, float)):
        return _DEFAULT_LIFETIME
    # Bounded before it becomes a float: JSON's numbers have any size.
    return float(max(0, min(told, _LONGEST_LIFETIME)))


def _keep_newest(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    kept.pop(key, None)
    if len(kept) >= _MOST_KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value
