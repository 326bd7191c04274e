# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs artifact_route inside the controller where the connection is local, with progress lines."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route import (
    ARGUMENT_SPEC,
    run,
)
from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """The action of artifact_route."""

    argument_spec = ARGUMENT_SPEC
    run_task = staticmethod(run)
    needed_libraries = ("kubernetes",)
