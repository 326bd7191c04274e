# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import CheckResult, Status

_HEADINGS = ("CHECK", "STATUS", "MS", "MESSAGE")


def table_lines(checks: Iterable[CheckResult]) -> list[str]:
    """Aligned lines, a heading first: check, status, milliseconds (right-aligned), message."""
    rows = [_HEADINGS, *(_row(check) for check in checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        f"{name:<{widths[0]}}  {status:<{widths[1]}}  {milliseconds:>{widths[2]}}  {message}".rstrip()
        for name, status, milliseconds, message in rows
    ]


def _row(check: CheckResult) -> tuple[str, str, str, str]:
    milliseconds = "-" if check.status is Status.SKIPPED else f"{check.latency_ms:.1f}"
    return check.name, check.status.value, milliseconds, check.message
