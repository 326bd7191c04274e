# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action of artifact_route_info: runs in the controller where it can, and shows the table."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route_info import (
    ARGUMENT_SPEC,
    run,
)
from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._table_action import TableAction


class ActionModule(TableAction):
    """The action of module artifact_route_info."""

    argument_spec = ARGUMENT_SPEC
    run_task = staticmethod(run)
    needed_libraries = ("kubernetes",)
