# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of a text in PEM form (RFC 7468), and nothing else that is in it."""

from __future__ import annotations

import re

_BEGIN = "-----BEGIN CERTIFICATE-----"
_BLOCK = re.compile(rf"{_BEGIN}[ \t]*\r?\n([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----", re.ASCII)
_KEY = "PRIVATE KEY"


def certificates_of(text: str) -> str:
    """The blocks CERTIFICATE of the text, each line ended by one newline; empty where there is none."""
    return "".join(
        "\n".join((_BEGIN, *match[1].split(), "-----END CERTIFICATE-----", ""))
        for match in _BLOCK.finditer(text)
    )


def certificate_fault(text: object) -> str:
    """What is wrong with a text that certificates are wanted of; empty where nothing is.

    The text may be a key by mistake, so nothing of it is told.
    """
    if not isinstance(text, str):
        return "is not a text; allowed: certificates in PEM form"
    if _KEY in text:
        return "has a private key in it; allowed: certificates in PEM form, without a key"
    if certificates_of(text).count(_BEGIN) != max(text.count(_BEGIN), 1):
        return "is not allowed; allowed: certificates in PEM form, each from its BEGIN to its END"
    return ""
