# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The map of backends that an artifactserver's file has, read as a list of routes.

Each name has a mapping of ``host`` and ``conditions``, and those have ``paths`` (a list of strings) and
``headers`` (name -> a string or a list of strings).

Source: the fork of kubernetes/k8s.io's artifactserver with conditions. There a path was compared as a whole,
one path or one value of a header was enough, the last backend that matched won, and maps have no order in Go:
whatever depended on the order was random, as was the backend for requests that none matched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    Reader,
    read_each,
    shown,
    unique,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.reachability import find_overlaps
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_conditions import (
    read_header_values,
    read_headers,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    DEFAULT_SCHEME,
    read_authority,
    read_name,
    read_path,
)

MATCHES = ("all", "any")

_LIST = "backends"
_KEYS = ("host", "conditions")
_CONDITIONS = ("paths", "headers")
_MOST_SHOWN = 3
_MOST_PAIRS = 20
# Comparing each two of as many takes about a second.
_MOST_COMPARED = 1000
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class _Backend:
    """One entry of the map.

    :ivar paths: as they are written, with a slash at the end where there is one
    """

    name: str
    target: Target
    paths: tuple[str, ...]
    headers: tuple[HeaderMatch, ...]

    @property
    def where(self) -> str:
        return f"{_LIST}.{self.name}"

    @property
    def is_default(self) -> bool:
        return not self.paths and not self.headers


def read_backends(
    raw: object, settings: RouterSettings, *, match: str = MATCHES[0]
) -> tuple[list[Route], list[Fault], list[str]]:
    """Read the map, or the whole file as a mapping with nothing but ``backends``.

    Gives the routes in the order of the map, the one without conditions last, every fault, and one warning
    for each thing that was ambiguous or has another meaning now. Never raises.

    :param match: whether, of a backend with several conditions, ``all`` must hold (paths are one condition,
        each header is one), or ``any``, which makes a route of each
    """
    if match not in MATCHES:
        return [], [Fault("legacy_match", f"{shown(match)} is not known; allowed: {', '.join(MATCHES)}")], []
    if isinstance(raw, Mapping) and set(raw) == {_LIST}:
        raw = raw[_LIST]
    if not isinstance(raw, Mapping):
        return [], [Fault(_LIST, f"{shown(raw)} is not a mapping of names to backends")], []
    faults: list[Fault] = []
    read = (_read_backend(key, value, faults) for key, value in raw.items())
    backends = [backend for backend in read if backend is not None]
    defaults = [
        key for key, value in raw.items() if isinstance(value, Mapping) and not _has_conditions(value)
    ]
    faults += [
        Fault(
            _where(key), f"it has no conditions, nor has {shown(defaults[0])}; only one backend may have none"
        )
        for key in defaults[1:]
    ]
    # What is equal keeps its order.
    backends.sort(key=lambda backend: backend.is_default)
    owned = _routes_of(backends, match, faults)
    warnings = [warning for backend in backends for warning in _changes(backend, match, settings)]
    # Of a list with faults some routes are missing, or there twice.
    if not faults:
        warnings += _ambiguities(owned)
    if not defaults:
        warnings.append(
            f"{_LIST}: each has conditions; a request that none matched got a random one, and gets 404 now"
        )
    return [route for route, _backend in owned], faults, warnings


def _read_backend(key: object, value: object, faults: list[Fault]) -> _Backend | None:
    where = _where(key)
    before = len(faults)
    name = read_name(key, _LIST, faults)
    if not isinstance(value, Mapping):
        faults.append(Fault(where, f"{shown(value)} is not a mapping with the keys {', '.join(_KEYS)}"))
        return None
    faults += unknown_keys(value, _KEYS, where)
    host = None
    if value.get("host") is None:
        faults.append(Fault(f"{where}.host", "it is missing: each backend has one"))
    else:
        host = _expanded(read_authority)(value["host"], f"{where}.host", faults)
    paths: tuple[str, ...] = ()
    headers: tuple[HeaderMatch, ...] = ()
    conditions, place = value.get("conditions"), f"{where}.conditions"
    if conditions is not None and not isinstance(conditions, Mapping):
        message = f"{shown(conditions)} is not a mapping with the keys {', '.join(_CONDITIONS)}"
        faults.append(Fault(place, message))
    elif conditions is not None:
        faults += unknown_keys(conditions, _CONDITIONS, place)
        paths = read_each(conditions.get("paths"), f"{place}.paths", "paths", _expanded(read_path), faults)
        headers = read_headers(conditions.get("headers"), f"{place}.headers", _read_header, faults)
    if len(faults) > before or name is None or host is None:
        return None
    return _Backend(name, Target(DEFAULT_SCHEME, host), unique(paths), headers)


