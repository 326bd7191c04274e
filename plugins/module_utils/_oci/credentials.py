# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user name and a password that show themselves to nobody but the registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """``username`` and ``password``; the password is in no repr, message or comparison output."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header of the Basic scheme (RFC 7617, UTF-8)."""
        return f"Basic {self._encoded}"

    @property
    def secrets(self) -> frozenset[str]:
        """Every spelling of the secret that a server could send back to us, to be cut out of all texts."""
        return frozenset({self.password, self._encoded})

    @property
    def _encoded(self) -> str:
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")
