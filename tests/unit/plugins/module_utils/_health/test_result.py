# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Report,
    Status,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.table import table_lines
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials


def test_credentials_show_no_password() -> None:
    assert "pass-word" not in repr(Credentials("user", "pass-word"))


def test_only_failures_make_it_unhealthy() -> None:
    def report(*statuses: Status) -> Report:
        return Report(tuple(CheckResult("c", status, 0.0, "") for status in statuses))

    assert report(Status.OK, Status.WARN, Status.SKIPPED).healthy
    assert not report(Status.OK, Status.FAIL).healthy


def test_table_is_aligned() -> None:
    lines = table_lines(
        [
            CheckResult("connection", Status.OK, 1.25, "fine"),
            CheckResult("tls", Status.SKIPPED, 0.0, "no"),
            CheckResult("api", Status.FAIL, 1234.5, "bad"),
        ]
    )
    assert lines == [
        "CHECK       STATUS       MS  MESSAGE",
        "connection  ok          1.2  fine",
        "tls         skipped       -  no",
        "api         fail     1234.5  bad",
    ]