def _read_header(name: str, value: object, where: str, faults: list[Fault]) -> HeaderMatch:
    elements = value if isinstance(value, (list, tuple)) else [value]
    variables = unique(variable for element in elements for variable in _variables(element))
    faults += [_unexpanded(variable, where) for variable in variables]
    return HeaderMatch(name, values=read_header_values(value, where, faults))


def _routes_of(backends: Iterable[_Backend], match: str, faults: list[Fault]) -> list[tuple[Route, _Backend]]:
    """The routes, each with its backend."""
    owners: dict[str, _Backend] = {}
    owned = []
    for backend in backends:
        for number, conditions in enumerate(_alternatives(backend, match)):
            name = (
                backend.name + ("", "-headers")[number] if number < 2 else f"{backend.name}-headers-{number}"
            )
            read_name(name, backend.where, faults)
            other = owners.setdefault(name, backend)
            if other is not backend:
                message = f"the route {shown(name)} of this backend is named like one of {shown(other.name)}"
                faults.append(Fault(backend.where, message))
            owned.append((Route(name, backend.target, conditions, legacy=True), backend))
    return owned


def _alternatives(backend: _Backend, match: str) -> list[Conditions]:
    """The conditions of the routes that a backend becomes."""
    paths = unique(PathMatch(PathKind.PREFIX, path.rstrip("/") or "/") for path in backend.paths)
    if match == "all" or backend.is_default:
        return [Conditions(paths=paths, headers=backend.headers)]
    by_path = [Conditions(paths=paths)] if paths else []
    return by_path + [Conditions(headers=(header,)) for header in backend.headers]


def _changes(backend: _Backend, match: str, settings: RouterSettings) -> Iterator[str]:
    """What a backend's conditions mean now and did not mean before."""
    if match == "all" and bool(backend.paths) + len(backend.headers) > 1:
        yield (
            f"{backend.where}: one path or one header was enough; now a path, where there are any, and each "
            "header must match (legacy_match: any keeps the old meaning)"
        )
    if backend.paths:
        some = ", ".join(backend.paths[:_MOST_SHOWN])
        more = len(backend.paths) - _MOST_SHOWN
        named = f"{some} and {more} more" if more > 0 else some
        yield f"{backend.where}: only the path itself matched ({named}); now all paths below it match, too"
    if settings.trusted_proxies:
        for header in backend.headers:
            if header.name in settings.client_headers:
                yield (
                    f"{backend.where}: the header {header.name} was believed from every client; now it is "
                    "from trusted_proxies only"
                )


def _ambiguities(owned: Sequence[tuple[Route, _Backend]]) -> list[str]:
    """The pairs of backends between which chance decided; the rest of many pairs only by their number."""
    if len(owned) > _MOST_COMPARED:
        return [
            f"{_LIST}: they are too many to tell which of them can match the same request; the first answers"
        ]
    owners = {route.name: backend for route, backend in owned}
    overlaps = find_overlaps([route for route, _backend in owned])
    pairs = unique((owners[one], owners[other]) for one, other in overlaps)
    ambiguous = [
        f"{one.where} and {other.where} can both match a request: chance decided between them; now "
        f"{one.name} answers, as the first"
        for one, other in pairs
        if one is not other
    ]
    more = len(ambiguous) - _MOST_PAIRS
    if more > 0:
        return [*ambiguous[:_MOST_PAIRS], f"{_LIST}: {more} more pairs of them can both match a request"]
    return ambiguous


def _has_conditions(value: Mapping[object, object]) -> bool:
    """As in Go, an empty mapping is none; what is no mapping or empty within it is a fault elsewhere."""
    conditions = value.get("conditions")
    if isinstance(conditions, Mapping):
        return any(content is not None for content in conditions.values())
    return conditions is not None


def _where(key: object) -> str:
    return _LIST if read_name(key, _LIST, []) is None else f"{_LIST}.{key}"


def _expanded(read: Reader[str]) -> Reader[str]:
    """The reader, for values in which variables may have been left as they were."""

    def read_expanded(value: object, where: str, faults: list[Fault]) -> str | None:
        variables = _variables(value)
        if variables:
            faults += [_unexpanded(variable, where) for variable in variables]
            return None
        return read(value, where, faults)

    return read_expanded


def _variables(value: object) -> tuple[str, ...]:
    return unique(_VARIABLE.findall(value)) if isinstance(value, str) else ()


def _unexpanded(variable: str, where: str) -> Fault:
    return Fault(where, f"the variable {variable} is still written as ${{{variable}}}: put its value there")
