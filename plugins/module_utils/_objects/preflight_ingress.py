# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of Ingresses before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    INGRESS_CLASSES,
    Facts,
    ingress_class,
)


def ingress_warnings(objects: Iterable[Desired], facts: Facts) -> list[str]:
    """Tell of Ingresses whose class neither the cluster nor the set has.

    It is no fault: the API server takes them, and a controller may go by the name without such an object.
    """
    objects = tuple(objects)
    if INGRESS_CLASSES not in facts.lists:
        return []
    there = {str(entry["metadata"]["name"]) for entry in facts.lists[INGRESS_CLASSES]}
    given = {one.key.name for one in objects if one.key.kind == "IngressClass"}
    known = ", ".join(sorted(there)) or "the cluster has none"
    return [
        f'{one.key.full}: spec.ingressClassName "{name}" names no IngressClass, and few controllers will '
        f"serve it without; known: {known}"
        for one in objects
        if (name := ingress_class(one)) and name not in there | given
    ]
