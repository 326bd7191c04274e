# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a node has to pull, and whether it has the room; all sizes in octets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
    linux_architecture,
)

_MOST_NAMES = 5
_UNITS = ("octets", "KiB", "MiB", "GiB", "TiB", "PiB")


def bytes_to_pull(images: Iterable[Resolved], architecture: str, present: Iterable[Resolved]) -> int:
    """Give the compressed size of what a node of this architecture lacks for ``images``.

    A layer of several images counts once, one of an image that is ``present`` not at all. An image that is
    not made for the architecture counts nothing; one whose platform is not known counts everywhere.
    """
    held = _layers(present, architecture)
    return sum(size for digest, size in _layers(images, architecture).items() if digest not in held)


def disk_warnings(nodes: Iterable[Node], octets: Mapping[str, int], factor: float) -> list[str]:
    """Name the nodes whose ephemeral storage cannot hold their images; one sentence for nodes that are alike.

    :param octets: compressed size of all images that a node is to hold, by its name
    :param factor: how many times that a node needs: the layers themselves, and unpacked
    """
    alike: dict[tuple[int, int], list[str]] = defaultdict(list)
    for node in nodes:
        needed = round(octets.get(node.name, 0) * factor)
        # A node that does not tell its storage has 0.
        if node.allocatable_bytes and needed > node.allocatable_bytes:
            alike[needed, node.allocatable_bytes].append(node.name)
    return [
        f"{shown_nodes(names)}: the images need about {shown_octets(needed)}, the ephemeral storage for pods "
        f"is {shown_octets(allocatable)}"
        for (needed, allocatable), names in alike.items()
    ]


def _layers(images: Iterable[Resolved], architecture: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for image in images:
        chosen = _chosen(image, architecture)
        if chosen is not None:
            found.update(chosen.layers)
    return found


def _chosen(image: Resolved, architecture: str) -> PlatformImage | None:
    """What a node of this architecture pulls; of several variants the one without a name, else the first."""
    fitting = sorted(name for name in image.platforms if linux_architecture(name) == architecture)
    if fitting:
        return image.platforms[fitting[0]]
    return image.platforms.get("")


def shown_octets(octets: int) -> str:
    """A size as people read it."""
    size, unit = float(octets), _UNITS[0]
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"


def shown_nodes(names: Iterable[str]) -> str:
    """The first few names in their order, and how many more there are: ``node a``, ``nodes a, b``."""
    ordered = sorted(names)
    more = len(ordered) - _MOST_NAMES
    listed = ", ".join(ordered[:_MOST_NAMES])
    return (
        f"nodes {listed} and {more} more" if more > 0 else f"node{'s' if len(ordered) > 1 else ''} {listed}"
    )
