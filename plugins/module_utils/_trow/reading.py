# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a user's variables one by one; what is wrong with them is collected.

Source of the rules for names and labels: Kubernetes, "Object Names and IDs" and "Labels and Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, TypeVar

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown, text_of

Value = TypeVar("Value")

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\Z")
_LONGEST_LABEL = 63
_LONGEST_NAME = 253
_LABEL_PART = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\Z")
_REFERENCE = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._:/@\[\]]{0,511}\Z")
_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}\Z")
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


class Reader:
    """The variables and the faults found so far. A value that is left out, None or "" is the default."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self.faults: list[Fault] = []

    def given(self, key: str) -> object:
        """The value; None where there is none."""
        value = self._raw.get(key)
        return None if isinstance(value, str) and value == "" else value

    def is_missing(self, key: str) -> bool:
        """Whether the value is left out or None; "" is a value here."""
        return self._raw.get(key) is None

    def fault(self, where: str, message: str) -> None:
        """Remember what is wrong."""
        self.faults.append(Fault(where, message))

    def text(self, key: str, default: str, is_allowed: Callable[[str], bool], allowed: str) -> str:
        """A string that ``is_allowed``; ``allowed`` says what is."""
        value = self.given(key)
        if value is None:
            return default
        text = text_of(value, key, self.faults)
        if text is not None and is_allowed(text):
            return str(text)
        if text is not None:
            self.fault(key, f"{shown(text)} is not allowed; allowed: {allowed}")
        return default

    def choice(self, key: str, choices: Sequence[str], default: str = "") -> str:
        """One of ``choices``; the first where there is no default."""
        return self.text(key, default or choices[0], lambda text: text in choices, ", ".join(choices))

    def name(self, key: str, default: str) -> str:
        """The name of an object."""
        return self.text(key, default, is_name, NAME_RULE)

    def label(self, key: str, default: str) -> str:
        """A name without dots, such as a namespace's."""
        return self.text(key, default, is_label, LABEL_RULE)

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number."""
        value = self.given(key)
        if value is None:
            return default
        digits = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
        number = int(digits) if re.fullmatch(r"\d{1,9}", digits, re.ASCII) else None
        if number is not None and least <= number <= most:
            return number
        self.fault(key, f"{shown(value)} is not allowed; allowed: a whole number from {least} to {most}")
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false, also as Ansible's command line gives them."""
        value = self.given(key)
        flag = default if value is None else _FLAGS.get(str(value).lower())
        if flag is None or not isinstance(value, (bool, str, type(None))):
            self.fault(key, f"{shown(value)} is not a boolean; allowed: true, false")
            return default
        return flag

    def mapping(self, key: str) -> dict[str, Any]:
        """A mapping with keys that are strings, at any depth; empty where none is given."""
        value = self.given(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fault(key, f"{shown(value)} is not a mapping")
            return {}
        plain = plain_value(value, key, self.faults)
        return plain if isinstance(plain, dict) else {}

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of strings to strings, as annotations are."""
        found = self.mapping(key)
        for name, value in found.items():
            if not isinstance(value, str):
                self.fault(f"{key}.{name}", f"{shown(value)} is not a string: put it in quotes")
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def names(self, key: str, is_allowed: Callable[[str], bool], allowed: str) -> tuple[str, ...]:
        """A list of strings that are each allowed."""
        found = []
        for index, value in enumerate(self.listed(key)):
            where = f"{key}[{index}]"
            text = text_of(value, where, self.faults)
            if text is not None and not is_allowed(text):
                self.fault(where, f"{shown(text)} is not allowed; allowed: {allowed}")
            elif text is not None:
                found.append(str(text))
        return tuple(dict.fromkeys(found))

    def mappings(self, key: str) -> tuple[dict[str, Any], ...]:
        """A list of mappings."""
        found = []
        for index, value in enumerate(self.listed(key)):
            where = f"{key}[{index}]"
            plain = plain_value(value, where, self.faults)
            if isinstance(plain, dict):
                found.append(plain)
            elif plain is not None or value is None:
                self.fault(where, f"{shown(value)} is not a mapping")
        return tuple(found)

    def listed(self, key: str) -> Sequence[object]:
        """A list; empty where none is given."""
        value = self.given(key)
        if value is None:
            return ()
        if isinstance(value, (list, tuple)):
            return value
        self.fault(key, f"{shown(value)} is not a list")
        return ()


def plain_value(value: object, where: str, faults: list[Fault]) -> Any:
    """The value as plain dicts, lists, strings, numbers, booleans and None; None, and a fault, for others."""
    if isinstance(value, Mapping):
        found = {}
        for key, entry in value.items():
            if isinstance(key, str):
                found[str(key)] = plain_value(entry, f"{where}.{key}", faults)
            else:
                faults.append(Fault(where, f"the key {shown(key)} is not a string"))
        return found
    if isinstance(value, (list, tuple)):
        return [plain_value(entry, f"{where}[{index}]", faults) for index, entry in enumerate(value)]
    if isinstance(value, str):
        if is_writable(value):
            return str(value)
        # Not shown: it may be a password.
        faults.append(Fault(where, "has characters that no file can have"))
        return None
    # Neither infinity nor what is no number is JSON.
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and abs(value) < 1e300):
        return value
    faults.append(Fault(where, f"{shown(value)} is neither text, number, boolean, list nor mapping"))
    return None


def is_writable(text: str) -> bool:
    """Whether the text can be in a file of YAML, with or without escapes."""
    return not any(0xD800 <= ord(character) <= 0xDFFF or character == "\0" for character in text)


LABEL_RULE = "at most 63 lower-case letters, digits and '-', with a letter or digit at both ends"
NAME_RULE = (
    "at most 253 lower-case letters, digits, '-' and '.', with a letter or digit at both ends of each part"
)


def is_label(text: str) -> bool:
    """Whether the text is a label of the name service (RFC 1123)."""
    return len(text) <= _LONGEST_LABEL and _LABEL.match(text) is not None


def is_name(text: str) -> bool:
    """Whether the text is a subdomain, as names of most objects are (RFC 1123)."""
    return len(text) <= _LONGEST_NAME and all(_LABEL.match(part) for part in text.split("."))


def is_host(text: str) -> bool:
    """Whether the text is a name that an Ingress may have: no address, and no part too long."""
    return is_name(text) and all(map(is_label, text.split("."))) and not is_address(text)


def is_address(text: str) -> bool:
    """Whether the text is an IP address without a zone."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_reference(text: str) -> bool:
    """Whether the text may be the reference of an image; the kubelet judges the rest."""
    return _REFERENCE.match(text) is not None


def is_key(text: str) -> bool:
    """Whether the text may be a key of a Secret."""
    return _KEY.match(text) is not None and text not in (".", "..")


def is_label_value(text: str) -> bool:
    """Whether the text may be the value of a label."""
    return text == "" or (len(text) <= _LONGEST_LABEL and _LABEL_PART.match(text) is not None)
