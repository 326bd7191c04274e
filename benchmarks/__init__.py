# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks of the collection, each beside a peer where there is one; see docs/benchmarks.md."""

from __future__ import annotations

import sys
from pathlib import Path

# Python finds the collection, as Ansible does, where the checkout links it.
sys.path.append(str(Path(__file__).resolve().parents[1] / ".build"))
