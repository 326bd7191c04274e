# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of long work: one line that updates on a terminal, lines at intervals elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TextIO

LINE_INTERVAL = 10.0


@dataclass
class Progress:
    """Says what is under way, how long it has taken, and how long it is expected to take (seconds)."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    started: float = field(default_factory=time.monotonic)
    _last_line: float = 0.0
    _pending: bool = False

    def elapsed(self) -> float:
        """Seconds since the work began."""
        return time.monotonic() - self.started

    def say(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def update(self, text: str) -> None:
        """A line that may be replaced by the next one; in a log only every LINE_INTERVAL seconds."""
        now = time.monotonic()
        if self.stream.isatty():
            self._clear()
            self.stream.write(text[:150])
            self._pending = True
            self.stream.flush()
        elif now - self._last_line >= LINE_INTERVAL:
            self._last_line = now
            self.say(text)

    def _clear(self) -> None:
        if self._pending:
            self.stream.write("\r\033[K")
            self._pending = False


def seconds(value: float) -> str:
    """Whole seconds or minutes and seconds: 7 s, 3 min 05 s."""
    whole = round(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"
