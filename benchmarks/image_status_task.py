# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks.image_status_task KUBECONFIG NAMESPACE DIGESTS`: image_cache_sync_info, timed.

The seconds leave out what starts Python and imports the collection. DIGESTS is `true` or `false`, the
option of the module.
"""

from __future__ import annotations

import json
import sys
import time

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_info import (
    ARGUMENT_SPEC,
    run,
)


class _Silence:
    """Progress that nobody looks at."""

    def __call__(self, line: str) -> None:
        """Drop the line."""

    def update(self, line: str) -> None:
        """Drop the line."""


def main(kubeconfig: str, namespace: str, digests: str) -> None:
    """Print a JSON object: ``seconds``, and ``totals`` by state. Raises KubeError."""
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    given = {"kubeconfig": kubeconfig, "namespace": namespace, "digests": json.loads(digests)}
    started = time.perf_counter()
    result = run(defaults | given, check_mode=False, progress=_Silence())
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "totals": result["totals"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
