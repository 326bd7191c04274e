# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server sent back of what it was sent.

A secret must go before a text is cut: of one that stands across the cut a part would stay.
"""

from __future__ import annotations

from collections.abc import Iterable

HIDDEN = "********"
# Cut out everywhere, a shorter one would garble the text and be told by what is missing.
_SHORTEST = 4


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret of at least four characters replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text
