# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolving against real registries on loopback."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolver import (
    Access,
    resolve_all,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from tests.faults.registry.conftest import authority, registry_binary, start_registry

__all__ = ["authority", "registry_binary", "resolve", "start_registry"]

# References without a pull secret, as strings, or with one.
Wanted = str | tuple[str, str]
Resolve = Callable[..., dict[str, Resolution]]


@pytest.fixture
def resolve() -> Resolve:
    """Gives the results by reference; of one with a pull secret, by "reference secret"."""

    def call(
        *wanted: Wanted,
        access: Mapping[str, Access],
        seconds: float = 20,
        answer_seconds: float = 10,
        architectures: frozenset[str] | None = None,
    ) -> dict[str, Resolution]:
        pairs = [(entry, "") if isinstance(entry, str) else entry for entry in wanted]
        found = resolve_all(
            [(parse_reference(text), pull_secret) for text, pull_secret in pairs],
            access,
            Deadline.after(seconds),
            print,
            architectures=architectures,
            answer_seconds=answer_seconds,
        )
        assert len(found) == len(set(pairs))
        return {f"{text} {pull_secret}".strip(): result for (text, pull_secret), result in found.items()}

    return call
