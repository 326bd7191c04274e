# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter htpasswd_entry: one line of an htpasswd file, hashed with bcrypt."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

BCRYPT_PASSWORD_BYTES = 72  # bcrypt reads no more; a longer password would be cut without a word
ROUNDS_ALLOWED = range(4, 18)


def htpasswd_entry(username: str, password: str, rounds: int = 10) -> str:
    """Return ``username:$2y$…``, salted anew at every call.

    The registry reads bcrypt only (distribution, registry/auth/htpasswd). The prefix is ``$2y$``
    because Apache's tools know no other; the algorithm is that of ``$2b$``.

    Raises AnsibleFilterError where the line would not be valid, without telling the password.
    """
    if not username or any(character in username for character in ":\r\n"):
        raise AnsibleFilterError(
            "htpasswd_entry: the user name must not be empty nor hold a colon or a line break"
        )
    secret = str(password).encode()
    if not 0 < len(secret) <= BCRYPT_PASSWORD_BYTES or b"\0" in secret:
        raise AnsibleFilterError(
            f"htpasswd_entry: the password must have 1 to {BCRYPT_PASSWORD_BYTES} bytes and no NUL (bcrypt)"
        )
    if rounds not in ROUNDS_ALLOWED:
        raise AnsibleFilterError(
            f"htpasswd_entry: rounds is {rounds}; allowed: {ROUNDS_ALLOWED[0]} to {ROUNDS_ALLOWED[-1]}"
        )
    try:
        bcrypt = import_module("bcrypt")
    except ImportError as error:
        raise AnsibleFilterError(
            "htpasswd_entry: the Python library bcrypt is missing on the controller: pip install bcrypt"
        ) from error
    hashed: str = bcrypt.hashpw(secret, bcrypt.gensalt(rounds)).decode("ascii")
    return f"{username}:$2y${hashed.removeprefix('$2b$')}"


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"htpasswd_entry": htpasswd_entry}
