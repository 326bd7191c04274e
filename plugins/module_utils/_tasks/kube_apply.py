# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module kube_apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply import Settings, apply
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_rollout import Limits
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
    "objects": {"type": "list", "elements": "dict", "default": []},
    "absent": {"type": "list", "elements": "dict", "default": []},
    "field_manager": {"type": "str", "default": "clusterdepot.artifacts"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 300},
    "failure_grace": {"type": "float", "default": 20},
}


class OptionError(ArtifactsError):
    """An option has a value that is not allowed."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    """Apply and delete objects; see the module's documentation for parameters and result.

    :raises ArtifactsError: bad input, an API server that cannot be used, or objects that do not become ready
    """
    for name, least in (("wait_timeout", 0.001), ("failure_grace", 0)):
        if not least <= parameters[name] <= 86400:
            raise OptionError(f"{name} is {parameters[name]:g}; allowed are seconds from {least:g} to 86400")
    if not 0 < len(parameters["field_manager"]) <= 128:
        raise OptionError("field_manager must have 1 to 128 characters")
    settings = Settings(
        parameters["field_manager"],
        Limits(parameters["wait"], parameters["wait_timeout"], parameters["failure_grace"]),
        check_mode,
    )
    client = connect(parameters["kubeconfig"], parameters["context"])
    return apply(client, parameters["objects"], parameters["absent"], settings, progress)
