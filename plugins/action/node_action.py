# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of node_action: runs in the controller where it can, and shows the table."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import read_pod_files
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action import (
    ARGUMENT_SPEC,
    run,
)
from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._table_action import TableAction


class ActionModule(TableAction):
    """The action of module node_action."""

    argument_spec = ARGUMENT_SPEC
    run_task = staticmethod(run)
    needed_libraries = ("kubernetes",)
    subject = "name"

    def _run_as_module(self, result: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        # A module is sent to where it runs without the files beside its Python.
        given = self._task.args
        self._task.args = {**given, "pod_files": read_pod_files()}
        try:
            return super()._run_as_module(result, task_vars)
        finally:
            self._task.args = given
