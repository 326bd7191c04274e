# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter image_cache_faults: what image_cache_sync would refuse, told before anything is made for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._plain_values import plain

_ROOM = "ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks"
# An image that is in its list twice is told with the place of the other one.
_OTHER_PLACE = re.compile(r"(?<= is in )(?=(?:jarvice_)?images\[\d+\] already)")


def image_cache_faults(options: object, prefix: str = "") -> list[str]:
    """Return one sentence for each fault of the options of image_cache_sync, in the module's own words.

    Each begins with ``prefix`` and the option's name, so that ``image_cache_`` makes it a role's variable.
    Files are not looked at: the module may run on another machine.

    :raises AnsibleFilterError: the options are no mapping
    """
    if not isinstance(options, Mapping):
        raise AnsibleFilterError(f"image_cache_faults: the input is a {type(options).__name__}, no mapping")
    # Loaded only here: Ansible loads every filter of a collection wherever it uses one of them.
    specification: dict[str, Any] = import_module(f"{_ROOM}.image_cache_sync_spec").ARGUMENT_SPEC
    validation = ArgumentSpecValidator(specification).validate(plain(options))
    if validation.error_messages:
        return [_of_option(message, specification, prefix) for message in validation.error_messages]
    read_wishes = import_module(f"{_ROOM}.image_cache_sync_faults").read_wishes
    faults: tuple[str, ...] = read_wishes(validation.validated_parameters, look_at_files=False).faults
    return [prefix + _OTHER_PLACE.sub(prefix, fault) for fault in faults]


def _of_option(message: str, specification: Mapping[str, Any], prefix: str) -> str:
    """Put the prefix before the option in a message of Ansible's own, wherever it is in there."""
    names = "|".join(sorted(specification, key=len, reverse=True))
    return re.sub(rf"((?:^|'|value of |found in )(?=(?:{names})\b))", rf"\g<1>{prefix}", message, count=1)


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"image_cache_faults": image_cache_faults}
