# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that differ, and answers that take long."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.certificate_checks import Served
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Stopwatch,
    not_asked,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import OciError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import parse_http_date

_MOST_SKEW = timedelta(seconds=30)
_REQUESTS = 5


def check_clock(answer: Response | None, received: datetime, served: Served | None) -> CheckResult:
    """Do the clocks here and there agree?

    Tokens and certificates are judged by time, so where they do not, logins fail for no visible reason.
    """
    watch = Stopwatch("clock")
    now = datetime.now(UTC)
    if served is not None and served.facts is not None and served.facts.not_before > now:
        ahead = _shown(served.facts.not_before - now)
        return watch.fail(
            f"the certificate becomes valid in {ahead}. Likely cause: the clock here is behind, or that of "
            "its issuer ahead: is time synchronised (NTP)?"
        )
    if answer is None:
        return skipped("clock", "the registry did not answer")
    date = answer.header("Date")
    moment = parse_http_date(date) if date else None
    if moment is None:
        return skipped("clock", "the registry does not tell its time (no Date header that can be read)")
    skew = moment - (received - timedelta(milliseconds=answer.milliseconds / 2))
    if abs(skew) > _MOST_SKEW:
        direction = "ahead of" if skew > timedelta() else "behind"
        return watch.warn(
            f"the registry's clock is {_shown(abs(skew))} {direction} the one here. Likely cause: time is "
            "not synchronised (NTP) on one side; tokens and certificates are judged by it"
        )
    return watch.ok(f"agrees with the registry's within {_MOST_SKEW.seconds} s")


def check_latency(client: Client, most: int | None, usable: bool, deadline: Deadline) -> CheckResult:
    """Is the median of some requests to ``/v2/`` at most ``most`` milliseconds?"""
    if most is None:
        return not_asked("latency")
    if not usable:
        return skipped("latency", "an earlier check failed")
    watch = Stopwatch("latency")
    try:
        times = [client.ping(deadline, authenticate=False).milliseconds for _request in range(_REQUESTS)]
    except OciError as error:
        return watch.fail(error.message)
    told = f"median {statistics.median(times):g} ms, slowest {max(times):g} ms of {_REQUESTS} requests"
    if statistics.median(times) > most:
        return watch.warn(
            f"{told}: more than {most} ms. Likely cause: a loaded node, slow storage, or a long way there"
        )
    return watch.ok(told)


def _shown(difference: timedelta) -> str:
    seconds = int(difference.total_seconds())
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
