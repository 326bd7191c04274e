# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task registry_health_info: as registry_health, but it never writes and never asserts."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health import run
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_spec import (
    READING_SPEC,
)

__all__ = ("ARGUMENT_SPEC", "run")

# Without the options of registry_health that write or assert, run does neither.
ARGUMENT_SPEC = READING_SPEC
