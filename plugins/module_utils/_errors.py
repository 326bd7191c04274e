# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of every error that this collection reports to its user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ArtifactsError(Exception):
    """A failure that is told in one sentence.

    :ivar message: the sentence, fit for a user, without any secret
    :ivar result: more keys for the task's result, without any secret
    """

    def __init__(self, message: str, result: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.result: dict[str, object] = dict(result or {})


class FaultsError(ArtifactsError):
    """What was given cannot be used, and nothing was changed; the message has all that is wrong with it."""

    def __init__(self, faults: Sequence[str]) -> None:
        listed = "\n".join(f"- {fault}" for fault in faults)
        message = faults[0] if len(faults) == 1 else f"{len(faults)} faults, nothing was changed:\n{listed}"
        super().__init__(message, {"changed": False, "faults": list(faults)})
