# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the requests of one user by the API server's own audit log.

Source: Kubernetes' documentation of auditing. Other users' requests are not logged, and cost nothing so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

_BEGUN = "RequestReceived"
_OTHER_STAGES = ["ResponseStarted", "ResponseComplete"]


@dataclass(frozen=True)
class Audit:
    """What one user asks for; `folder` takes policy and log."""

    folder: Path
    user: str

    @property
    def flags(self) -> tuple[str, ...]:
        """Of the API server; writes the policy that they name."""
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps(_policy(self.user)))
        return (f"--audit-policy-file={policy}", f"--audit-log-path={self._log}")

    def size(self) -> int:
        """How long the log is, in octets; each request is in it before it is answered."""
        return self._log.stat().st_size if self._log.exists() else 0

    def requests(self, start: int) -> Counter[str]:
        """Requests, as `verb resource`, since the log had this size. Raises BenchmarkError."""
        if not self._log.exists():
            raise BenchmarkError(f"the API server has written no {self._log.name}")
        with self._log.open("rb") as log:
            log.seek(start)
            return counted(log)

    @property
    def _log(self) -> Path:
        return self.folder / "audit.log"


def counted(lines: Iterable[bytes]) -> Counter[str]:
    """Requests in a log, as `verb resource`; a resource ends with its subresource, if it has one.

    Raises BenchmarkError where a line is none of an audit log.
    """
    found: Counter[str] = Counter()
    for line in lines:
        try:
            event = json.loads(line)
            if event["stage"] != _BEGUN:
                continue
            resource = event.get("objectRef", {})
            parts = (resource.get(key) for key in ("resource", "subresource"))
            found[f"{event['verb']} {'/'.join(filter(None, parts)) or 'other'}"] += 1
        except (ValueError, KeyError, TypeError) as error:
            raise BenchmarkError(f"no line of an audit log: {line[:200]!r}") from error
    return found


def shown(requests: Counter[str], nodes: int) -> str:
    """All in one line, the most frequent first."""
    each = ", ".join(f"{count} {name}" for name, count in requests.most_common())
    return f"{requests.total()} API calls, {requests.total() / nodes:.2f} for each node ({each or 'none'})"


def _policy(user: str) -> dict[str, object]:
    rules = [{"level": "Metadata", "users": [user]}, {"level": "None"}]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": _OTHER_STAGES,
        "rules": rules,
    }
