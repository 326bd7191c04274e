# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of images in this collection's own form.

Each element is a reference, or a mapping of ``ref`` (required), ``pull_secret``, ``nodes`` (``{"selector":
{label: value}}``), ``platforms`` (``["linux/amd64"]``) and ``strategy``. An option that is null is not given.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    shown,
    text_of,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.user_values import (
    read_labels,
    read_platform,
    read_reference,
    read_secret_name,
)

_LIST = "images"
_KEYS = ("ref", "pull_secret", "nodes", "platforms", "strategy")


def read_images(raw: object, default_strategy: Strategy) -> tuple[list[ImageEntry], list[Fault]]:
    """Read the whole list.

    Gives the entries that can be used, in their order, and every fault of the others. Never raises.
    """
    if not isinstance(raw, (list, tuple)):
        return [], [Fault(_LIST, f"{shown(raw)} is not a list")]
    entries: list[ImageEntry] = []
    faults: list[Fault] = []
    for index, element in enumerate(raw):
        entry = _read_element(element, index, default_strategy, faults)
        if entry is not None:
            entries.append(entry)
    unique, repeated = _without_repetitions(entries)
    faults += repeated
    return unique, faults


def _read_element(
    element: object, index: int, default_strategy: Strategy, faults: list[Fault]
) -> ImageEntry | None:
    where = _place(index)
    if isinstance(element, str):
        reference = read_reference(element, where, faults)
        if reference is None:
            return None
        return ImageEntry(index, reference, frozenset(), "", (), default_strategy)
    if not isinstance(element, Mapping):
        faults.append(Fault(where, f"{shown(element)} is neither an image reference nor a mapping with one"))
        return None
    before = len(faults)
    faults += unknown_keys(element, _KEYS, where)
    reference = None
    if element.get("ref") is None:
        faults.append(Fault(where, "the key 'ref' is missing: the image reference"))
    else:
        text = text_of(element["ref"], f"{where}.ref", faults)
        reference = read_reference(text, f"{where}.ref", faults) if text is not None else None
    pull_secret = read_secret_name(element.get("pull_secret"), f"{where}.pull_secret", faults)
    node_selector = _read_nodes(element.get("nodes"), f"{where}.nodes", faults)
    architectures = _read_platforms(element.get("platforms"), f"{where}.platforms", faults)
    strategy = _read_strategy(element.get("strategy"), f"{where}.strategy", default_strategy, faults)
    # Each part that is None has left a fault; both are asked so that the types are known.
    if len(faults) > before or reference is None or pull_secret is None or node_selector is None:
        return None
    return ImageEntry(index, reference, architectures, pull_secret, node_selector, strategy)


def _read_nodes(value: object, where: str, faults: list[Fault]) -> tuple[tuple[str, str], ...] | None:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        faults.append(Fault(where, f"{shown(value)} is not a mapping with the key 'selector'"))
        return None
    faults += unknown_keys(value, ("selector",), where)
    return read_labels(value.get("selector"), f"{where}.selector", faults)


def _read_platforms(value: object, where: str, faults: list[Fault]) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, (list, tuple)):
        faults.append(Fault(where, f"{shown(value)} is not a list of platforms such as linux/amd64"))
        return frozenset()
    found: set[str] = set()
    for position, element in enumerate(value):
        place = f"{where}[{position}]"
        text = text_of(element, place, faults)
        architecture = read_platform(text, place, faults) if text is not None else None
        if architecture is not None:
            found.add(architecture)
    return frozenset(found)


def _read_strategy(value: object, where: str, default: Strategy, faults: list[Fault]) -> Strategy:
    if value is None:
        return default
    found = next((strategy for strategy in Strategy if strategy.value == value), None)
    if found is None:
        allowed = ", ".join(strategy.value for strategy in Strategy)
        faults.append(Fault(where, f"{shown(value)} is not a strategy; allowed: {allowed}"))
    return found or default


def _without_repetitions(entries: list[ImageEntry]) -> tuple[list[ImageEntry], list[Fault]]:
    """The first of those that mean the same image on the same nodes; the others are faults."""
    kept: dict[tuple[str, tuple[tuple[str, str], ...]], list[ImageEntry]] = {}
    unique: list[ImageEntry] = []
    faults: list[Fault] = []
    for entry in entries:
        alike = kept.setdefault((str(entry.reference), entry.node_selector), [])
        earlier = next((other for other in alike if overlap(entry, other)), None)
        if earlier is None:
            alike.append(entry)
            unique.append(entry)
        else:
            message = (
                f"{shown(str(entry.reference))} is in {_place(earlier.index)} already, for the same nodes"
            )
            faults.append(Fault(_place(entry.index), message))
    return unique, faults


def overlap(one: ImageEntry, other: ImageEntry) -> bool:
    """Whether there are architectures for which both are wanted."""
    if not one.architectures or not other.architectures:
        return True
    return not one.architectures.isdisjoint(other.architectures)


def _place(index: int) -> str:
    return f"{_LIST}[{index}]"
