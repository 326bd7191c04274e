# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the parameters of image_cache_sync, and tells all that is wrong with them before anybody is asked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.image_list import (
    overlap,
    read_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.jarvice import (
    IntervalError,
    read_interval,
    read_jarvice,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolver import (
    read_endpoint,
    registry_origin,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.schedule import (
    refresh_count,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    ALLOWED,
    is_taint,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.user_values import (
    is_subdomain,
    read_labels,
    read_reference,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import (
    certificates_of_pem,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault

_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
# The name begins the names of the cache's DaemonSets, which have to fit into a label.
_LONGEST_NAME = 20
_TOLERATION = ("key", "operator", "value", "effect")
_SECONDS = "tolerationSeconds"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
# More would not fit into one object of the API server.
_MOST_CONTAINERS = 600
_BOUNDS: tuple[tuple[str, float, float], ...] = (
    ("images_per_pod", 1, 100),
    ("resolve_timeout", 0.1, 86400),
    ("wait_timeout", 0.001, 86400),
    ("failure_grace", 0, 86400),
    ("success_threshold", 0, 100),
    ("disk_factor", 1, 100),
)


@dataclass(frozen=True)
class Wishes:
    """The parameters that need reading, and every fault of all parameters.

    :ivar allowed_failures: canonical references
    """

    entries: tuple[ImageEntry, ...]
    interval: int
    allowed_failures: frozenset[str]
    faults: tuple[str, ...]


def read_wishes(parameters: Mapping[str, Any], *, look_at_files: bool = True) -> Wishes:
    """Read the lists of images and the interval, and judge all other parameters. Never raises.

    Each fault begins with the name of its parameter.

    :param parameters: as Ansible hands them over, validated by the argument specification
    :param look_at_files: whether a file that is named has to be here; False where others will read it
    """
    strategy = Strategy(parameters["strategy"])
    entries, found = read_images(parameters["images"], strategy)
    if parameters["jarvice_images"] not in (None, ""):
        more, more_found = read_jarvice(parameters["jarvice_images"], strategy)
        found += more_found + list(_in_both(entries, more))
        entries += more
    read = [
        read_reference(text, f"allowed_failures[{position}]", found)
        for position, text in enumerate(parameters["allowed_failures"])
    ]
    read_reference(parameters["sleeper_image"], "sleeper_image", found)
    read_labels(parameters["node_selector"], "node_selector", found)
    for position, toleration in enumerate(parameters["tolerations"]):
        _judge_toleration(toleration, f"tolerations[{position}]", found)
    interval, faults = 0, []
    try:
        interval = read_interval(parameters["interval"])
    except IntervalError as error:
        faults.append(error.message)
    faults += _size_fault(parameters["images_per_pod"], interval)
    return Wishes(
        tuple(dict.fromkeys(entries)),
        interval,
        frozenset(str(reference) for reference in read if reference is not None),
        (*map(str, found), *faults, *_faults(parameters, look_at_files)),
    )


def _in_both(listed: Sequence[ImageEntry], of_jarvice: Sequence[ImageEntry]) -> Iterator[Fault]:
    for entry in of_jarvice:
        for other in listed:
            alike = (other.reference, other.node_selector) == (entry.reference, entry.node_selector)
            if alike and overlap(entry, other):
                where = f"jarvice_images[{entry.index}]"
                yield Fault(
                    where, f"{entry.reference} is in images[{other.index}] already, for the same nodes"
                )


def _faults(parameters: Mapping[str, Any], look_at_files: bool) -> Iterator[str]:
    if not _DNS_LABEL.match(parameters["namespace"]):
        yield f"namespace: {parameters['namespace']!r} is no DNS label of at most 63 characters"
    name = parameters["name"]
    if not _DNS_LABEL.match(name) or len(name) > _LONGEST_NAME:
        yield f"name: {name!r} is no DNS label of at most {_LONGEST_NAME} characters"
    for option, least, most in _BOUNDS:
        value = parameters[option]
        if math.isnan(value) or not least <= value <= most:
            yield f"{option}: {value} is not between {least:g} and {most:g}"
    for position, secret in enumerate(parameters["image_pull_secrets"]):
        if not is_subdomain(secret):
            yield f"image_pull_secrets[{position}]: {secret!r} is no name of a secret"
    if parameters["priority_class"] and not is_subdomain(parameters["priority_class"]):
        yield f"priority_class: {parameters['priority_class']!r} is no name of a PriorityClass"
    if parameters["startup_taint"] and not is_taint(parameters["startup_taint"]):
        yield f"startup_taint: {parameters['startup_taint']!r} is no taint; allowed is {ALLOWED}"
    for position, entry in enumerate(parameters["registries"]):
        yield from _registry_faults(f"registries[{position}]", entry, look_at_files)


def _size_fault(images_per_pod: int, interval: int) -> Iterator[str]:
    containers = images_per_pod * (1 + refresh_count(interval))
    if containers > _MOST_CONTAINERS:
        yield (
            f"images_per_pod: {images_per_pod}, with an interval of {interval} s, "
            f"gives {containers} containers a pod; allowed are {_MOST_CONTAINERS}"
        )


def _judge_toleration(toleration: Mapping[Any, Any], where: str, found: list[Fault]) -> None:
    """Source of the rules: Kubernetes, "Taints and Tolerations"; there, null counts as not given."""
    before = len(found)
    found += unknown_keys(toleration, (*_TOLERATION, _SECONDS), where)
    parts = {part: toleration.get(part) for part in _TOLERATION}
    for part, content in parts.items():
        text_of("" if content is None else content, f"{where}.{part}", found)
    seconds = toleration.get(_SECONDS)
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int)):
        found.append(Fault(f"{where}.{_SECONDS}", f"{shown(seconds)} is not a whole number"))
    if len(found) == before:
        texts = {part: content or "" for part, content in parts.items()}
        found += [Fault(where, fault) for fault in _toleration_faults(**texts)]
        if seconds is not None and texts["effect"] != "NoExecute":
            found.append(Fault(f"{where}.{_SECONDS}", "allowed with the effect NoExecute only"))


def _toleration_faults(key: str, operator: str, value: str, effect: str) -> Iterator[str]:
    if operator not in ("", "Exists", "Equal"):
        yield f"{shown(operator)} is not an operator; allowed: Exists, Equal"
    elif operator == "Exists" and value:
        yield f"the value {shown(value)} is not allowed with the operator Exists"
    elif operator != "Exists" and not key:
        yield "without a key, the operator has to be Exists"
    if effect not in ("", *_EFFECTS):
        yield f"{shown(effect)} is not an effect; allowed: {', '.join(_EFFECTS)}"
    if key and (set("=:") & set(key) or not is_taint(key)):
        yield f"{shown(key)} is not the key of a taint"
    if ":" in value or not is_taint(f"key={value}"):
        yield f"{shown(value)} is not the value of a taint"


def _registry_faults(place: str, entry: Mapping[str, Any], look_at_files: bool) -> Iterator[str]:
    given = [name for name in ("ca", "ca_path", "ca_secret") if entry[name]]
    if len(given) > 1:
        yield f"{place}: {' and '.join(given)}: give one of them"
    if look_at_files and entry["ca_path"] and not Path(entry["ca_path"]).is_file():
        yield f"{place}.ca_path: {entry['ca_path']} is no file"
    try:
        registry_origin(entry["registry"])
    except SyntaxFault as error:
        yield f"{place}.registry: {error.message}"
    try:
        if entry["endpoint"]:
            read_endpoint(entry["endpoint"])
    except SyntaxFault as error:
        yield f"{place}.endpoint: {error.message}"
    try:
        if entry["ca"]:
            certificates_of_pem(entry["ca"].encode())
    except SyntaxFault as error:
        yield f"{place}.ca: {error.message}"
