# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a condition does not hold, in one sentence with both values."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import (
    Field,
    failing_header,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import LONGEST_TEXT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import ReceivedRequest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
)

_MOST_NAMED = 3
_LONGEST_VALUE = 80
_PATH_VERBS = {
    PathKind.EXACT: "is not",
    PathKind.PREFIX: "is not below",
    PathKind.REGEX: "does not match",
}


def miss_reason(failed: Field, conditions: Conditions, received: ReceivedRequest) -> str:
    """The sentence, without an end, for the condition that ``matching.failing_field`` found."""
    if failed is Field.PATHS:
        return f"path {_short(received.path)} {_path_reason(conditions.paths)}"
    if failed is Field.HOSTS:
        if not received.host:
            return f"the request names no host, wanted {_one_of(conditions.hosts)}"
        return f"host {_short(received.host)} is not {_one_of(conditions.hosts)}"
    if failed is Field.SOURCE_RANGES:
        ranges = [str(network) for network in conditions.source_ranges]
        return f"client {received.client} is in none of {_some(ranges, ', ')}"
    if failed is Field.METHODS:
        return f"method {_short(received.method)} is not {_one_of(conditions.methods)}"
    header = failing_header(conditions, received)
    if header is None:
        raise ValueError("all header conditions hold")
    return f"header {header.name} {_header_reason(header, received)}"


def _path_reason(paths: Sequence[PathMatch]) -> str:
    return _some([f"{_PATH_VERBS[condition.kind]} {condition.value}" for condition in paths], " and ")


def _header_reason(header: HeaderMatch, received: ReceivedRequest) -> str:
    wanted = header.regex or _one_of([_quoted(value) for value in header.values])
    line = received.headers.get(header.name)
    if line is not None and header.regex and len(line) > LONGEST_TEXT:
        return f"has {len(line)} octets; more than {LONGEST_TEXT} are not searched for {wanted}"
    if line is not None:
        told = _quoted(_short(line))
        return f"is {told} and does not match {wanted}" if header.regex else f"is {told}, wanted {wanted}"
    wish = f"wanted a match of {wanted}" if header.regex else f"wanted {wanted}"
    if header.name in received.removed:
        return f"is not taken from {received.peer}, which is no trusted proxy; {wish}"
    return f"is missing, {wish}"


def _one_of(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"one of {_some(values, ', ')}"


def _some(values: Sequence[str], separator: str) -> str:
    named = separator.join(values[:_MOST_NAMED])
    more = len(values) - _MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _quoted(value: str) -> str:
    return json.dumps(value)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 3]}..."
