# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user wants to have cached, image by image."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import Reference


class Strategy(enum.Enum):
    """How an image is held on a node."""

    SLEEPER = "sleeper"
    VOLUME = "volume"


@dataclass(frozen=True)
class ImageEntry:
    """One image that is wanted on some nodes.

    :ivar index: position in the user's list, from 0
    :ivar reference: the canonical one; its tag is ``latest`` where the user gave neither tag nor digest
    :ivar architectures: as Kubernetes names them (``amd64``); empty = not restricted by the user
    :ivar pull_secret: name of a secret of type kubernetes.io/dockerconfigjson; empty = none
    :ivar node_selector: labels that a node must have, sorted
    """

    index: int
    reference: Reference
    architectures: frozenset[str]
    pull_secret: str
    node_selector: tuple[tuple[str, str], ...]
    strategy: Strategy

    @property
    def moving(self) -> bool:
        """Whether the registry may come to give another image for the same reference."""
        return self.reference.digest is None
