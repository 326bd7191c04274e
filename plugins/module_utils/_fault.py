# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user wrote is read value by value; what is wrong with it is collected and told at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Item = TypeVar("Item", bound=Hashable)
Value = TypeVar("Value")
Reader: TypeAlias = "Callable[[object, str, list[Fault]], Value | None]"

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


def place(where: str, key: str) -> str:
    """The place of a key in what is at ``where``; an empty ``where`` is the whole of what the user wrote."""
    return f"{where}.{key}" if where else key


def unique(values: Iterable[Item]) -> tuple[Item, ...]:
    """The values in their order, each once."""
    return tuple(dict.fromkeys(values))


def read_each(
    value: object,
    where: str,
    what: str,
    read: Callable[[object, str, list[Fault]], Value | None],
    faults: list[Fault],
    *,
    may_be_empty: bool = False,
) -> tuple[Value, ...]:
    """The values of a list, each read by ``read``; a single string is a list of one, and None is no list.

    :param what: how a message calls the values, in the plural
    :param may_be_empty: whether a list without values is no fault
    """
    if value is None:
        return ()
    if isinstance(value, str):
        single = read(value, where, faults)
        return () if single is None else (single,)
    if not isinstance(value, (list, tuple)):
        faults.append(Fault(where, f"{shown(value)} is not a list of {what}"))
        return ()
    if not value and not may_be_empty:
        faults.append(Fault(where, f"the list of {what} is empty; leave it out where there is none"))
    found = (read(element, f"{where}[{index}]", faults) for index, element in enumerate(value))
    return tuple(element for element in found if element is not None)


def read_flag(value: object, where: str, faults: list[Fault]) -> bool | None:
    """True or false; false where the value is None."""
    if value is None or isinstance(value, bool):
        return bool(value)
    faults.append(Fault(where, f"{shown(value)} is not a boolean; allowed: true, false"))
    return None
