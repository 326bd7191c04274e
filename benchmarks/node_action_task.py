# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks.node_action_task PARAMETERS`: the module node_action's own function, timed.

PARAMETERS is a JSON object that has them all. The seconds leave out what starts Python and imports the
collection.
"""

from __future__ import annotations

import json
import sys
import time

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action import run


class _Silence:
    """Progress that nobody looks at."""

    def __call__(self, line: str) -> None:
        """Drop the line."""

    def update(self, line: str) -> None:
        """Drop the line."""


def main(parameters: str) -> None:
    """Print a JSON object: ``seconds``, ``changed``, ``counts`` by state, and ``msg`` where it failed."""
    started = time.perf_counter()
    result = outcome(run, json.loads(parameters), check_mode=False, diff_mode=False, progress=_Silence())
    seconds = time.perf_counter() - started
    told = {key: result.get(key) for key in ("changed", "counts", "msg")}
    print(json.dumps({"seconds": seconds, **told}))


if __name__ == "__main__":
    main(*sys.argv[1:])
