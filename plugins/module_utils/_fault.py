# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a user's list: collected, so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_LONGEST_SHOWN = 80
_LARGEST_SHOWN = 10**18


@dataclass(frozen=True)
class Fault:
    """Something that cannot be used.

    :ivar where: the place, such as ``images[3].platforms[0]``
    :ivar message: what is wrong there, and what is allowed
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def shown(value: object) -> str:
    """The value as a message names it: short, on one line, lists and mappings only by what they are."""
    if isinstance(value, str):
        return repr(str(value) if len(value) <= _LONGEST_SHOWN else f"{value[: _LONGEST_SHOWN - 3]}...")
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) > _LARGEST_SHOWN:
        return "a huge number"
    return str(value) if isinstance(value, (int, float)) else f"a {type(value).__name__}"


def text_of(value: object, where: str, faults: list[Fault]) -> str | None:
    """The string; None, and a fault, for anything else."""
    if isinstance(value, str):
        return value
    faults.append(Fault(where, f"{shown(value)} is not a string"))
    return None


def unknown_keys(mapping: Mapping[object, object], known: Iterable[str], where: str) -> list[Fault]:
    """One fault for each key that is not ``known``."""
    allowed = tuple(known)
    return [
        Fault(where, f"the key {shown(key)} is not known; allowed: {', '.join(allowed)}")
        for key in mapping
        if key not in allowed
    ]
