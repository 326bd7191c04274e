# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fuzzing of the registry client's parsers, led by coverage."""

from __future__ import annotations

import sys
from pathlib import Path

# Python finds the collection, as Ansible does, where the checkout links it.
sys.path.append(str(Path(__file__).resolve().parents[2] / ".build"))
