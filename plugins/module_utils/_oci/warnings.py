# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Warning header that a registry may add to any answer (distribution-spec 1.1, "Warnings").

Its text is for people only: nothing may act on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .echo import without_secrets
from .printable import printable

_WARNING = re.compile(r'[ \t,]*([0-9]{3})[ \t]+[^\s"]+[ \t]+"((?:[^"\\]|\\.)*)"(?:[ \t]+"[^"]*")?', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 4096
_SHOWN = 300


def warning_texts(header: str, secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """The texts of a header's warnings of code 299, each on one printable line and without ``secrets``."""
    texts: list[str] = []
    header, position = header[:_LONGEST], 0
    while (match := _WARNING.match(header, position)) is not None:
        position = match.end()
        if match[1] == "299":
            text = without_secrets(_ESCAPED.sub(r"\1", match[2]), secrets)
            texts.append(printable(text, _SHOWN))
    return tuple(texts)
