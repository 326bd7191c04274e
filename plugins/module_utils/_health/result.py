# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check found, and what all of them found together."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import Certificate
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

_LONGEST_MESSAGE = 600
_SHORTEST_SECRET = 4


class Status(StrEnum):
    """``fail`` makes a registry unhealthy; ``warn`` and ``skipped`` do not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: its name, status, how long it took (milliseconds), and a sentence with the likely cause."""

    name: str
    status: Status
    latency_ms: float
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """The results in the order of the checks.

    ``capabilities``: what the registry was seen to do. ``leftovers``: what a round trip could not take away
    again.
    """

    checks: tuple[CheckResult, ...]
    certificate: Certificate | None = None
    capabilities: dict[str, bool | str] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether no check failed."""
        return all(check.status is not Status.FAIL for check in self.checks)

    @property
    def faults(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status is Status.FAIL)


class Stopwatch:
    """Makes the result of one check, with the time since the check began."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._started = time.monotonic()

    def ok(self, message: str) -> CheckResult:
        """All is as it should be."""
        return self._result(Status.OK, message)

    def warn(self, message: str) -> CheckResult:
        """It works, but someone should look."""
        return self._result(Status.WARN, message)

    def fail(self, message: str) -> CheckResult:
        """It does not work."""
        return self._result(Status.FAIL, message)

    def _result(self, status: Status, message: str) -> CheckResult:
        return CheckResult(self._name, status, round((time.monotonic() - self._started) * 1000, 1), message)


def skipped(name: str, message: str) -> CheckResult:
    """A check that was not made, and why."""
    return CheckResult(name, Status.SKIPPED, 0.0, message)


def redacted(check: CheckResult, secrets: Iterable[str]) -> CheckResult:
    """The result as it may be shown: one printable line, without secrets that a hostile server echoed."""
    message = check.message
    for secret in sorted(secrets, key=len, reverse=True):
        # Cutting out a secret of a letter or two would garble the text and tell the secret.
        if len(secret) >= _SHORTEST_SECRET:
            message = message.replace(secret, "********")
    return CheckResult(check.name, check.status, check.latency_ms, printable(message, _LONGEST_MESSAGE))
