# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the progress of a task looks, on a terminal and in a log."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._terminal_progress import (
    LOG_SECONDS,
    Terminal,
    TerminalProgress,
)


@dataclass
class Screen:
    """What was written, and a clock that the test turns."""

    text: str = ""
    now: float = 0.0
    lines: list[str] = field(default_factory=list)

    def write(self, text: str, *, newline: bool) -> None:
        """Take a text as a terminal does."""
        self.text += text + ("\n" if newline else "")

    def time(self) -> float:
        """The clock."""
        return self.now


def test_on_a_terminal_the_present_state_is_written_over_and_leaves_nothing_behind() -> None:
    screen = Screen()
    progress = TerminalProgress(Terminal(True, 40), screen.write, screen.time)
    progress.update("images 1/3")
    progress.update("images 2/3")
    assert screen.text == "\r  images 1/3\x1b[K\r  images 2/3\x1b[K"
    progress("trying volumes")
    assert screen.text.endswith("\r\x1b[K  trying volumes\n")
    progress.update("images 3/3")
    progress.close()
    assert screen.text.endswith("\r  images 3/3\x1b[K\r\x1b[K")
    before = screen.text
    progress.close()
    assert screen.text == before


def test_a_line_that_is_written_over_never_wraps() -> None:
    screen = Screen()
    TerminalProgress(Terminal(True, 20), screen.write, screen.time).update("x" * 100)
    assert len(screen.text.strip("\r").removesuffix("\x1b[K")) < 20


def test_in_a_log_the_present_state_is_a_line_from_time_to_time() -> None:
    screen = Screen()
    progress = TerminalProgress(Terminal(False), screen.write, screen.time)
    for second in range(35):
        screen.now = float(second)
        progress.update(f"images {second}/99")
    progress.close()
    assert screen.text == "".join(f"  images {second}/99\n" for second in (10, 20, 30))
    assert LOG_SECONDS == 10.0


def test_a_line_that_stays_is_shown_at_once_everywhere() -> None:
    screen = Screen()
    TerminalProgress(Terminal(False), screen.write, screen.time)("trying volumes")
    assert screen.text == "  trying volumes\n"
