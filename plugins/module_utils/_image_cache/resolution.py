# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry says that a reference is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

_LINUX = "linux"


@dataclass(frozen=True)
class PlatformImage:
    """The image of one platform.

    :ivar digest: of its manifest
    :ivar layers: digest and compressed size in octets of every blob, the configuration included; empty where
        the registry did not tell
    :ivar config: digest of its configuration, which container runtimes know an image by; empty where the
        registry did not tell
    """

    digest: str
    layers: tuple[tuple[str, int], ...]
    config: str = ""


@dataclass(frozen=True)
class Resolved:
    """A reference that the registry knows.

    :ivar digest: of what it points at: an index or a manifest
    :ivar platforms: ``linux/amd64`` -> its image; ``""`` -> an image whose platform is not known
    :ivar same: other digests that a node may tell for the same image
    """

    digest: str
    platforms: Mapping[str, PlatformImage]
    same: frozenset[str] = frozenset()

    def architectures(self) -> frozenset[str]:
        """The architectures of its Linux images; empty where they are not known."""
        return frozenset(name for platform in self.platforms if (name := linux_architecture(platform)))

    def accepts(self, digest: str) -> bool:
        """Whether a node with this digest has this image: nodes tell the index's or their platform's."""
        own = digest == self.digest or any(image.digest == digest for image in self.platforms.values())
        return own or digest in self.same

    def holds_same_as(self, other: Resolved, architecture: str) -> bool | None:
        """Whether both give a node of this architecture the same image; None where that is not known."""
        configs = [found._configs(architecture) for found in (self, other)]
        return configs[0] == configs[1] if all(configs) else None

    def _configs(self, architecture: str) -> frozenset[str]:
        images = [
            image for name, image in self.platforms.items() if linux_architecture(name) in (architecture, "")
        ]
        return frozenset(image.config for image in images if image.config)


@dataclass(frozen=True)
class Unresolved:
    """A reference that could not be resolved, with the reason in one line.

    :ivar of_registry: the reason holds for the whole registry: it gave no answer, or it is not known how to
        reach it
    """

    message: str
    of_registry: bool = False


Resolution: TypeAlias = "Resolved | Unresolved"


def linux_architecture(platform: str) -> str:
    """The architecture in ``linux/arm/v7``: ``arm``; empty for other systems and for what is no platform."""
    parts = platform.split("/")
    return parts[1] if len(parts) in {2, 3} and parts[0] == _LINUX else ""
