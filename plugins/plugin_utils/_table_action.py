# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions whose result has a table have in common: they show it in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable
from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._in_process import InProcessAction

_LONGEST_HEADING = 400


class TableAction(InProcessAction):
    """Shows the lines of the result's ``table``, whether the task failed or not.

    ``subject``: the option that tells what the table is about, for the heading; None for the host alone.
    """

    subject: ClassVar[str | None] = None

    def show_result(self, result: Mapping[str, Any], host: str) -> None:
        """Print the table of the result, if it has one, in one piece: other hosts print theirs meanwhile."""
        lines = result.get("table")
        if not isinstance(lines, list):
            return
        about = self._task.args.get(self.subject) if self.subject is not None else None
        heading = host if about is None else f"{host}: {about}"
        self._show("\n  ".join((printable(heading, _LONGEST_HEADING), *map(str, lines))))
