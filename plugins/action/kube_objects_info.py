# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs kube_objects_info inside the controller where the connection is local."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kube_objects_info import (
    ARGUMENT_SPEC,
    run,
)
from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """The action of kube_objects_info."""

    argument_spec = ARGUMENT_SPEC
    run_task = staticmethod(run)
    needed_libraries = ("kubernetes",)
