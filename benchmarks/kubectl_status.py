# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How somebody without the collection counts images by their state: `kubectl get pods -o json` and jq."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from benchmarks import commands, resources
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Used

STATES = ("cached", "failed", "pulling", "unscheduled")
# One pass, without sorting. A pod that is on no node has no status of its containers.
_COUNT = """
reduce .items[] as $pod ({};
  reduce ($pod.status.containerStatuses // $pod.spec.containers)[] as $one (.;
    if $one.name | startswith("pin-") then
      .[$one.image][
        if $one.state == null then "unscheduled"
        elif $one.state.running then "cached"
        elif $one.state.waiting.reason | . == "ErrImagePull" or . == "ImagePullBackOff" then "failed"
        else "pulling" end
      ] += 1
    else . end))
"""


def measure(kubeconfig: Path, namespace: str, folder: Path) -> tuple[Used, dict[str, int]]:
    """What the two cost, and what they counted: pairs of node and image by state.

    `folder` takes what they leave behind. The memory is that of the bigger of the two. Raises BenchmarkError.
    """
    program = folder / "count.jq"
    program.write_text(_COUNT)
    get = '"$0" --kubeconfig="$1" --namespace="$2" get pods --output=json'
    script = f'{get} | jq --compact-output --from-file "$3"'
    used, output = resources.measure(
        [
            *("bash", "-o", "pipefail", "-c", script),
            *(commands.tool("kubectl"), str(kubeconfig), namespace, str(program)),
        ],
        folder,
        {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)},
    )
    return used, totals(output)


def totals(output: str) -> dict[str, int]:
    """Sum what jq printed: by image, the number of nodes in each state. Raises BenchmarkError."""
    try:
        images: Mapping[str, Mapping[str, int]] = json.loads(output)
        return {state: sum(counts.get(state, 0) for counts in images.values()) for state in STATES}
    except (ValueError, AttributeError) as error:
        raise BenchmarkError(f"jq printed no counts: {output[-500:]}") from error
