# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to ask once more: too many requests, or a server that is not there for the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_RETRIED_READS = frozenset({429, 502, 503, 504})
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Patience:
    """``tries`` at most; between them ``pause`` seconds, doubled each time, or what the server asks for.

    ``only_when_asked``: only after 429, not while a server is down.
    """

    tries: int = 1
    pause: float = 0.2
    only_when_asked: bool = False

    def wait(self, attempt: int, method: str, status: int, retry_after: str | None) -> float | None:
        """Seconds to wait before the next try, None where there is to be none.

        429 means that nothing was done, so any request may be sent again; others only if they read.
        """
        reads = method in ("GET", "HEAD") and not self.only_when_asked
        retried = status == 429 or (status in _RETRIED_READS and reads)
        if not retried or attempt + 1 >= self.tries:
            return None
        asked = retry_after_seconds(retry_after, datetime.now(UTC))
        return self.pause * 2**attempt if asked is None else asked


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After asks for (RFC 9110 section 10.2.3), None where it cannot be read."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _MOST_DIGITS else None
    moment = parse_http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def parse_http_date(text: str) -> datetime | None:
    """A Date header's moment, None where it cannot be read."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
