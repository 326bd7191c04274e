# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter image_list_faults: what is wrong with a list of images to cache, all of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

_ROOM = "ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache"
# A fault names the list by a word of the reader's own.
_LIST = re.compile(r"^[a-z_]+(?=\[|$)")


def image_list_faults(
    images: object, variable: str, form: str = "short", strategy: str = "sleeper"
) -> list[str]:
    """Return one sentence for each fault of a list of images, each naming the variable and the index.

    ``form`` is ``short``, or ``jarvice`` for the content of JARVICE's image.config. An empty list has no
    fault.

    :raises AnsibleFilterError: ``form`` or ``strategy`` is another
    """
    readers = {"short": ("image_list", "read_images"), "jarvice": ("jarvice", "read_jarvice")}
    if form not in readers:
        raise AnsibleFilterError(f"image_list_faults: form is {form!r}; allowed: {', '.join(readers)}")
    if not images:
        return []
    # Loaded only here: Ansible loads every filter of a collection wherever it uses one of them.
    strategies = import_module(f"{_ROOM}.entry").Strategy
    try:
        default = strategies(strategy)
    except ValueError as error:
        known = ", ".join(one.value for one in strategies)
        raise AnsibleFilterError(f"image_list_faults: strategy is {strategy!r}; allowed: {known}") from error
    module, function = readers[form]
    read: Callable[..., tuple[list[Any], list[Any]]] = getattr(import_module(f"{_ROOM}.{module}"), function)
    _entries, faults = read(images, default)
    return [f"{_LIST.sub(variable, fault.where)}: {fault.message}" for fault in faults]


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"image_list_faults": image_list_faults}
