# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of registry_health and registry_health_info have in common: the table in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._in_process import InProcessAction


class HealthAction(InProcessAction):
    """Shows a line for each check, whether the registry is healthy or not."""

    def show_result(self, result: Mapping[str, Any]) -> None:
        """Print the table of the result, if it has one."""
        lines = result.get("table")
        if not isinstance(lines, list):
            return
        for line in lines:
            self._show(str(line))
