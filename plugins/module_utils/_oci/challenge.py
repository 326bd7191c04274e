# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WWW-Authenticate header (RFC 9110 section 11.6.1).

One header may hold several challenges, one answer several headers; commas separate both challenges and
parameters, and stand inside quoted values (``scope="repository:a:pull,push"``). Reading is linear in the
length of the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import SyntaxFault

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|\Z))")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# Some servers leave the quotes out although the value is no token (scope=repository:a:pull).
_UNQUOTED = re.compile(r"[^\s,\"]+")
_SEPARATORS = re.compile(r"[ \t,]*")
_BLANKS = re.compile(r"[ \t]*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: the scheme and the parameter names in lower case, the values as they were sent."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    token68: str | None = None


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Reads one WWW-Authenticate value.

    Raises SyntaxFault where it does not follow the grammar.
    """
    challenges: list[Challenge] = []
    position = _skip(_SEPARATORS, header, 0)
    while position < len(header):
        challenge, position = _read_challenge(header, position)
        challenges.append(challenge)
        position = _skip(_SEPARATORS, header, position)
    return tuple(challenges)


def readable_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """All challenges of all headers that can be read: one broken header must not hide a good one.

    Raises SyntaxFault where there are headers and none of them can be read.
    """
    challenges: list[Challenge] = []
    fault: SyntaxFault | None = None
    for header in headers:
        try:
            challenges.extend(parse_challenges(header))
        except SyntaxFault as error:
            fault = error
    if fault is not None and not challenges:
        raise fault
    return tuple(challenges)


def _read_challenge(header: str, position: int) -> tuple[Challenge, int]:
    scheme = _TOKEN.match(header, position)
    if scheme is None:
        raise SyntaxFault("WWW-Authenticate: expected the name of a scheme such as Basic or Bearer")
    position = _skip(_BLANKS, header, scheme.end())
    if position == scheme.end() and position < len(header) and header[position] != ",":
        raise SyntaxFault("WWW-Authenticate: the scheme's name is followed by neither a blank nor a comma")
    parameters: dict[str, str] = {}
    first = _read_parameter(header, position)
    if first is None:
        token68 = _TOKEN68.match(header, position)
        if token68 is None:
            return Challenge(scheme[0].lower()), position
        return Challenge(scheme[0].lower(), {}, token68[0]), token68.end()
    while first is not None:
        name, value, position = first
        parameters.setdefault(name, value)
        following = _skip(_SEPARATORS, header, position)
        if following < len(header) and "," not in header[position:following]:
            raise SyntaxFault("WWW-Authenticate: expected a comma after a parameter")
        first = _read_parameter(header, following)
    return Challenge(scheme[0].lower(), parameters), position


def _read_parameter(header: str, position: int) -> tuple[str, str, int] | None:
    """The parameter that begins here. None where something else does: a token68, the next scheme, the end."""
    name = _TOKEN.match(header, position)
    equals = _EQUALS.match(header, name.end()) if name is not None else None
    if name is None or equals is None:
        return None
    quoted = _QUOTED.match(header, equals.end())
    if quoted is not None:
        return name[0].lower(), _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    if header.startswith('"', equals.end()):
        raise SyntaxFault("WWW-Authenticate: a quoted value does not end")
    unquoted = _UNQUOTED.match(header, equals.end())
    if unquoted is None or (unquoted[0].strip("=") == "" and _TOKEN68.match(header, position)):
        return None
    return name[0].lower(), unquoted[0], unquoted.end()


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match is not None else position
