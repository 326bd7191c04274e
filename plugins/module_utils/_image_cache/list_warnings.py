# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user should know of a list of images that is right in itself: each doubt told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import ImageEntry
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Unresolved,
)


def secret_warnings(namespace: str, missing: Iterable[str], *, foretold: bool) -> list[str]:
    """Warn of each pull secret that is not there.

    :param missing: names
    :param foretold: whether this is check mode, in which what makes secrets has made none
    """
    doubt = " yet: unless something makes it first," if foretold else ":"
    return [
        f"there is no secret {namespace}/{name}{doubt} what needs it is pulled without credentials"
        for name in missing
    ]


def lookup_warnings(
    entries: Iterable[ImageEntry], resolutions: Mapping[tuple[str, str], Resolution]
) -> list[str]:
    """Warn of images that could not be looked up: one by one, or once for a registry where it is at fault.

    :param resolutions: by reference and pull secret
    """
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for entry in entries:
        name = str(entry.reference)
        resolution = resolutions.get((name, entry.pull_secret))
        if isinstance(resolution, Unresolved):
            alone = "" if resolution.of_registry else name
            found[entry.reference.registry, alone].setdefault(name, resolution.message)
    return [
        f"{_what(registry, list(messages))} could not be looked up: {next(iter(messages.values()))}"
        for (registry, _alone), messages in found.items()
    ]


def _what(registry: str, names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} images of {registry}"


def allowance_warnings(entries: Iterable[ImageEntry], allowed: Collection[str]) -> list[str]:
    """Warn of references that may fail, and are no image of the list.

    :param allowed: canonical references
    """
    listed = {str(entry.reference) for entry in entries}
    return [
        f"allowed_failures: {name} is not in the list of images, so nothing is allowed by it"
        for name in sorted(allowed)
        if name not in listed
    ]
