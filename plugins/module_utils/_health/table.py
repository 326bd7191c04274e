# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    NOT_ASKED,
    CheckResult,
    Status,
)

_HEADINGS = ("CHECK", "STATUS", "MS", "MESSAGE")


def table_lines(checks: Iterable[CheckResult]) -> list[str]:
    """Aligned lines, a heading first: check, status, milliseconds (right-aligned), message.

    Checks that nobody asked for are left out; a message that is a list takes a line for each entry.
    """
    shown = [check for check in checks if not (check.status is Status.SKIPPED and check.message == NOT_ASKED)]
    rows = [_HEADINGS, *(row for check in shown for row in _rows(check))]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [
        f"{name:<{widths[0]}}  {status:<{widths[1]}}  {milliseconds:>{widths[2]}}  {message}".rstrip()
        for name, status, milliseconds, message in rows
    ]


def _rows(check: CheckResult) -> list[tuple[str, str, str, str]]:
    milliseconds = "-" if check.status is Status.SKIPPED else f"{check.latency_ms:.1f}"
    first, *others = check.lines or (check.message,)
    return [
        (check.name, check.status.value, milliseconds, first),
        *(("", "", "", f"  {other}") for other in others),
    ]
