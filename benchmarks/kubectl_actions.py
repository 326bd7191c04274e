# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How somebody without the collection runs something on each node: xargs, and kubectl for each step.

What it leaves out is in its favour: Jobs are rendered before, discovery is cached, nothing is judged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import commands, resources
from benchmarks.resources import Used

LIMIT_SECONDS = 3600.0
ANNOTATION = "benchmark.clusterdepot.io"
# The arguments of one node: its name, that of its Job, and a file with the Job.
_NODE = """
set -eu
run() { "$KUBECTL" --kubeconfig="$KUBECONFIG" --context="$CONTEXT" --namespace="$NAMESPACE" "$@"; }
run create --filename="$3" >/dev/null
run wait --for=condition=complete --timeout=300s "job/$2" >/dev/null
told="$(run get pods --selector="job-name=$2" \\
    --output=jsonpath='{.items[0].status.containerStatuses[0].state.terminated.message}')"
run annotate node "$1" --overwrite "$ANNOTATION=$told" >/dev/null
run delete job "$2" --wait=false >/dev/null
"""


def measure(
    kubeconfig: Path, context: str, jobs: Mapping[str, Mapping[str, Any]], parallel: int, folder: Path
) -> Used:
    """What it costs to run the Jobs, by node, so many at once; `folder` takes what it leaves behind.

    Each node then has the message of its pod as annotation, named after ANNOTATION and the action. Raises
    BenchmarkError, also where one of the commands failed.
    """
    first = next(iter(jobs.values()))["metadata"]
    program = folder / "node.sh"
    program.write_text(_NODE)
    lines = folder / "nodes.txt"
    lines.write_text("".join(_line(node, job, folder) for node, job in jobs.items()))
    # Each has what it needs in its environment; words, none of which has a blank, are its arguments.
    script = 'xargs --arg-file="$1" --max-lines=1 --max-procs="$2" sh "$3"'
    used, _ = resources.measure(
        ["sh", "-c", script, "sh", str(lines), str(parallel), str(program)],
        folder,
        {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "KUBECTL": commands.tool("kubectl"),
            "KUBECONFIG": str(kubeconfig),
            "CONTEXT": context,
            "NAMESPACE": first["namespace"],
            "ANNOTATION": f"{ANNOTATION}/{first['labels']['app.kubernetes.io/instance']}",
        },
        limit=LIMIT_SECONDS,
    )
    return used


def _line(node: str, job: Mapping[str, Any], folder: Path) -> str:
    name = job["metadata"]["name"]
    file = folder / f"{name}.json"
    file.write_text(json.dumps(job))
    return f"{node} {name} {file}\n"
