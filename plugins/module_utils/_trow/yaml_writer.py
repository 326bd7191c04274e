# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes plain values as YAML that reads well and means the same to every reader of YAML.

PyYAML is not used: where a module runs it need not be there.
Source: YAML 1.2, and YAML 1.1 for the words that older readers take for booleans.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_PLAIN = re.compile(r"(?:\.\./)*[A-Za-z/][-A-Za-z0-9_./]*\Z", re.ASCII)
# Taken for booleans or for nothing.
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))
# Within quotes.
_ESCAPED = re.compile(r"[^ !#-\[\]-~]")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BLOCK = re.compile(r"(?:[ !-~]*[!-~]\n)+\Z", re.ASCII)


def yaml_documents(values: Iterable[Mapping[str, Any]]) -> str:
    """The mappings as YAML documents, one after the other."""
    return "---\n".join(yaml_text(value) for value in values)


def yaml_text(value: Mapping[str, Any]) -> str:
    """A mapping of strings, numbers, booleans, None, lists and mappings as a YAML document.

    :raises TypeError: there is anything else in it
    """
    return "\n".join(_mapping_lines(value) or ["{}"]) + "\n"


def _mapping_lines(value: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key, entry in value.items():
        lines += _entry_lines(f"{_scalar(key)}:", entry, in_mapping=True)
    return lines


def _entry_lines(before: str, entry: Any, *, in_mapping: bool) -> list[str]:
    """The lines of a value behind a key or a dash."""
    if isinstance(entry, Mapping) and entry:
        lines = _mapping_lines(entry)
    elif isinstance(entry, (list, tuple)) and entry:
        lines = [line for element in entry for line in _entry_lines("-", element, in_mapping=False)]
    elif isinstance(entry, str) and "\n" in entry and _BLOCK.match(entry) and not entry.startswith(" "):
        return [f"{before} |", *(f"  {line}" for line in entry.splitlines())]
    else:
        return [f"{before} {_scalar(entry)}"]
    if in_mapping:
        return [before, *(f"  {line}" for line in lines)]
    return [f"{before} {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        # Without a point, YAML 1.1 takes an exponent for a part of a text.
        number, exponent, power = json.dumps(value).partition("e")
        return f"{number}.0e{power}" if exponent and "." not in number else f"{number}{exponent}{power}"
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    if isinstance(value, (Mapping, list, tuple)):
        return "{}" if isinstance(value, Mapping) else "[]"
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} cannot be written as YAML")
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    if match[0] in _SHORT:
        return _SHORT[match[0]]
    number = ord(match[0])
    return f"\\U{number:08x}" if number > 0xFFFF else f"\\u{number:04x}"
