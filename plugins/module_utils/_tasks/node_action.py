# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task node_action: parameters in, an action done on nodes and what came of it out."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import FaultsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action import run_action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_faults import (
    read_options,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_spec import (
    ARGUMENT_SPEC,
)

__all__ = ("ARGUMENT_SPEC", "run")


class OptionsError(FaultsError):
    """Options cannot be used; the message names all of them. Nothing was changed."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Run an action on nodes; see the module's documentation for parameters and result.

    :raises OptionsError: before anything was asked of anybody
    :raises ArtifactsError: what ``run_action`` raises
    """
    wish, faults = read_options(parameters)
    if wish is None:
        raise OptionsError(faults)
    client = connect(parameters["kubeconfig"], parameters["context"])
    return run_action(client, wish, check_mode=check_mode, progress=progress)
