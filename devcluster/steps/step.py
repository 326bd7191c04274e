# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every step starts with: the settings of the cluster whose state folder is its argument."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from devcluster.errors import ClusterError
from devcluster.settings import Settings


def run(work: Callable[[Settings], None]) -> None:
    """Does the work; a failure is one line in the step's log and exit code 1, and the step is tried again."""
    settings = Settings.read(Path(sys.argv[1]))
    if settings is None:
        sys.exit(f"no settings in {sys.argv[1]}")
    try:
        work(settings)
    except (ClusterError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
