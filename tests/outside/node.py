# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded cluster's node from the inside: images, addresses of registries, settings of the kubelet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devcluster.folders import folders
from devcluster.node_files import CERTS_DIRECTORY
from devcluster.processes import marked
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.playbook import ROOT

_KUBELET_SECONDS = 60.0


@dataclass(frozen=True)
class Node:
    """The only node of the running embedded cluster."""

    name: str
    address: str

    def run(self, *command: str, standard_input: str | None = None, check: bool = True) -> str:
        """Run a command in the node; give its standard output."""
        whole = [sys.executable, "-m", "devcluster", "exec", "--", *command]
        done = subprocess.run(
            whole, cwd=ROOT, input=standard_input, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def write(self, path: str, content: str) -> None:
        """Write a file, with its folder."""
        self.run("sh", "-c", 'mkdir -p "$(dirname "$0")" && cat > "$0"', path, standard_input=content)

    def images(self) -> dict[str, str]:
        """Name -> digest of every image that containerd has."""
        lines = self.run("ctr", "--namespace=k8s.io", "images", "list").splitlines()
        return {fields[0]: fields[2] for fields in map(str.split, lines[1:])}

    def forget_images(self, part: str) -> None:
        """Remove the images with this part in their name, for the kubelet as well."""
        named = [name for name in self.images() if part in name]
        if named:
            self.run("ctr", "--namespace=k8s.io", "images", "remove", *named)

    @contextmanager
    def finds(self, registry: str, url: str) -> Iterator[str]:
        """The node looks for this registry at this URL while the block runs; gives the registry's name."""
        folder = f"{CERTS_DIRECTORY}/{registry}"
        self.write(f"{folder}/hosts.toml", f'server = "{url}"\n')
        try:
            yield registry
        finally:
            self.run("rm", "-r", folder)

    @contextmanager
    def kubelet_with(self, kubectl: Kubectl, settings: Mapping[str, object]) -> Iterator[None]:
        """The kubelet runs with these settings while the block does."""
        path = str(folders().state / "config" / "kubelet.json")
        before = self.run("cat", path)
        changed = {**json.loads(before), **settings}
        try:
            self._restart_kubelet(kubectl, path, json.dumps(changed), settings)
            yield
        finally:
            usual = {name: json.loads(before).get(name) for name in settings}
            self._restart_kubelet(kubectl, path, before, usual)

    def _restart_kubelet(
        self, kubectl: Kubectl, path: str, content: str, shown: Mapping[str, object]
    ) -> None:
        self.write(path, content)
        for pid in kubelets():
            os.kill(pid, signal.SIGKILL)

        def runs_with_it() -> bool:
            told = kubectl("get", "--raw", f"/api/v1/nodes/{self.name}/proxy/configz", check=False)
            config = json.loads(told)["kubeletconfig"] if told else None
            return config is not None and all(
                value is None or config[name] == value for name, value in shown.items()
            )

        eventually(runs_with_it, _KUBELET_SECONDS, f"the kubelet runs with {dict(shown)}")


def kubelets() -> list[int]:
    """The processes of the node's kubelet."""
    binary = folders().binaries / "kubelet"
    return [pid for pid in marked(folders().state) if Path(f"/proc/{pid}/exe").readlink() == binary]
