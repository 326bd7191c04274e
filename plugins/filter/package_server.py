# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter package_server: from the variables of the role to what its tasks need, or to what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._plain_values import plain

_ROOMS = "ansible_collections.clusterdepot.artifacts.plugins.module_utils"


def package_server(wish: object, prefix: str = "package_server_", *, removes: bool = False) -> dict[str, Any]:
    """Return ``faults``, or what the role's tasks need.

    :param wish: the role's variables, without what their names begin with
    :param prefix: begins the name of the variable that a fault is about
    :param removes: whether everything is to be taken back
    :raises AnsibleFilterError: the input is no mapping, or the scripts of the pods cannot be read
    """
    if not isinstance(wish, Mapping):
        raise AnsibleFilterError(f"package_server: the input is a {type(wish).__name__}, no mapping")
    # Loaded only here: Ansible loads every filter of a collection wherever it uses one of them.
    pod_files = import_module(f"{_ROOMS}._nodes.pod_files")
    try:
        files = pod_files.read_pod_files()
    except pod_files.PodFilesError as error:
        raise AnsibleFilterError(f"package_server: {error.message}") from error
    prepare = import_module(f"{_ROOMS}._nodes.preparation").prepare
    prepared: dict[str, Any] = prepare(plain(wish), prefix, _read, files, removes=removes)
    return prepared


def _read(options: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Read the options of node_action as the module does; the faults are in its own words."""
    specification: dict[str, Any] = import_module(f"{_ROOMS}._tasks.node_action_spec").ARGUMENT_SPEC
    unknown = import_module(f"{_ROOMS}._fault").unknown_keys
    faults = [fault.message for fault in unknown(options, specification, "")]
    known = {key: value for key, value in options.items() if key in specification}
    validation = ArgumentSpecValidator(specification).validate(known)
    faults += [_of_option(message, specification) for message in validation.error_messages]
    if faults:
        return None, faults
    read_options = import_module(f"{_ROOMS}._tasks.node_action_faults").read_options
    read, told = read_options(validation.validated_parameters, look_at_files=False)
    return read, list(told)


def _of_option(message: str, specification: Mapping[str, Any]) -> str:
    """A message of Ansible's own, with the option that it is about at its beginning."""
    names = "|".join(sorted(specification, key=len, reverse=True))
    found = re.search(rf"(?:^|'|value of |found in )({names})\b", message)
    return message if found is None else f"{found[1]}: {message}"


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"package_server": package_server}
