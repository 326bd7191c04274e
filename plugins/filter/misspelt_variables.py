# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter misspelt_variables: names that are nearly those of the collection's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._misspelling import misspelt

_ROLES = Path(__file__).parents[2] / "roles"
# What playbooks read without a role that would declare it.
OF_PLAYBOOKS = (
    "plane_context",
    "plane_failure_grace",
    "plane_kubeconfig",
    "plane_wait_timeout",
    "unprovision_purge_data",
)
# Such as namespace_ and service_ are too common to be ours alone, and playbooks give them their values.
BEGINNINGS = (
    "artifact_router_",
    "certificate_",
    "image_cache_",
    "node_trust_",
    "package_server_",
    "plane_",
    "registry_",
    "trow_",
    "unprovision_",
)


def known_variables() -> set[str]:
    """Return the names of all variables that roles and playbooks of this collection read."""
    known = set(OF_PLAYBOOKS)
    for file in _ROLES.glob("*/defaults/main.yml"):
        known.update(yaml_load(file.read_text(encoding="utf-8")) or {})
    return known


def misspelt_variables(names: Iterable[str]) -> list[str]:
    """Return one sentence for each name that nobody reads and that looks like one which is read."""
    found = misspelt(sorted(names), known_variables(), BEGINNINGS)
    return [f"{name} is read by nothing; did you mean {meant}?" for name, meant in found.items()]


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"misspelt_variables": misspelt_variables}
