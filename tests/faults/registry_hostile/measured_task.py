# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.faults.registry_hostile.measured_task PARAMETERS`: the task and the memory it needs."""

from __future__ import annotations

import json
import resource
import sys

from tests.faults.registry_gateways.task_process import run_task


def main(text: str) -> None:
    """``text``: the parameters that are not as their defaults, a JSON object."""
    parameters = json.loads(text)
    # Nothing listens on port 1; this only brings in whatever any run needs.
    run_task({"url": "http://127.0.0.1:1"})
    before = _octets()
    result = run_task(parameters)
    print(json.dumps({"result": result, "octets": _octets() - before}))


def _octets() -> int:
    # Linux counts the most that was ever resident, in units of 1024 octets.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(sys.argv[1])
