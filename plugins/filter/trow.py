# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter trow: from the variables of the role to the files of its kustomize tree, or to what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

_ROOM = "ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow"


def trow(wish: object, prefix: str = "trow_") -> dict[str, Any]:
    """Return ``faults`` and ``warnings``, and where there are no faults what the role's tasks need.

    :param wish: the role's variables, without what their names begin with
    :param prefix: begins the name of the variable that a fault is about
    :raises AnsibleFilterError: the input is no mapping
    """
    if not isinstance(wish, Mapping):
        raise AnsibleFilterError(f"trow: the input is a {type(wish).__name__}, no mapping")
    # Loaded only here: Ansible loads every filter of a collection wherever it uses one of them.
    prepare = import_module(f"{_ROOM}.preparation").prepare
    prepared: dict[str, Any] = prepare(wish, prefix)
    return prepared


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"trow": trow}
