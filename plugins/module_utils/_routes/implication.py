# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether one condition holds wherever another one does, and whether both can hold for one request."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPV6LENGTH

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import version_6
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import (
    header_holds,
    path_holds,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    Network,
    PathKind,
    PathMatch,
)


def headers_imply(narrow: Conditions, wide: Conditions) -> bool:
    """Whether the header conditions of ``wide`` hold wherever those of ``narrow`` do; False if in doubt."""
    return all(any(_header_implies(own, other) for own in narrow.headers) for other in wide.headers)


def ranges_imply(narrow: Conditions, wide: Conditions) -> bool:
    """Whether each client range of ``narrow`` is in one of ``wide``."""
    if not wide.source_ranges:
        return True
    return bool(narrow.source_ranges) and all(
        any(_is_subnet(own, other) for other in wide.source_ranges) for own in narrow.source_ranges
    )


def methods_imply(narrow: Conditions, wide: Conditions, answered: Collection[str]) -> bool:
    """Whether ``wide`` takes each method that ``narrow`` takes and that is answered at all."""
    return not wide.methods or all(
        method in wide.methods for method in answered if not narrow.methods or method in narrow.methods
    )


def can_meet(one: Conditions, other: Conditions) -> bool:
    """Whether a request could fulfil both; also True where expressions leave it open."""
    return (
        _paths_meet(one.paths, other.paths)
        and (not one.hosts or not other.hosts or not set(one.hosts).isdisjoint(other.hosts))
        and (not one.methods or not other.methods or not set(one.methods).isdisjoint(other.methods))
        and all(_headers_meet(own, wish) for own in one.headers for wish in other.headers)
        and _ranges_meet(one.source_ranges, other.source_ranges)
    )


def _header_implies(narrow: HeaderMatch, wide: HeaderMatch) -> bool:
    if narrow.name != wide.name:
        return False
    if narrow.regex:
        return narrow.regex == wide.regex
    return all(header_holds(wide, value) for value in narrow.values)


def _is_subnet(narrow: Network, wide: Network) -> bool:
    first, length = version_6(narrow)
    wide_first, wide_length = version_6(wide)
    return length >= wide_length and (first ^ wide_first) >> (IPV6LENGTH - wide_length) == 0


def _paths_meet(ones: Collection[PathMatch], others: Collection[PathMatch]) -> bool:
    return not ones or not others or any(_path_meets(one, other) for one in ones for other in others)


def _path_meets(one: PathMatch, other: PathMatch) -> bool:
    if PathKind.EXACT is one.kind:
        return path_holds(other, one.value)
    if PathKind.EXACT is other.kind:
        return path_holds(one, other.value)
    if PathKind.REGEX in {one.kind, other.kind}:
        return True
    return path_holds(one, other.value) or path_holds(other, one.value)


def _headers_meet(one: HeaderMatch, other: HeaderMatch) -> bool:
    if one.name != other.name or (one.regex and other.regex):
        return True
    if one.regex:
        return any(header_holds(one, value) for value in other.values)
    return any(header_holds(other, value) for value in one.values)


def _ranges_meet(ones: Collection[Network], others: Collection[Network]) -> bool:
    return (
        not ones
        or not others
        or any(_is_subnet(one, other) or _is_subnet(other, one) for one in ones for other in others)
    )
