# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as kubectl shows it: another client than the collection's own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = (
    "namespaces,deployments,daemonsets,services,configmaps,secrets,persistentvolumeclaims,certificates,"
    "networkpolicies,poddisruptionbudgets,cronjobs,jobs,serviceaccounts,clusterroles,clusterrolebindings"
)
OURS = "app.kubernetes.io/managed-by=clusterdepot.artifacts"


@dataclass(frozen=True)
class Kubectl:
    """Bound to one kubeconfig."""

    kubeconfig: str

    def __call__(self, *arguments: str, check: bool = True, standard_input: str | None = None) -> str:
        """Standard output; raises AssertionError with the error output where kubectl fails."""
        command = [
            str(Path(sys.executable).with_name("kubectl")),
            f"--kubeconfig={self.kubeconfig}",
            *arguments,
        ]
        done = subprocess.run(command, input=standard_input, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list, parsed."""
        parsed: dict[str, Any] = json.loads(self("get", "-o", "json", *arguments))
        return parsed

    def ours(self) -> set[str]:
        """`Kind namespace/name` of every object that carries the collection's label."""
        items = self.get(KINDS, "--all-namespaces", "-l", OURS)["items"]
        return {f"{i['kind']} {i['metadata'].get('namespace', '')}/{i['metadata']['name']}" for i in items}

    def secret(self, namespace: str, name: str, key: str) -> str:
        """One decoded value."""
        template = f'go-template={{{{ index .data "{key}" | base64decode }}}}'
        return self("get", "secret", "-n", namespace, name, "-o", template)


def eventually(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Raises AssertionError where it does not hold within that time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.2)
