# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running embedded cluster, as benchmarks use it: its facts, kubectl, and ansible-playbook."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import commands
from benchmarks.errors import BenchmarkError
from devcluster.folders import folders

INVENTORY = commands.ROOT / "inventory" / "embedded"
VOLUME_SECONDS = 120.0
_RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) ", re.MULTILINE)


@dataclass(frozen=True)
class Embedded:
    """Bound to one cluster by the file of its facts (see devcluster.facts)."""

    facts_file: Path
    facts: Mapping[str, Any]

    @staticmethod
    def running() -> Embedded:
        """Raises BenchmarkError where there is no embedded cluster."""
        path = folders().facts
        if not path.exists():
            raise BenchmarkError(f"{path} is not there: start the embedded cluster by make cluster-up")
        return Embedded(path, json.loads(path.read_text()))

    def kubectl(self, *arguments: str, standard_input: str = "") -> str:
        """Standard output of kubectl. Raises BenchmarkError where it fails."""
        command = [commands.tool("kubectl"), f"--kubeconfig={self.facts['kubeconfig']}", *arguments]
        return commands.run(command, standard_input=standard_input)

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object, or a list of them, parsed. Raises BenchmarkError where kubectl fails."""
        parsed: dict[str, Any] = json.loads(self.kubectl("get", "--output=json", *arguments))
        return parsed

    def playbook(self, name: str, variables: Mapping[str, object]) -> int:
        """Run a playbook, by path or by its name in a collection, and give the number of changed tasks.

        Raises BenchmarkError where it fails.
        """
        output = commands.run(
            [
                commands.tool("ansible-playbook"),
                f"--inventory={INVENTORY}",
                f"--extra-vars={json.dumps(variables)}",
                name,
            ],
            CLUSTERDEPOT_CLUSTER_FACTS=str(self.facts_file),
            K8S_AUTH_KUBECONFIG=str(self.facts["kubeconfig"]),
        )
        return changed_tasks(output)

    def delete_namespace(self, name: str) -> None:
        """Delete a namespace, if there is one, and wait until it and the volumes of its claims are gone."""
        self.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait")
        self.await_volumes_gone(name)

    def await_volumes_gone(self, namespace: str) -> None:
        """Wait until no volume is left that belonged to a claim of the namespace.

        The provisioner removes them after the claims, by a pod that would disturb what is timed next. Raises
        BenchmarkError after two minutes.
        """
        deadline = time.monotonic() + VOLUME_SECONDS
        while left := _volumes_of(self.get("persistentvolumes"), namespace):
            if time.monotonic() > deadline:
                raise BenchmarkError(f"volumes of {namespace} are still there: {', '.join(left)}")
            time.sleep(0.5)


def changed_tasks(output: str) -> int:
    """Sum the changed tasks of all hosts in a playbook's recap. Raises BenchmarkError without a recap."""
    recaps = _RECAP.findall(output)
    if not recaps:
        raise BenchmarkError(f"the playbook ended without a recap:\n{output}")
    return sum(map(int, recaps))


def _volumes_of(volumes: Mapping[str, Any], namespace: str) -> list[str]:
    return [
        volume["metadata"]["name"]
        for volume in volumes["items"]
        if volume["spec"].get("claimRef", {}).get("namespace") == namespace
    ]
