# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the progress of a task looks: lines, and on a terminal one line that is written over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

LOG_SECONDS = 10.0
_ERASE_TO_END = "\x1b[K"


class Write(Protocol):
    """Writes a text, with or without a line feed after it."""

    def __call__(self, text: str, *, newline: bool) -> None: ...


@dataclass(frozen=True)
class Terminal:
    """What lines are written to: whether it is a terminal, and how many characters fit in a line."""

    interactive: bool
    columns: int = 80


class TerminalProgress:
    """A Progress (see ``_tasks._run``) that shows itself.

    Where the output is no terminal, ``update`` gives a line at most every ten seconds.
    """

    def __init__(self, terminal: Terminal, write: Write, now: Callable[[], float] = time.monotonic) -> None:
        self._terminal = terminal
        self._write = write
        self._now = now
        self._open = False
        self._next = now() + LOG_SECONDS

    def __call__(self, line: str) -> None:
        """Show a line that stays."""
        self.close()
        self._write(f"  {line}", newline=True)

    def update(self, line: str) -> None:
        """Show the present state in the place of the one before."""
        if self._terminal.interactive:
            self._write(f"\r  {line}"[: self._terminal.columns] + _ERASE_TO_END, newline=False)
            self._open = True
        elif self._now() >= self._next:
            self._next = self._now() + LOG_SECONDS
            self._write(f"  {line}", newline=True)

    def close(self) -> None:
        """Take the present state away, so that what is written next begins on a line of its own."""
        if self._open:
            self._write("\r" + _ERASE_TO_END, newline=False)
            self._open = False
