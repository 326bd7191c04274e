# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from a stranger: made safe for a terminal, and whether it is any."""

from __future__ import annotations

# Ends a text that was too long.
CUT = "..."


def printable(text: str, longest: int) -> str:
    """One line without control characters (a terminal would obey them), at most ``longest`` characters."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - len(CUT)]}{CUT}"


def is_unicode(text: str) -> bool:
    """Whether it can be sent: JSON, and arguments that are not UTF-8, may bring half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
