# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions of a route as the user writes them.

A mapping with the keys ``paths``, ``path_type``, ``hosts``, ``headers``, ``source_ranges`` and ``methods``;
one that is null is not given. Each list may be a single string. A path is a string, whose kind ``path_type``
tells, or a mapping with one of ``exact``, ``prefix`` and ``regex``. What a header must be is a string, a list
of strings, or a mapping with ``regex``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    Reader,
    read_each,
    shown,
    text_of,
    unique,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import (
    PatternError,
    read_pattern,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    RouterSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    read_header_name,
    read_header_value,
    read_host,
    read_method,
    read_network,
    read_path,
    read_prefix,
)

_KEYS = ("paths", "path_type", "hosts", "headers", "source_ranges", "methods")
_KINDS = tuple(kind.value for kind in PathKind)
_PLAIN = (PathKind.PREFIX.value, PathKind.EXACT.value)
_REGEX = PathKind.REGEX.value


def read_conditions(
    raw: object, where: str, settings: RouterSettings, faults: list[Fault]
) -> Conditions | None:
    """Read the conditions; None, and faults, for what cannot be used. None as ``raw`` is no condition."""
    if raw is None:
        return Conditions()
    if not isinstance(raw, Mapping):
        faults.append(Fault(where, f"{shown(raw)} is not a mapping with the keys {', '.join(_KEYS)}"))
        return None
    before = len(faults)
    faults += unknown_keys(raw, _KEYS, where)
    if all(value is None for value in raw.values()):
        faults.append(Fault(where, "it holds no condition; leave it out for the default route"))
    conditions = Conditions(
        paths=_read_paths(raw, where, faults),
        hosts=unique(read_each(raw.get("hosts"), f"{where}.hosts", "hosts", read_host, faults)),
        headers=read_headers(raw.get("headers"), f"{where}.headers", _read_header, faults),
        source_ranges=unique(
            read_each(
                raw.get("source_ranges"), f"{where}.source_ranges", "address ranges", read_network, faults
            )
        ),
        methods=_read_methods(raw.get("methods"), f"{where}.methods", settings, faults),
    )
    return conditions if len(faults) == before else None


def write_conditions(conditions: Conditions) -> dict[str, object]:
    """The conditions that there are, as read_conditions reads them to equal ones."""
    written: dict[str, object] = {}
    if conditions.paths:
        written["paths"] = [_write_path(path) for path in conditions.paths]
    if conditions.hosts:
        written["hosts"] = list(conditions.hosts)
    if conditions.headers:
        written["headers"] = {header.name: _write_header(header) for header in conditions.headers}
    if conditions.source_ranges:
        written["source_ranges"] = [str(network) for network in conditions.source_ranges]
    if conditions.methods:
        written["methods"] = list(conditions.methods)
    return written


def read_regex(value: object, where: str, faults: list[Fault]) -> str | None:
    """A regular expression that read_pattern accepts."""
    text = text_of(value, where, faults)
    if text is None:
        return None
    try:
        return read_pattern(text).text
    except PatternError as error:
        faults.append(Fault(where, f"{shown(text)}: {error.message}"))
        return None


def read_header_values(value: object, where: str, faults: list[Fault]) -> tuple[str, ...]:
    """The values of a header, one of which it must have: a string or a list of strings."""
    if isinstance(value, (list, tuple)):
        return unique(read_each(value, where, "header values", read_header_value, faults))
    single = read_header_value(value, where, faults)
    return () if single is None else (single,)


