# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that several threads need and one of them finds out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Once(Generic[Found]):
    """Finds out what belongs to a key once; who asks meanwhile waits for it, who asks later has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[Found]] = {}
        # A Future takes a kilobyte, and there may be a hundred thousand keys.
        self._found: dict[Hashable, Found] = {}

    def get(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """What ``find`` gives or gave for this key. Raises what it raises; then it is tried anew."""
        with self._lock:
            if key in self._found:
                return self._found[key]
            waiting = self._under_way.get(key)
            if waiting is None:
                own = self._under_way[key] = Future()
        if waiting is not None:
            return waiting.result()
        try:
            found = find()
        except BaseException as error:
            with self._lock:
                del self._under_way[key]
            own.set_exception(error)
            raise
        with self._lock:
            self._found[key] = found
            del self._under_way[key]
        own.set_result(found)
        return found
