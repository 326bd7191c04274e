# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions whose result has a table have in common: they show it in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._in_process import InProcessAction


class TableAction(InProcessAction):
    """Shows the lines of the result's ``table``, whether the task failed or not."""

    def show_result(self, result: Mapping[str, Any]) -> None:
        """Print the table of the result, if it has one."""
        lines = result.get("table")
        if not isinstance(lines, list):
            return
        for line in lines:
            self._show(str(line))
