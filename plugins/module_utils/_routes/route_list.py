# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The ordered list of routes as the user writes it.

Each element is a mapping::

    name: kops                     # required, once in the list
    conditions: {paths: [/kops]}   # see route_conditions; without them: the default, the last of the list
    host: mirror.example.org       # the target, by https; or, instead of it:
    url: http://mirror.example.org:8080/base
    path_prefix: /base             # of the target, where the url has none
    strip_prefix: true             # take the path that matched away
    replace_path: '/new/\1'        # with the groups of the only path condition, a regex
    code: 302

An option that is null is not given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    place,
    read_flag,
    shown,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import read_pattern
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    DEFAULT_CODE,
    EVERY_PATH,
    Conditions,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_conditions import (
    read_conditions,
    write_conditions,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    DEFAULT_SCHEME,
    highest_group,
    read_authority,
    read_code,
    read_expansion,
    read_name,
    read_target_prefix,
    read_url,
)

_LIST = "routes"
_OPTIONS = (
    "name",
    "conditions",
    "host",
    "url",
    "path_prefix",
    "strip_prefix",
    "replace_path",
    "code",
)
# The proxy has to have room for what a path becomes; see tune.maxrewrite.
_MOST_COPIES = 2
# Not for users: write_route marks with it what came from a map of backends.
_LEGACY = "legacy"


def read_routes(raw: object, settings: RouterSettings) -> tuple[list[Route], list[Fault]]:
    """Read the whole list.

    Gives the routes that can be used, in their order, and every fault of the list. Never raises.
    """
    if not isinstance(raw, (list, tuple)):
        return [], [Fault(_LIST, f"{shown(raw)} is not a list")]
    routes: list[Route] = []
    faults: list[Fault] = []
    for index, element in enumerate(raw):
        route, found = read_route(element, f"{_LIST}[{index}]", settings)
        faults += found
        if route is not None:
            routes.append(route)
    faults += _repeated_names(raw)
    faults += _early_defaults(raw)
    return routes, faults


def read_route(raw: object, where: str, settings: RouterSettings) -> tuple[Route | None, list[Fault]]:
    """Read one route: it, or its faults. Never raises.

    :param where: its place in what the user wrote; empty where it is the whole
    """
    whole = where or "route"
    if not isinstance(raw, Mapping):
        return None, [Fault(whole, f"{shown(raw)} is not a mapping with the keys {', '.join(_OPTIONS)}")]
    faults = unknown_keys({key: None for key in raw if key != _LEGACY}, _OPTIONS, whole)
    name = None
    if raw.get("name") is None:
        faults.append(Fault(place(where, "name"), "it is missing: each route has a name of its own"))
    else:
        name = read_name(raw["name"], place(where, "name"), faults)
    target = _read_target(raw, where, faults)
    conditions = read_conditions(raw.get("conditions"), place(where, "conditions"), settings, faults)
    code: int | None = DEFAULT_CODE
    if raw.get("code") is not None:
        code = read_code(raw["code"], place(where, "code"), faults)
    strip_prefix = read_flag(raw.get("strip_prefix"), place(where, "strip_prefix"), faults)
    legacy = read_flag(raw.get(_LEGACY), place(where, _LEGACY), faults)
    replace_path = ""
    if raw.get("replace_path") is not None:
        replace_path = read_expansion(raw["replace_path"], place(where, "replace_path"), faults) or ""
    if conditions is not None:
        faults += _rewriting_faults(conditions, where, replace_path, strip_prefix=strip_prefix is True)
    # Each part that is None has left a fault; they are asked so that the types are known.
    if faults or name is None or target is None or conditions is None or code is None:
        return None, faults
    return (
        Route(name, target, conditions, code, strip_prefix is True, replace_path, legacy is True),
        faults,
    )


