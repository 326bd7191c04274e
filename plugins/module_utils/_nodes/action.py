# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One action as the user writes it: what is run on a node, and what makes it the same work as before.

A mapping with the keys ``name``, ``script`` or ``scripts``, ``absent_script``, ``arguments``, ``packages``,
``variables``, ``namespaces``, ``time_limit`` and ``force``; one that is null is not given.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    place,
    read_each,
    read_flag,
    shown,
    text_of,
    unique,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.catalogue import Entry
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.script import (
    read_script,
    read_variables,
)

# In the order in which nsenter is told.
NAMESPACES = ("mount", "uts", "ipc", "net", "pid")
DEFAULT_NAMESPACES = ("mount",)
DEFAULT_TIME_LIMIT = 1800
LONGEST_TIME_LIMIT = 86400
# A Job's name has this one and a hash in it, and is a label of its pods, which have 63 characters at most.
LONGEST_NAME = 40

KEYS = (
    "name",
    "script",
    "scripts",
    "absent_script",
    "arguments",
    "packages",
    "variables",
    "namespaces",
    "time_limit",
    "force",
)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
# Of a ConfigMap's keys those that can be taken neither for an option nor for a hidden file.
_ARGUMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}\Z")
# Source: Azure's naming rules for storage accounts.
_STORAGE_ACCOUNT = re.compile(r"[a-z0-9]{3,24}\Z")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}/[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}\Z")
_MOST_NAMED = 20
# Changed where the same action would have to run again because the way it is run is another one.
_HASH_VERSION = 1
# The same on every machine that runs the same action.
_SALT = b"actions.clusterdepot.io"


@dataclass(frozen=True)
class Action:
    """What is to be run on nodes, without faults.

    :ivar name: a DNS label of at most LONGEST_NAME characters
    :ivar script: of a shell; empty where a removal has nothing to run
    :ivar arguments: of the script: what it is to do, and the storage account, which may be empty
    :ivar packages: ``name/tag`` of those that are fetched and verified before the script runs, sorted
    :ivar entries: what is known of the packages that the script may ask for, sorted
    :ivar place: of the storage, where that is part of what the packages are; see ``read_action``
    :ivar variables: sorted by name; may be secret
    :ivar namespaces: some of NAMESPACES, in that order, ``mount`` among them
    :ivar time_limit: of the script, in seconds
    :ivar force: whether it runs where it was done before
    :ivar removes: whether it takes back what an action of that name did
    """

    name: str
    script: str
    arguments: tuple[str, str]
    packages: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    place: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    namespaces: tuple[str, ...] = DEFAULT_NAMESPACES
    time_limit: int = DEFAULT_TIME_LIMIT
    force: bool = False
    removes: bool = False

    @functools.cached_property
    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of all that makes the work what it is; limits and ``force`` do not.

        Who may read nodes may read it, and must not find a weak secret among the variables by trying.
        """
        content: dict[str, object] = {
            "version": _HASH_VERSION,
            "removes": self.removes,
            "script": self.script,
            "arguments": self.arguments,
            "packages": self.packages,
            "entries": [[entry.name, entry.tag, entry.path, entry.sha256 or ""] for entry in self.entries],
            "variables": _slow_hash(self.variables),
            "namespaces": self.namespaces,
        }
        if self.place:
            content["place"] = self.place
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _slow_hash(variables: tuple[tuple[str, str], ...]) -> str:
    """Of variables, by scrypt (RFC 7914) with 16 MiB: some fifty milliseconds."""
    if not variables:
        return ""
    content = json.dumps(variables, separators=(",", ":")).encode("ascii")
    return hashlib.scrypt(content, salt=_SALT, n=16384, r=8, p=1).hex()


def read_action(
    raw: object,
    known: Iterable[Entry] | None = None,
    where: str = "",
    *,
    storage_place: tuple[str, ...] = (),
    removes: bool = False,
) -> tuple[Action | None, list[Fault]]:
    """Read an action, and tell every fault; None where there is one. Never raises.

    :param known: entries of the catalogue; None where it is in the storage only. Without ``packages`` the
        action may ask for all of them, so all make the work what it is; with ``packages``, those do.
    :param storage_place: ``place`` of the storage. It makes the work what it is where nothing else tells
        which files the packages are: the catalogue is in the storage, or one of these entries has no sha256.
    :param removes: whether ``absent_script`` is what is run; there may be none, and no ``script`` either.
        Then ``variables`` are of no use to anybody, and are left out.
    """
    if not isinstance(raw, Mapping):
        return None, [Fault(where or "action", f"{shown(raw)} is not a mapping with the keys of an action")]
    faults = unknown_keys(raw, KEYS, where or "action")
    given = {key: value for key, value in raw.items() if value is not None}
    name = _read_name(given.get("name"), place(where, "name"), faults)
    arguments = _read_arguments(given.get("arguments"), place(where, "arguments"), name, faults)
    script = _choose_script(given, where, arguments, faults, optional=removes)
    absent_script = ""
    if "absent_script" in given:
        absent_script = read_script(given["absent_script"], place(where, "absent_script"), faults) or ""
    entries = None if known is None else tuple(sorted(known, key=lambda entry: (entry.name, entry.tag)))
    packages, entries = _read_packages(given.get("packages"), place(where, "packages"), entries, faults)
    variables = read_variables(given.get("variables"), place(where, "variables"), faults)
    namespaces = _read_namespaces(given.get("namespaces"), place(where, "namespaces"), faults)
    time_limit = _read_time_limit(given.get("time_limit"), place(where, "time_limit"), faults)
    force = read_flag(given.get("force"), place(where, "force"), faults)
    if faults or name is None or arguments is None:
        return None, faults
    script = absent_script if removes else script
    is_known = known is not None and all(entry.sha256 is not None for entry in entries)
    return (
        Action(
            name=name,
            script=script,
            arguments=arguments,
            packages=packages,
            entries=entries,
            place=() if is_known else storage_place,
            variables=variables if script else (),
            namespaces=namespaces,
            time_limit=time_limit,
            force=bool(force),
            removes=removes,
        ),
        [],
    )


def _read_name(value: object, where: str, faults: list[Fault]) -> str | None:
    rule = f"1 to {LONGEST_NAME} lower-case letters, digits and '-', with a letter or digit at both ends"
    if value is None:
        faults.append(Fault(where, f"is missing: {rule}"))
        return None
    text = text_of(value, where, faults)
    if text is not None and (len(text) > LONGEST_NAME or _NAME.match(text) is None):
        faults.append(Fault(where, f"{shown(text)} is not the name of an action: {rule}"))
        return None
    return text


def _read_arguments(
    value: object, where: str, name: str | None, faults: list[Fault]
) -> tuple[str, str] | None:
    """The two arguments; the first is the action's name where none are given."""
    if value is None:
        return (name or "", "")
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 2:
        what = f"a list of {len(value)}" if isinstance(value, (list, tuple)) else shown(value)
        faults.append(
            Fault(where, f"{what} is not a list of the action and, if need be, the storage account")
        )
        return None
    before = len(faults)
    first = text_of(value[0], f"{where}[0]", faults)
    if first is not None and _ARGUMENT.match(first) is None:
        rule = "1 to 253 letters, digits, '-', '_' and '.', a letter, digit or '_' first"
        faults.append(Fault(f"{where}[0]", f"{shown(first)} is not the key of a script: {rule}"))
    second: str | None = ""
    if len(value) > 1 and value[1] is not None and value[1] != "":
        second = text_of(value[1], f"{where}[1]", faults)
        if second is not None and _STORAGE_ACCOUNT.match(second) is None:
            rule = "3 to 24 lower-case letters and digits"
            faults.append(Fault(f"{where}[1]", f"{shown(second)} is not a storage account: {rule}"))
    if len(faults) > before or first is None or second is None:
        return None
    return first, second


