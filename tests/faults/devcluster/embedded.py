# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An embedded cluster of the tests' own, driven by the same command line that `make` uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devcluster import machine_network, processes
from devcluster.folders import Folders
from tests.faults.devcluster import machine

ROOT = Path(__file__).parents[3]
COMMAND_SECONDS = 120.0
WAIT_SECONDS = 60.0
KUBECTL = Path(sys.executable).parent / "kubectl"
BUSYBOX = "docker.io/library/busybox:1.36"

Done = subprocess.CompletedProcess[str]


def wait_until(what: str, holds: Callable[[], bool], limit: float = WAIT_SECONDS, pause: float = 0.1) -> None:
    """Returns once it holds; fails with `what` after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline, f"not within {limit:.0f} s: {what}"
        time.sleep(pause)


@dataclass(frozen=True)
class Cluster:
    """Its folders, and what its commands find in their environment beside the test's own."""

    folders: Folders
    environment: Mapping[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        """The environment of its commands."""
        where = {"CLUSTERDEPOT_CACHE": str(self.folders.cache), "CLUSTERDEPOT_STATE": str(self.folders.state)}
        return (
            {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
            | where
            | {
                "PYTHONPATH": str(ROOT),
                **self.environment,
            }
        )

    def run(self, *arguments: str, prefix: tuple[str, ...] = ()) -> Done:
        """One verb of the command line; `prefix` is a command that starts it."""
        command = [*prefix, sys.executable, "-m", "devcluster", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def must(self, *arguments: str) -> str:
        """One verb that has to succeed; its output."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def inside(self, script: str) -> str:
        """A shell script inside the node; its output."""
        return self.must("exec", "--", "sh", "-c", script).strip()

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """The output of a kubectl command that has to succeed."""
        done = subprocess.run(
            [str(KUBECTL), "--kubeconfig", str(self.folders.kubeconfig), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {arguments}: {done.stderr}"
        return done.stdout

    def run_pod(self, name: str, *command: str, privileged: bool = False) -> str:
        """Runs a command in a pod of its own until it has succeeded; its output. The pod goes afterwards."""
        container: dict[str, Any] = {"name": "main", "image": BUSYBOX, "command": list(command)}
        if privileged:
            container["securityContext"] = {"privileged": True}
        spec = {"hostPID": privileged, "restartPolicy": "Never", "containers": [container]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        self.kubectl("create", "-f", "-", given=json.dumps(pod))
        done = "--for=jsonpath={.status.phase}=Succeeded"
        self.kubectl("wait", f"pod/{name}", done, f"--timeout={WAIT_SECONDS:.0f}s")
        output = self.kubectl("logs", name)
        self.kubectl("delete", "pod", name, "--now", "--wait=false")
        return output

    def first_process(self) -> int | None:
        """The node's process 1, by its number on the machine."""
        return processes.first_of_namespace(processes.marked(self.folders.state))

    def namespaces(self) -> set[str]:
        """The node's namespaces that the machine does not share."""
        first = self.first_process()
        return set() if first is None else machine.namespaces(first) - machine.namespaces(os.getpid())

    def process_of(self, binary: str) -> int:
        """The process of a component, by the binary it runs; 0 where there is none."""
        for pid in processes.marked(self.folders.state):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            except OSError:
                continue
            if words[0] == str(self.folders.binaries / binary):
                return pid
        return 0

    def egress(self) -> int:
        """The process of the proxy on the machine; 0 where there is none."""
        for pid in processes.marked(self.folders.state):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            except OSError:
                continue
            if "devcluster.egress" in words:
                return pid
        return 0

    def started(self, pid: int) -> tuple[int, str]:
        """A process and when it started (proc(5), stat, field 22): numbers are used again."""
        return pid, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]

    def cable(self) -> Path:
        """The machine's end of the cable; the file exists while it does."""
        return Path("/sys/class/net", machine_network.interface_names(self.folders.identity)[0])