def write_route(route: Route) -> dict[str, object]:
    """The route in the shortest form that read_route reads to an equal one: as JSON has it.

    Its headers have to be in the order of their names, as read_route leaves them.
    """
    written: dict[str, object] = {"name": route.name}
    if not route.is_default:
        written["conditions"] = write_conditions(route.conditions)
    if route.target.scheme == DEFAULT_SCHEME:
        written["host"] = route.target.host
        if route.target.path_prefix:
            written["path_prefix"] = route.target.path_prefix
    else:
        written["url"] = str(route.target)
    if route.strip_prefix:
        written["strip_prefix"] = True
    if route.replace_path:
        written["replace_path"] = route.replace_path
    if route.code != DEFAULT_CODE:
        written["code"] = route.code
    if route.legacy:
        written[_LEGACY] = True
    return written


def _read_target(raw: Mapping[object, object], where: str, faults: list[Fault]) -> Target | None:
    host, url = raw.get("host"), raw.get("url")
    before = len(faults)
    prefix = read_target_prefix(raw.get("path_prefix"), place(where, "path_prefix"), faults)
    target = None
    if host is None and url is None:
        faults.append(Fault(place(where, "host"), "it is missing: each route has one of host and url"))
    if host is not None:
        authority = read_authority(host, place(where, "host"), faults)
        target = None if authority is None else Target(DEFAULT_SCHEME, authority)
    if url is not None:
        target = read_url(url, place(where, "url"), faults)
    if host is not None and url is not None:
        faults.append(Fault(place(where, "url"), "there is a host already; allowed is one of them"))
    elif target is not None and target.path_prefix and prefix:
        message = "the url has a path already; allowed is one of them"
        faults.append(Fault(place(where, "path_prefix"), message))
    if len(faults) > before or target is None:
        return None
    return replace(target, path_prefix=prefix) if prefix else target


def _rewriting_faults(
    conditions: Conditions, where: str, replace_path: str, *, strip_prefix: bool
) -> list[Fault]:
    faults = []
    if strip_prefix:
        reason = _strip_fault(conditions.paths)
        if reason is not None:
            faults.append(Fault(place(where, "strip_prefix"), reason))
    if replace_path:
        reason = _replacement_fault(conditions.paths, replace_path)
        if strip_prefix:
            reason = "strip_prefix is true as well; allowed is one of them"
        if reason is not None:
            faults.append(Fault(place(where, "replace_path"), reason))
    return faults


def _strip_fault(paths: Sequence[PathMatch]) -> str | None:
    if not paths:
        return "there are no paths that could be taken away"
    if any(path.kind is PathKind.REGEX for path in paths):
        return "a regex has no prefix that could be taken away; see replace_path"
    if EVERY_PATH in paths:
        return "of the prefix '/' there is nothing that could be taken away"
    return None


def _replacement_fault(paths: Sequence[PathMatch], replace_path: str) -> str | None:
    if len(paths) != 1 or paths[0].kind is not PathKind.REGEX:
        return f"it needs exactly one path, a regex, among the conditions; there are {_kinds(paths)}"
    pattern = read_pattern(paths[0].value)
    if highest_group(replace_path) > pattern.groups:
        highest = highest_group(replace_path)
        return f"{shown(replace_path)} uses group {highest}; the regex has {pattern.groups}"
    if pattern.copies(replace_path) > _MOST_COPIES:
        return (
            f"{shown(replace_path)} uses a part of the path more than {_MOST_COPIES} times; count groups that"
            " are inside others"
        )
    return None


def _kinds(paths: Sequence[PathMatch]) -> str:
    counts = {kind.value: sum(path.kind is kind for path in paths) for kind in PathKind}
    return ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "none"


def _repeated_names(raw: Sequence[object]) -> list[Fault]:
    """Also of routes that have other faults, so that all are told at once."""
    first: dict[str, int] = {}
    faults = []
    for index, element in enumerate(raw):
        name = element.get("name") if isinstance(element, Mapping) else None
        if isinstance(name, str) and first.setdefault(name, index) != index:
            message = f"{shown(name)} is the name of {_LIST}[{first[name]}] already"
            faults.append(Fault(f"{_LIST}[{index}].name", message))
    return faults


def _early_defaults(raw: Sequence[object]) -> list[Fault]:
    defaults = [
        index
        for index, element in enumerate(raw)
        if isinstance(element, Mapping) and element.get("conditions") is None
    ]
    return [
        Fault(f"{_LIST}[{index}]", "only the last route may have no conditions: it answers everything")
        for index in defaults
        if index != len(raw) - 1
    ]
