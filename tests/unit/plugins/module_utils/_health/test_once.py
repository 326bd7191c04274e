# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found out once, by several threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.once import Once


def test_who_asks_meanwhile_waits() -> None:
    once: Once[int] = Once()
    found: list[int] = []
    go_on = threading.Event()

    def find() -> int:
        found.append(1)
        assert go_on.wait(10)
        return 7

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(once.get, "key", find) for _thread in range(4)]
        go_on.set()
        assert [one.result(10) for one in asked] == [7] * 4
    assert once.get("key", find) == 7
    assert once.get("other", lambda: 8) == 8
    assert found == [1]


def test_what_failed_is_tried_anew() -> None:
    once: Once[int] = Once()

    def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        once.get("key", fail)
    assert once.get("key", lambda: 1) == 1
