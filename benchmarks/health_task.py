# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks.health_task PARAMETERS`: the registry check, timed without what starts Python."""

from __future__ import annotations

import json
import sys
import time

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health import (
    ARGUMENT_SPEC,
    run,
)


def main(text: str) -> None:
    """Prints seconds, health and the number of references; ``text``: parameters, a JSON object."""
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    parameters = defaults | json.loads(text) | {"fail_when_unhealthy": False}
    started = time.perf_counter()
    result = run(parameters, check_mode=False, progress=lambda _: None)
    seconds = time.perf_counter() - started
    good = [entry for entry in result["references"] if entry["status"] == "ok"]
    print(json.dumps({"seconds": seconds, "healthy": result["healthy"], "references": len(good)}))


if __name__ == "__main__":
    main(sys.argv[1])
