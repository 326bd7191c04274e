# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Warning header that a registry may add to any answer (distribution-spec 1.1, "Warnings").

Its text is for people only: nothing may act on it.
"""

from __future__ import annotations

import re

from .printable import printable

_WARNING = re.compile(r'[ \t]*299[ \t]+[^\s"]+[ \t]+"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 4096
_SHOWN = 300


def warning_text(header: str) -> str | None:
    """The text of a Warning of code 299, on one printable line; None for anything else."""
    match = _WARNING.match(header[:_LONGEST])
    return printable(_ESCAPED.sub(r"\1", match[1]), _SHOWN) if match is not None else None
