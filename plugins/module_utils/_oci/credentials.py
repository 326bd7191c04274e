# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user name and a password, or an identity token, that show themselves to nobody but the registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus


@dataclass(frozen=True, slots=True)
class Credentials:
    """``username`` and ``password``, or in the latter's place an ``identity_token`` (OAuth2 refresh token).

    The secrets are in no repr, message or comparison output.
    """

    username: str
    password: str = field(repr=False)
    identity_token: str | None = field(default=None, repr=False)

    @property
    def basic(self) -> str | None:
        """The value of an Authorization header of the Basic scheme (RFC 7617, UTF-8).

        None for an identity token, which only a token server understands.
        """
        return f"Basic {self._encoded}" if self.identity_token is None else None

    @property
    def secrets(self) -> frozenset[str]:
        """Every spelling of the secret that a server could send back to us, to be cut out of all texts."""
        secret = self.password if self.identity_token is None else self.identity_token
        return frozenset({secret, quote(secret, safe=""), quote_plus(secret), self._encoded})

    def with_secret(self, secret: str) -> Credentials:
        """The same user with another password or identity token."""
        if self.identity_token is None:
            return Credentials(self.username, secret)
        return Credentials(self.username, "", secret)

    @property
    def _encoded(self) -> str:
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")
