# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is counted in an API server's audit log."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.audit_log import Audit, counted, shown
from benchmarks.errors import BenchmarkError


def line(verb: str, stage: str = "RequestReceived", **resource: str) -> bytes:
    return json.dumps({"stage": stage, "verb": verb, "objectRef": resource}).encode() + b"\n"


def test_requests_are_counted_by_verb_and_resource() -> None:
    log = [
        line("create", resource="jobs"),
        line("create", resource="jobs"),
        line("patch", resource="pods", subresource="status"),
        b'{"stage":"RequestReceived","verb":"get","requestURI":"/api/v1"}\n',
    ]
    assert counted(log) == {"create jobs": 2, "patch pods/status": 1, "get other": 1}


def test_a_request_counts_once_whatever_stages_are_told() -> None:
    log = [line("list", stage, resource="pods") for stage in ("RequestReceived", "Panic")]
    assert counted(log) == {"list pods": 1}


@pytest.mark.parametrize("bad", [b"no JSON\n", b"[]\n", b"{}\n", b'{"stage":"RequestReceived"}\n'])
def test_what_is_no_audit_log_is_an_error(bad: bytes) -> None:
    with pytest.raises(BenchmarkError, match="no line of an audit log"):
        counted([bad])


def test_only_what_was_asked_since_counts(tmp_path: Path) -> None:
    audit, log = Audit(tmp_path, "operator"), tmp_path / "audit.log"
    assert audit.size() == 0
    log.write_bytes(line("get", resource="nodes"))
    size = audit.size()
    log.write_bytes(log.read_bytes() + line("create", resource="jobs"))
    assert audit.requests(size) == {"create jobs": 1}
    assert audit.requests(0) == {"get nodes": 1, "create jobs": 1}


def test_without_a_log_there_are_no_counts(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"has written no audit\.log"):
        Audit(tmp_path, "operator").requests(0)


def test_only_the_user_is_logged_by_the_policy_that_the_flags_name(tmp_path: Path) -> None:
    flags = dict(flag.split("=", 1) for flag in Audit(tmp_path, "operator").flags)
    policy = json.loads(Path(flags["--audit-policy-file"]).read_text())
    assert policy["rules"] == [{"level": "Metadata", "users": ["operator"]}, {"level": "None"}]
    assert "RequestReceived" not in policy["omitStages"]
    assert flags["--audit-log-path"] == str(tmp_path / "audit.log")


def test_counts_are_shown_with_their_share_of_a_node() -> None:
    told = shown(Counter({"list pods": 2, "create jobs": 10}), 8)
    assert told == "12 API calls, 1.50 for each node (10 create jobs, 2 list pods)"
    assert shown(Counter(), 8) == "0 API calls, 0.00 for each node (none)"
