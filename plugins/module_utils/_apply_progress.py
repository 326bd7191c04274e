# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait has seen so far: which objects are open, why, and since when they fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import ObjectKey

_QUIET_SECONDS = 1.0
_REPEAT_SECONDS = 10.0


@dataclass(frozen=True)
class Open:
    """An object that is waited for.

    :ivar text: its state and the reason
    :ivar failing: it will most likely not become ready by itself
    :ivar final: it will never become ready
    """

    key: ObjectKey
    text: str
    failing: bool = False
    final: bool = False


class Picture:
    """Times are seconds since the start of the wait.

    :param progress: prints one line
    :param failure_grace: how long a failure may last before it counts
    """

    def __init__(self, progress: Callable[[str], None], failure_grace: float) -> None:
        self._progress = progress
        self._grace = failure_grace
        self._shown: dict[ObjectKey, str] = {}
        self._shown_at = 0.0
        self._failing: dict[ObjectKey, tuple[float, float]] = {}

    def update(self, opened: Sequence[Open], elapsed: float) -> None:
        """Take in the present state, and print what changed; everything after ten silent seconds."""
        for one in opened:
            if one.failing:
                first, last = self._failing.get(one.key, (elapsed, elapsed))
                # A crashing container runs for a moment between two crashes: a short recovery does not
                # reset the clock.
                self._failing[one.key] = (
                    first if elapsed - last <= max(self._grace, 1.0) else elapsed,
                    elapsed,
                )
        if elapsed < _QUIET_SECONDS:
            return
        texts = {one.key: one.text for one in opened}
        repeat = elapsed - self._shown_at >= _REPEAT_SECONDS
        lines = [
            f"{key.short} {text}" for key, text in texts.items() if repeat or self._shown.get(key) != text
        ]
        lines += [f"{key.short} done" for key in self._shown if key not in texts]
        for line in lines:
            self._progress(f"{elapsed:.0f} s: {line}")
        if lines:
            self._shown, self._shown_at = texts, elapsed

    def failed(self, opened: Sequence[Open], elapsed: float) -> list[Open]:
        """Give the objects that are failing now and have been for the whole grace, or are finally lost."""
        return [
            one
            for one in opened
            if one.final or (one.failing and elapsed - self._failing[one.key][0] >= self._grace)
        ]


def reasons(opened: Sequence[Open]) -> list[Mapping[str, object]]:
    """Give the open objects as data for a task's result."""
    return [
        {
            "kind": one.key.kind,
            "namespace": one.key.namespace,
            "name": one.key.name,
            "message": one.text,
            "failing": one.failing,
        }
        for one in opened
    ]
