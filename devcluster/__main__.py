# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m devcluster up | down | status | clean | build [PART…] | binaries | facts | exec COMMAND…`."""

from __future__ import annotations

import argparse
import json
import os
import sys

from devcluster import cluster, processes
from devcluster.build import build, missing
from devcluster.errors import ClusterError
from devcluster.folders import Folders, folders
from devcluster.machine_checks import require
from devcluster.parts import CLUSTER_PARTS, select
from devcluster.progress import Progress
from devcluster.settings import Settings


def main(arguments: list[str]) -> int:
    """Runs one verb; returns the exit code."""
    parser = argparse.ArgumentParser(prog="devcluster", description="The embedded Kubernetes cluster.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="build what is missing and start the cluster")
    verbs.add_parser("down", help="end it and leave nothing but its data")
    verbs.add_parser("status", help="what runs")
    verbs.add_parser("clean", help="end it and remove its data")
    verbs.add_parser("build", help="build parts only").add_argument("parts", nargs="*")
    verbs.add_parser("binaries", help="build parts, print their folder").add_argument("parts", nargs="*")
    verbs.add_parser("facts", help="what inventories read, as JSON")
    inside = verbs.add_parser("exec", help="run a command inside the node")
    inside.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    try:
        return _VERBS[options.verb](folders(), options)
    except ClusterError as error:
        print(f"devcluster: {error}", file=sys.stderr)
        return 1


def _up(where: Folders, _: argparse.Namespace) -> int:
    started = cluster.up(where, Progress())
    state = "is up" if started else "was up already"
    print(f"the embedded cluster {state}: export KUBECONFIG={where.kubeconfig}")
    return 0


def _down(where: Folders, _: argparse.Namespace) -> int:
    cluster.down(where)
    print(f"the embedded cluster is down; its data stays in {where.data} until `make clean`")
    return 0


def _clean(where: Folders, _: argparse.Namespace) -> int:
    cluster.clean(where)
    print(f"the embedded cluster and its data are gone; built parts stay in {where.cache}")
    return 0


def _status(where: Folders, _: argparse.Namespace) -> int:
    now = cluster.status(where)
    if now is None:
        print("the embedded cluster is down")
        return 3
    for name, state in now.components.items():
        print(f"{name:<26}{state.value}")
    print(f"kubeconfig: {where.kubeconfig}")
    return 0 if now.ready else 1


def _build(where: Folders, options: argparse.Namespace) -> int:
    parts = select(options.parts) if options.parts else CLUSTER_PARTS
    if missing(where, parts):
        require(where, building=True)
    build(where, parts, Progress())
    return 0


def _binaries(where: Folders, options: argparse.Namespace) -> int:
    _build(where, options)
    print(where.binaries)
    return 0


def _facts(where: Folders, _: argparse.Namespace) -> int:
    settings = Settings.read(where.state)
    if settings is None:
        raise ClusterError("there is no embedded cluster yet: make cluster-up")
    print(json.dumps(json.loads(where.facts.read_text()), indent=1))
    return 0


def _exec(where: Folders, options: argparse.Namespace) -> int:
    first = processes.first_of_namespace(processes.marked(where.state))
    if first is None:
        raise ClusterError("the embedded cluster is down")
    # What stands after `exec` may begin with the `--` that ends options.
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    path = f"{where.binaries}:{os.environ.get('PATH', os.defpath)}"
    os.execvpe(
        "nsenter",
        ["nsenter", "--target", str(first), "--all", "--", *command],
        os.environ | {"PATH": path, "CONTAINERD_ADDRESS": "/run/containerd/containerd.sock"},
    )


_VERBS = {
    "up": _up,
    "down": _down,
    "clean": _clean,
    "status": _status,
    "build": _build,
    "binaries": _binaries,
    "facts": _facts,
    "exec": _exec,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
