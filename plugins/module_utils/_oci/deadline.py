# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One deadline for everything a call does."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock (seconds) after which nothing may block any more.

    ``seconds``: what the user allowed for all; ``reserved``: how many of them are kept for cleaning up.
    """

    at: float
    seconds: float
    reserved: float = 0.0

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline that many seconds from now."""
        return cls(time.monotonic() + seconds, seconds)

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self.at

    def remaining(self, doing: str) -> float:
        """Seconds left, always more than zero.

        Raises DeadlineExceeded, naming what was being done, where none are left.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise self.exceeded(doing)
        return left

    def exceeded(self, doing: str) -> DeadlineExceeded:
        """The error for work that this deadline has cut off."""
        kept = f" ({self.reserved:g} s of it kept for cleaning up)" if self.reserved else ""
        return DeadlineExceeded(f"the time limit of {self.seconds:g} s{kept} was over while {doing}")

    def before(self, reserve: float) -> Deadline:
        """An earlier deadline that leaves ``reserve`` seconds for cleaning up."""
        return Deadline(self.at - reserve, self.seconds, self.reserved + reserve)
