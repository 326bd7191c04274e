# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of images as JARVICE's image cache has it: its file ``image.config``, and its ``interval``.

Source: the documentation of jarvice-cache-pull. The file is a JSON list of objects with ``ref``,
``registry``, ``private``, ``config`` (a secret's name) and ``arch`` (architecture -> reference). Only private
images are pulled with the secret, and what is in ``arch`` is pulled as it is written there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
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
    read_architecture,
    read_reference,
    read_secret_name,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.docker_config import host_of_key
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    DOCKER_HUB,
    Reference,
)

SHORTEST_INTERVAL = 60
LONGEST_INTERVAL = 365 * 24 * 3600

_LIST = "jarvice_images"
_KEYS = ("ref", "registry", "private", "config", "arch")
_DEFAULT_SECRET = "jarvice-docker"
_LONGEST_NUMBER = 10


class IntervalError(ArtifactsError):
    """The interval cannot be used; the message shows it and what is allowed."""


def read_interval(raw: object) -> int:
    """Read the interval in seconds: 0, or SHORTEST_INTERVAL to LONGEST_INTERVAL.

    A ConfigMap holds it as text, so that a string of digits will do.

    :raises IntervalError: it is none
    """
    number = raw
    if isinstance(raw, str):
        digits = raw.strip()
        number = (
            int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER else None
        )
    allowed = f"0 (never), or whole seconds from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL}"
    if isinstance(number, bool) or not isinstance(number, int):
        raise IntervalError(f"interval: {shown(raw)} is not a whole number; allowed: {allowed}")
    if number != 0 and not SHORTEST_INTERVAL <= number <= LONGEST_INTERVAL:
        raise IntervalError(f"interval: {shown(raw)} is out of range; allowed: {allowed}")
    return number


def read_jarvice(raw: object, default_strategy: Strategy) -> tuple[list[ImageEntry], list[Fault]]:
    """Read the whole list, as JSON text or parsed.

    Gives one entry for each reference, with all architectures that have it, in the order of the list, and
    every fault. The same image twice is one entry, as it was one pull. Never raises.
    """
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            return [], [Fault(_LIST, f"the text is not JSON: {error.msg} at {place}")]
        except (ValueError, RecursionError):
            return [], [
                Fault(_LIST, "the text is not JSON that can be read: nested too deep, or a huge number")
            ]
    if not isinstance(raw, (list, tuple)):
        return [], [Fault(_LIST, f"{shown(raw)} is not a list, nor JSON text of one")]
    faults: list[Fault] = []
    merged: dict[tuple[str, str], ImageEntry] = {}
    for index, element in enumerate(raw):
        for entry in _read_element(element, index, default_strategy, faults):
            key = (str(entry.reference), entry.pull_secret)
            earlier = merged.get(key)
            merged[key] = entry if earlier is None else _union(earlier, entry)
    entries = list(merged.values())
    faults += _two_secrets(entries)
    return entries, faults


def _read_element(
    element: object, index: int, default_strategy: Strategy, faults: list[Fault]
) -> list[ImageEntry]:
    where = _place(index)
    if not isinstance(element, Mapping):
        faults.append(Fault(where, f"{shown(element)} is not a mapping with the keys {', '.join(_KEYS)}"))
        return []
    before = len(faults)
    faults += unknown_keys(element, _KEYS, where)
    pull_secret = _read_secret(element, where, faults)
    registry = _optional_text(element, "registry", where, faults)
    ref = _optional_text(element, "ref", where, faults)
    arch = element.get("arch")
    found: dict[Reference, frozenset[str]] = {}
    if arch is None:
        if ref:
            found = _read_ref(ref, registry, f"{where}.ref", faults)
        elif element.get("ref") in (None, ""):
            faults.append(Fault(where, "neither 'ref' nor 'arch' names an image"))
    elif not isinstance(arch, Mapping) or not arch:
        what = "an empty mapping" if isinstance(arch, Mapping) else shown(arch)
        message = f"{what} is not a mapping of architectures to image references; leave it out for all"
        faults.append(Fault(f"{where}.arch", message))
    else:
        found = _read_arch(arch, f"{where}.arch", faults)
    if len(faults) > before:
        return []
    return [
        ImageEntry(index, reference, architectures, pull_secret, (), default_strategy)
        for reference, architectures in found.items()
    ]


def _read_secret(element: Mapping[object, object], where: str, faults: list[Fault]) -> str:
    private = element.get("private")
    if private is not None and not isinstance(private, bool):
        faults.append(Fault(f"{where}.private", f"{shown(private)} is not a boolean; allowed: true, false"))
    config = _optional_text(element, "config", where, faults)
    if private is not True:
        return ""
    return read_secret_name(config or _DEFAULT_SECRET, f"{where}.config", faults) or ""


def _read_ref(ref: str, registry: str, where: str, faults: list[Fault]) -> dict[Reference, frozenset[str]]:
    # What "docker login" takes may be a URL.
    host = (host_of_key(registry) if "://" in registry else registry.rstrip("/")) or DOCKER_HUB
    text = ref if ref.startswith(f"{host}/") else f"{host}/{ref}"
    reference = read_reference(text, where, faults)
    return {reference: frozenset()} if reference is not None else {}


def _read_arch(
    arch: Mapping[object, object], where: str, faults: list[Fault]
) -> dict[Reference, frozenset[str]]:
    references: dict[str, Reference] = {}
    for key, value in arch.items():
        name = text_of(key, where, faults)
        architecture = read_architecture(name, where, faults) if name is not None else None
        if architecture is None:
            continue
        place = f"{where}.{architecture}"
        text = text_of(value, place, faults)
        reference = read_reference(text, place, faults) if text is not None else None
        if reference is None:
            continue
        if references.setdefault(architecture, reference) != reference:
            faults.append(Fault(place, f"{shown(text)}: another name of it has {references[architecture]}"))
    found: dict[Reference, frozenset[str]] = {}
    for architecture, reference in references.items():
        found[reference] = found.get(reference, frozenset()) | {architecture}
    return found


def _union(earlier: ImageEntry, entry: ImageEntry) -> ImageEntry:
    unrestricted = not earlier.architectures or not entry.architectures
    both = frozenset[str]() if unrestricted else earlier.architectures | entry.architectures
    return replace(earlier, architectures=both)


def _two_secrets(entries: list[ImageEntry]) -> list[Fault]:
    """One image cannot be pulled on the same node both with a secret and with another, or with none."""
    first: dict[str, list[ImageEntry]] = {}
    faults: list[Fault] = []
    for entry in entries:
        alike = first.setdefault(str(entry.reference), [])
        for other in alike:
            common = entry.architectures & other.architectures
            if common or not entry.architectures or not other.architectures:
                message = (
                    f"{shown(str(entry.reference))} is in {_place(other.index)} already, with "
                    f"{_secret(other)} instead of {_secret(entry)}"
                )
                faults.append(Fault(_place(entry.index), message))
                break
        alike.append(entry)
    return faults


def _secret(entry: ImageEntry) -> str:
    return f"the secret {entry.pull_secret}" if entry.pull_secret else "no secret"


def _optional_text(element: Mapping[object, object], key: str, where: str, faults: list[Fault]) -> str:
    value = element.get(key)
    return "" if value is None else text_of(value, f"{where}.{key}", faults) or ""


def _place(index: int) -> str:
    return f"{_LIST}[{index}]"