def read_headers(
    value: object,
    where: str,
    read: Callable[[str, object, str, list[Fault]], HeaderMatch],
    faults: list[Fault],
) -> tuple[HeaderMatch, ...]:
    """The headers of a mapping by their names, since all must hold and mappings have no order of their own.

    :param read: makes a header of its name, what it must be, the place of that, and the list of faults
    """
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        faults.append(Fault(where, f"{shown(value)} is not a mapping of header names to values"))
        return ()
    if not value:
        faults.append(Fault(where, "the mapping of headers is empty; leave it out where there is none"))
    found: dict[str, HeaderMatch] = {}
    for key, content in value.items():
        name = read_header_name(key, where, faults)
        if name is None:
            continue
        if name in found:
            faults.append(Fault(where, f"{shown(key)} is there twice; upper and lower case are the same"))
        found[name] = read(name, content, f"{where}.{key}", faults)
    return tuple(found[name] for name in sorted(found))


def _read_paths(raw: Mapping[object, object], where: str, faults: list[Fault]) -> tuple[PathMatch, ...]:
    paths, path_type = raw.get("paths"), raw.get("path_type")
    plain = PathKind.PREFIX
    if path_type is not None:
        if not isinstance(path_type, str) or path_type not in _PLAIN:
            message = f"{shown(path_type)} is not what a plain path can be; allowed: {', '.join(_PLAIN)}"
            faults.append(Fault(f"{where}.path_type", message))
        elif paths is None:
            faults.append(Fault(f"{where}.path_type", "there are no paths that it could be about"))
        else:
            plain = PathKind(path_type)
    read = functools.partial(_read_path_match, plain=plain)
    if isinstance(paths, Mapping):
        single = read(paths, f"{where}.paths", faults)
        return () if single is None else (single,)
    return read_each(paths, f"{where}.paths", "paths", read, faults)


def _read_path_match(value: object, where: str, faults: list[Fault], *, plain: PathKind) -> PathMatch | None:
    if not isinstance(value, Mapping):
        return _path_match(plain, value, where, faults)
    faults += unknown_keys(value, _KINDS, where)
    given = [kind for kind in PathKind if value.get(kind.value) is not None]
    if len(given) != 1:
        found = " and ".join(kind.value for kind in given) or "none"
        faults.append(Fault(where, f"exactly one of {', '.join(_KINDS)} is needed, found: {found}"))
        return None
    (kind,) = given
    return _path_match(kind, value[kind.value], f"{where}.{kind.value}", faults)


def _path_match(kind: PathKind, value: object, where: str, faults: list[Fault]) -> PathMatch | None:
    text = _PATH_READERS[kind](value, where, faults)
    return None if text is None else PathMatch(kind, text)


def _read_header(name: str, value: object, where: str, faults: list[Fault]) -> HeaderMatch:
    if not isinstance(value, Mapping):
        return HeaderMatch(name, values=read_header_values(value, where, faults))
    faults += unknown_keys(value, (_REGEX,), where)
    if value.get(_REGEX) is None:
        faults.append(Fault(where, f"the key '{_REGEX}' is missing; without it, write a string or a list"))
        return HeaderMatch(name)
    return HeaderMatch(name, regex=read_regex(value[_REGEX], f"{where}.{_REGEX}", faults) or "")


def _read_methods(
    value: object, where: str, settings: RouterSettings, faults: list[Fault]
) -> tuple[str, ...]:
    def read(element: object, where: str, faults: list[Fault]) -> str | None:
        method = read_method(element, where, faults)
        if method is None or method in settings.methods:
            return method
        allowed = ", ".join(settings.methods)
        faults.append(Fault(where, f"{method} does not come to any route; the router answers {allowed}"))
        return None

    return unique(read_each(value, where, "methods", read, faults))


def _write_path(path: PathMatch) -> object:
    return path.value if path.kind is PathKind.PREFIX else {path.kind.value: path.value}


def _write_header(header: HeaderMatch) -> object:
    if header.regex:
        return {_REGEX: header.regex}
    return header.values[0] if len(header.values) == 1 else list(header.values)


_PATH_READERS: dict[PathKind, Reader[str]] = {
    PathKind.EXACT: read_path,
    PathKind.PREFIX: read_prefix,
    PathKind.REGEX: read_regex,
}
