# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the values of a script's variables out of what the script told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome

HIDDEN = "(hidden)"
# What is shorter is found everywhere, and could be guessed: hiding it would tell more than it hides.
SHORTEST_HIDDEN = 4


@dataclass(frozen=True)
class Secrets:
    """Values that must not be told.

    :ivar parts: their lines of at least SHORTEST_HIDDEN characters, longest first
    """

    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> Secrets:
        """Take whole values; what a script prints of them comes line by line."""
        lines = {form for value in values for line in value.splitlines() for form in _forms(line)}
        long_enough = [line for line in lines if len(line) >= SHORTEST_HIDDEN]
        return cls(tuple(sorted(long_enough, key=lambda line: (-len(line), line))))

    def hide(self, text: str) -> str:
        """The text without them, nor a part of one with which it begins or ends, since it may be cut."""
        for part in self.parts:
            text = text.replace(part, HIDDEN)
        for part in self.parts:
            for length in range(min(len(part) - 1, len(text)), SHORTEST_HIDDEN - 1, -1):
                if text.startswith(part[-length:]):
                    text = f"{HIDDEN}{text[length:]}"
                if text.endswith(part[:length]):
                    text = f"{text[:-length]}{HIDDEN}"
        return text

    def hidden_in(self, outcome: Outcome) -> Outcome:
        """The outcome, with nothing of them in its reason and its output."""
        if not self.parts:
            return outcome
        return replace(outcome, reason=self.hide(outcome.reason), output=self.hide(outcome.output))


def _forms(line: str) -> tuple[str, str, str]:
    """A line as it is, and as it comes to be told: without control characters, and in one sentence."""
    printed = "".join(character if character.isprintable() else " " for character in line)
    return line.strip(), printed.strip(), " ".join(printed.split())