def _choose_script(
    given: Mapping[object, object],
    where: str,
    arguments: tuple[str, str] | None,
    faults: list[Fault],
    *,
    optional: bool,
) -> str:
    """The text of ``script``, or of the one of ``scripts`` that the first argument names."""
    one, several = place(where, "script"), place(where, "scripts")
    if "script" in given and "scripts" in given:
        faults.append(Fault(several, "is given beside 'script'; allowed: one of them"))
    if "script" in given:
        return read_script(given["script"], one, faults) or ""
    if "scripts" not in given:
        if not optional:
            faults.append(Fault(one, "is missing; allowed: the text of a script, or 'scripts' by their keys"))
        return ""
    scripts = given["scripts"]
    if not isinstance(scripts, Mapping):
        faults.append(Fault(several, f"{shown(scripts)} is not a mapping of keys to the texts of scripts"))
        return ""
    if arguments is None or not arguments[0]:
        return ""
    key = arguments[0]
    if key not in scripts:
        keys = _enumerated([known for known in scripts if isinstance(known, str)])
        faults.append(Fault(several, f"there is no script {shown(key)}; there are: {keys}"))
        return ""
    return read_script(scripts[key], f"{several}[{key}]", faults) or ""


def _read_packages(
    value: object, where: str, known: tuple[Entry, ...] | None, faults: list[Fault]
) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
    if value is None:
        return (), known or ()
    names = tuple(
        sorted(unique(read_each(value, where, "packages", _read_package, faults, may_be_empty=True)))
    )
    if known is None:
        return names, ()
    by_name = {f"{entry.name}/{entry.tag}": entry for entry in known}
    faults.extend(
        Fault(where, f"{shown(name)} is not in the catalogue; there are: {_enumerated(list(by_name))}")
        for name in names
        if name not in by_name
    )
    return names, tuple(by_name[name] for name in names if name in by_name)


def _read_package(value: object, where: str, faults: list[Fault]) -> str | None:
    text = text_of(value, where, faults)
    if text is not None and _PACKAGE.match(text) is None:
        rule = "name/tag, each of 1 to 128 letters, digits and '._+~-', a letter or digit first"
        faults.append(Fault(where, f"{shown(text)} is not a package: {rule}"))
        return None
    return text


def _read_namespaces(value: object, where: str, faults: list[Fault]) -> tuple[str, ...]:
    if value is None:
        return DEFAULT_NAMESPACES
    before = len(faults)
    chosen = read_each(value, where, "namespaces", _read_namespace, faults)
    if len(faults) == before and "mount" not in chosen:
        faults.append(Fault(where, "'mount' is missing: without it the node's files are not there"))
    return tuple(name for name in NAMESPACES if name in chosen)


def _read_namespace(value: object, where: str, faults: list[Fault]) -> str | None:
    if isinstance(value, str) and value in NAMESPACES:
        return value
    faults.append(Fault(where, f"{shown(value)} is not a namespace; allowed: {', '.join(NAMESPACES)}"))
    return None


def _read_time_limit(value: object, where: str, faults: list[Fault]) -> int:
    if value is None:
        return DEFAULT_TIME_LIMIT
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LONGEST_TIME_LIMIT:
        return value
    rule = f"a whole number of seconds from 1 to {LONGEST_TIME_LIMIT}"
    faults.append(Fault(where, f"{shown(value)} is not a time limit: {rule}"))
    return DEFAULT_TIME_LIMIT


def _enumerated(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    listed = ", ".join(shown(name) for name in names[:_MOST_NAMED]) or "none"
    return f"{listed} and {more} more" if more > 0 else listed
