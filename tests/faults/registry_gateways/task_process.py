# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.faults.registry_gateways.task_process PARAMETERS`: runs the task, prints its result."""

from __future__ import annotations

import json
import sys
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health import (
    ARGUMENT_SPEC,
    run,
)


def main(text: str) -> None:
    """``text``: the parameters that are not as their defaults, a JSON object."""
    print(json.dumps(run_task(json.loads(text))))


def run_task(parameters: dict[str, Any]) -> dict[str, Any]:
    """The result; a failed task gives ``failed`` and ``msg``."""
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    try:
        return run(defaults | parameters, check_mode=False, progress=lambda _: None)
    except ArtifactsError as error:
        return {**error.result, "failed": True, "msg": error.message}


if __name__ == "__main__":
    main(sys.argv[1])
