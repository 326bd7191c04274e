# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import bcrypt
import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.htpasswd_entry import (
    FilterModule,
    htpasswd_entry,
)


def _matches(entry: str, password: str) -> bool:
    hashed = entry.partition(":")[2].replace("$2y$", "$2b$", 1)
    return bool(bcrypt.checkpw(password.encode(), hashed.encode()))


def test_entry_is_the_users_and_matches_the_password_only() -> None:
    entry = htpasswd_entry("alice", "pässword", rounds=4)
    assert entry.startswith("alice:$2y$04$")
    assert "\n" not in entry
    assert _matches(entry, "pässword")
    assert not _matches(entry, "password")


def test_salt_is_new_each_time() -> None:
    assert htpasswd_entry("alice", "secret", rounds=4) != htpasswd_entry("alice", "secret", rounds=4)


def test_longest_password_counts_whole() -> None:
    entry = htpasswd_entry("alice", "x" * 72, rounds=4)
    assert not _matches(entry, "x" * 71)


@pytest.mark.parametrize("username", ["", "a:b", "a\nb", "a\rb"])
def test_user_name_that_would_break_the_line_is_refused(username: str) -> None:
    with pytest.raises(AnsibleFilterError, match="user name"):
        htpasswd_entry(username, "secret", rounds=4)


@pytest.mark.parametrize("password", ["", "x" * 73, "ä" * 37, "secret\0tail"])
def test_password_that_bcrypt_would_cut_is_refused_and_not_told(password: str) -> None:
    with pytest.raises(AnsibleFilterError, match="1 to 72 bytes") as caught:
        htpasswd_entry("alice", password, rounds=4)
    assert not password or password not in str(caught.value)


@pytest.mark.parametrize("rounds", [3, 18])
def test_rounds_out_of_range_are_refused(rounds: int) -> None:
    with pytest.raises(AnsibleFilterError, match="4 to 17"):
        htpasswd_entry("alice", "secret", rounds=rounds)


def test_filter_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"htpasswd_entry": htpasswd_entry}
