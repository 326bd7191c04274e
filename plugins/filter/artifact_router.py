# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter artifact_router: from the variables of the role to what its pods are told, or to what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

_ROOM = "ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes"


def artifact_router(wish: object, prefix: str = "artifact_router_") -> dict[str, Any]:
    """Return ``configmaps``, ``configuration`` (the name of one of them), ``warnings`` and ``faults``.

    :param wish: ``namespace``, ``name``, ``routes`` or ``backends``, ``legacy_match``, ``allow_unreachable``,
        ``settings``, ``proxy`` and ``kept``
    :param prefix: begins the name of the variable that a fault is about
    :raises AnsibleFilterError: the input is no such mapping
    """
    if not isinstance(wish, Mapping):
        raise AnsibleFilterError(f"artifact_router: the input is a {type(wish).__name__}, no mapping")
    # Loaded only here: Ansible loads every filter of a collection wherever it uses one of them.
    prepare = import_module(f"{_ROOM}.preparation").prepare
    prepared: dict[str, Any] = prepare(wish, prefix)
    return prepared


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"artifact_router": artifact_router}
