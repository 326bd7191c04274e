# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check found, and what all of them found together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import Certificate

_MOST_LISTED = 10
NOT_ASKED = "not asked for"


class Status(StrEnum):
    """``fail`` makes a registry unhealthy; ``warn`` and ``skipped`` do not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: its name, status, how long it took (milliseconds), and a sentence with the likely cause.

    ``lines``: the message as a terminal shows it where it is a list, a heading first; else empty.
    """

    name: str
    status: Status
    latency_ms: float
    message: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """What was found at one expected reference (``repository:tag`` or ``repository@digest``).

    ``only_blobs``: the manifest is as it should be, what it needs is not.
    """

    reference: str
    status: Status
    message: str
    digest: str = ""
    media_type: str = ""
    platforms: tuple[str, ...] = ()
    only_blobs: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The results in the order of the checks.

    ``capabilities``: what the registry was seen to do, None where that is not known. ``leftovers``: what a
    round trip could not take away again. ``versions``: headers that tell of the server. ``warnings``: what
    the registry itself warned of. ``tries``: how often it was examined, a try that the time limit cut off
    included.
    """

    checks: tuple[CheckResult, ...]
    certificate: Certificate | None = None
    capabilities: dict[str, bool | str | None] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    references: tuple[ReferenceResult, ...] = ()
    warnings: tuple[str, ...] = ()
    tries: int = 1

    @property
    def healthy(self) -> bool:
        """Whether no check failed."""
        return all(check.status is not Status.FAIL for check in self.checks)

    @property
    def faults(self) -> tuple[CheckResult, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status is Status.FAIL)


class Stopwatch:
    """Makes the result of one check, with the time since the check began.

    ``already``: seconds that it has taken before.
    """

    def __init__(self, name: str, already: float = 0.0) -> None:
        self._name = name
        self._started = time.monotonic() - already

    def ok(self, message: str) -> CheckResult:
        """All is as it should be."""
        return self._result(Status.OK, message)

    def warn(self, message: str) -> CheckResult:
        """It works, but someone should look."""
        return self._result(Status.WARN, message)

    def fail(self, message: str) -> CheckResult:
        """It does not work."""
        return self._result(Status.FAIL, message)

    def fail_list(self, heading: str, faults: Sequence[str]) -> CheckResult:
        """It does not work, for these reasons; of many only the first are told."""
        shown = list(faults[:_MOST_LISTED])
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown)} more")
        result = self.fail(f"{heading}: {'; '.join(shown)}")
        return replace(result, lines=(f"{heading}:", *shown))

    def _result(self, status: Status, message: str) -> CheckResult:
        return CheckResult(self._name, status, round((time.monotonic() - self._started) * 1000, 1), message)


def not_asked(name: str) -> CheckResult:
    """A check that nobody asked for."""
    return skipped(name, NOT_ASKED)


def skipped(name: str, message: str) -> CheckResult:
    """A check that was not made, and why."""
    return CheckResult(name, Status.SKIPPED, 0.0, message)
