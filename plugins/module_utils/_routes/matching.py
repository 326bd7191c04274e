# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the conditions of a route hold for a request, and which one does not."""

from __future__ import annotations

import enum

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import is_within
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import (
    LONGEST_TEXT,
    read_pattern,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import ReceivedRequest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    EVERY_PATH,
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
)


class Field(enum.Enum):
    """The conditions, in the order in which they are looked at."""

    PATHS = "paths"
    HOSTS = "hosts"
    HEADERS = "headers"
    SOURCE_RANGES = "source_ranges"
    METHODS = "methods"


def path_holds(condition: PathMatch, path: str) -> bool:
    """Whether the path is equal, is below by whole segments, or has the expression in it. "" has no path."""
    if not path:
        return False
    if condition.kind is PathKind.EXACT:
        return path == condition.value
    if condition.kind is PathKind.PREFIX:
        return condition.value in {EVERY_PATH.value, path} or path.startswith(condition.value + "/")
    return read_pattern(condition.value).search(path) is not None


def matched_path(conditions: Conditions, path: str) -> PathMatch | None:
    """The first of the path conditions that holds."""
    return next((condition for condition in conditions.paths if path_holds(condition, path)), None)


def header_holds(condition: HeaderMatch, line: str | None) -> bool:
    """Whether the first line of the header, None for a missing one, is as wanted.

    A line longer than LONGEST_TEXT is not searched.
    """
    if line is None:
        return False
    if condition.regex:
        return len(line) <= LONGEST_TEXT and read_pattern(condition.regex).search(line) is not None
    return line in condition.values


def failing_header(conditions: Conditions, received: ReceivedRequest) -> HeaderMatch | None:
    """The first of the header conditions that does not hold."""
    return next(
        (
            condition
            for condition in conditions.headers
            if not header_holds(condition, received.headers.get(condition.name))
        ),
        None,
    )


def failing_field(conditions: Conditions, received: ReceivedRequest) -> Field | None:
    """The first condition that does not hold; None if all do."""
    if conditions.paths and matched_path(conditions, received.path) is None:
        return Field.PATHS
    if conditions.hosts and received.host not in conditions.hosts:
        return Field.HOSTS
    if failing_header(conditions, received) is not None:
        return Field.HEADERS
    if conditions.source_ranges and not is_within(received.client, conditions.source_ranges):
        return Field.SOURCE_RANGES
    if conditions.methods and received.method not in conditions.methods:
        return Field.METHODS
    return None
