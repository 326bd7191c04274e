# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Platforms: what an image is for, and whether that is what somebody wants.

Source: OCI image-spec 1.1, image-index.md ("platform"); the equal spellings are those of containerd.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import SyntaxFault

_PART = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_LONGEST_PART = 64
_SPELLINGS = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
}
_DEFAULT_VARIANTS = {("arm64", "v8"): "", ("arm64", "8"): "", ("arm", ""): "v7", ("amd64", "v1"): ""}


@dataclass(frozen=True, slots=True)
class Platform:
    """Operating system, architecture and variant (empty where there is none), in their usual spelling."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.os}/{self.architecture}" + (f"/{self.variant}" if self.variant else "")


def parse_platform(text: str) -> Platform:
    """Reads ``os/architecture[/variant]``. Raises SyntaxFault."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(_PART.match(part) for part in parts):
        raise SyntaxFault(
            f"{text[:80]!r} is not a platform: expected os/architecture or os/architecture/variant"
        )
    return _usual(parts[0], parts[1], parts[2] if len(parts) == 3 else "")


def platform_of(document: object) -> Platform | None:
    """The platform in an index's entry, or in an image's configuration; None where it names none.

    Nothing that is of an impossible length is one, rather than the beginning of it.
    """
    if not isinstance(document, Mapping):
        return None
    system, architecture, variant = (document.get(name) for name in ("os", "architecture", "variant"))
    if not isinstance(system, str) or not isinstance(architecture, str):
        return None
    variant = variant if isinstance(variant, str) else ""
    if max(len(system), len(architecture), len(variant)) > _LONGEST_PART:
        return None
    return _usual(system, architecture, variant)


def _usual(system: str, architecture: str, variant: str) -> Platform:
    system, architecture, variant = system.lower(), architecture.lower(), variant.lower()
    if architecture in _SPELLINGS:
        architecture, implied = _SPELLINGS[architecture]
        variant = variant or implied
    if architecture == "arm" and variant.isdigit():
        variant = f"v{variant}"
    return Platform(system, architecture, _DEFAULT_VARIANTS.get((architecture, variant), variant))
