# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages that a node may ask for: ``packages.toml``, or the same as variables.

On a node, ``files/catalogue.awk`` reads ``packages.toml``, since no Python is there. It understands a part of
TOML; what it accepts means the same here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    shown,
    text_of,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import is_unicode

LONGEST_PATH = 1024

_FILE = "packages.toml"
_KEYS = ("path", "sha256")
_LISTED_KEYS = ("name", "tag", *_KEYS)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}\Z")
_NAME_RULE = "1 to 128 letters, digits and '._+~-', a letter or digit first"
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# In a URL's path these stand for themselves (RFC 3986, 3.3).
_PLAIN_IN_URL = "/+"


@dataclass(frozen=True)
class Entry:
    """One package.

    :ivar path: of the file, relative to the root of the storage
    :ivar sha256: 64 lower-case hexadecimal digits; None where it is not known
    """

    name: str
    tag: str
    path: str
    sha256: str | None = None


@dataclass(frozen=True)
class Catalogue:
    """All packages: those of one name together, each name and tag once."""

    entries: tuple[Entry, ...] = ()

    def write_map(self) -> str:
        """A line for each package, as ``catalogue.awk`` writes them.

        With tabs between them: name, tag, sha256 or ``-``, path, and the path as a URL has it.
        """
        lines = (
            "\t".join(
                (entry.name, entry.tag, entry.sha256 or "-", entry.path, quote(entry.path, _PLAIN_IN_URL))
            )
            for entry in self.entries
        )
        return "".join(f"{line}\n" for line in lines)

    def write_toml(self) -> str:
        """``packages.toml`` with these packages, in the part of TOML that ``catalogue.awk`` reads."""
        tables = []
        for entry in self.entries:
            lines = [f'["{entry.name}"."{entry.tag}"]', f"path = {_toml_string(entry.path)}"]
            if entry.sha256 is not None:
                lines.append(f'sha256 = "{entry.sha256}"')
            tables.append("".join(f"{line}\n" for line in lines))
        return "\n".join(tables)


def read_catalogue(text: str) -> tuple[Catalogue, list[Fault]]:
    """Read ``packages.toml``: ``[name.tag]`` with ``path`` and, if it is known, ``sha256``.

    Gives the packages that can be used, and every fault of the others. A byte order mark is not minded, nor
    a carriage return at the end of the text.
    """
    try:
        document = tomllib.loads(text.removeprefix("\ufeff").removesuffix("\r"))
    except tomllib.TOMLDecodeError as error:
        return Catalogue(), [Fault(_FILE, f"is not TOML: {error}")]
    except RecursionError:
        return Catalogue(), [Fault(_FILE, "is not a catalogue: its values are nested too deeply")]
    return _read_tables(document, _FILE)


def from_variables(raw: object, where: str = "packages") -> tuple[Catalogue, list[Fault]]:
    """Read the catalogue from variables. Never raises.

    :param raw: a mapping of names to mappings of tags to ``{"path": …, "sha256": …}``, or a list of
        ``{"name": …, "tag": …, "path": …, "sha256": …}``; None is none
    """
    if raw is None:
        return Catalogue(), []
    if isinstance(raw, Mapping):
        return _read_tables(raw, where)
    if isinstance(raw, (list, tuple)):
        return _read_list(raw, where)
    allowed = "a mapping of names to tags, or a list of packages"
    return Catalogue(), [Fault(where, f"{shown(raw)} is not {allowed}")]


def _read_tables(
    document: Mapping[object, object] | dict[str, object], where: str
) -> tuple[Catalogue, list[Fault]]:
    entries: list[Entry] = []
    faults: list[Fault] = []
    for name, tags in document.items():
        if not _is_name(name, "the name of a package", where, faults):
            continue
        place = f"{where}[{name}]"
        if not isinstance(tags, Mapping):
            faults.append(Fault(place, f"{shown(tags)} is not a mapping of tags to packages"))
            continue
        for tag, package in tags.items():
            if _is_name(tag, "a tag", place, faults):
                entry = _read_package(str(name), str(tag), package, f"{place}[{tag}]", faults)
                entries += [entry] if entry is not None else []
    return Catalogue(tuple(entries)), faults


def _read_list(raw: Iterable[object], where: str) -> tuple[Catalogue, list[Fault]]:
    by_name: dict[str, dict[str, Entry]] = {}
    faults: list[Fault] = []
    for index, element in enumerate(raw):
        place = f"{where}[{index}]"
        if not isinstance(element, Mapping):
            keys = ", ".join(_LISTED_KEYS)
            faults.append(Fault(place, f"{shown(element)} is not a mapping with the keys {keys}"))
            continue
        entry = _read_listed(element, place, faults)
        if entry is None:
            continue
        tags = by_name.setdefault(entry.name, {})
        if entry.tag in tags:
            faults.append(Fault(place, f"repeats the package {entry.name}/{entry.tag}"))
        tags.setdefault(entry.tag, entry)
    return Catalogue(tuple(entry for tags in by_name.values() for entry in tags.values())), faults


def _read_listed(element: Mapping[object, object], where: str, faults: list[Fault]) -> Entry | None:
    faults += unknown_keys(element, _LISTED_KEYS, where)
    named = True
    for key, what in (("name", "the name of a package"), ("tag", "a tag")):
        value = element.get(key)
        if value is None:
            faults.append(Fault(where, f"the key '{key}' is missing: {what}"))
            named = False
        elif not _is_name(value, what, f"{where}.{key}", faults):
            named = False
    package = {key: element[key] for key in _KEYS if key in element}
    entry = _read_package(str(element.get("name")), str(element.get("tag")), package, where, faults)
    return entry if named else None


def _read_package(name: str, tag: str, package: object, where: str, faults: list[Fault]) -> Entry | None:
    if not isinstance(package, Mapping):
        faults.append(Fault(where, f"{shown(package)} is not a mapping with the keys {', '.join(_KEYS)}"))
        return None
    before = len(faults)
    faults += unknown_keys(package, _KEYS, where)
    path, sha256 = package.get("path"), package.get("sha256")
    if path is None:
        faults.append(Fault(where, "the key 'path' is missing: the file in the storage"))
    else:
        path = text_of(path, f"{where}.path", faults)
        if path is not None and not _is_path(path):
            rule = (
                f"relative, at most {LONGEST_PATH} octets, no parts that are empty, '.' or '..', no control"
                " characters"
            )
            faults.append(Fault(f"{where}.path", f"{shown(path)} is not the path of a file: {rule}"))
    if sha256 is not None:
        sha256 = text_of(sha256, f"{where}.sha256", faults)
        if sha256 is not None and _SHA256.match(sha256) is None:
            faults.append(Fault(f"{where}.sha256", f"{shown(sha256)} is not 64 hexadecimal digits"))
    if len(faults) > before or path is None:
        return None
    return Entry(name, tag, path, sha256.lower() if sha256 is not None else None)


def _is_name(value: object, what: str, where: str, faults: list[Fault]) -> bool:
    if isinstance(value, str) and _NAME.match(value) is not None:
        return True
    hint = "" if isinstance(value, str) else ": put it in quotes"
    faults.append(Fault(where, f"{shown(value)} is not {what}{hint}; allowed: {_NAME_RULE}"))
    return False


def _is_path(path: str) -> bool:
    return (
        is_unicode(path)
        and len(path.encode()) <= LONGEST_PATH
        and _CONTROL.search(path) is None
        and all(part not in {"", ".", ".."} for part in path.split("/"))
    )


def _toml_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
