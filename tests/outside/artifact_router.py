# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An artifact router as its users have it: the role, the modules, and what is in the cluster."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.outside import playbook
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.load import Server
from tests.outside.module import Outcome, run_module, start_module
from tests.outside.playbook import Run

CHANGING = "artifact_route"
ASKING = "artifact_route_info"

# A pod is told to end, lets its clients go, and ends.
_POD_SECONDS = 60.0


@dataclass(frozen=True)
class ArtifactRouter:
    """`variables` are the role's, for every run; `address` is the node's."""

    kubectl: Kubectl
    folder: Path
    address: str
    namespace: str
    name: str
    variables: Mapping[str, object]

    def run(self, *arguments: str, **variables: object) -> Run:
        """Run the role alone; names of variables as the role's, without what they begin with."""
        return playbook.run(self.folder / "route.yml", *arguments, variables=self.all(variables))

    def start(self, *arguments: str, **variables: object) -> subprocess.Popen[str]:
        """The same without waiting for its end; see playbook.start."""
        return playbook.start(self.folder / "route.yml", *arguments, variables=self.all(variables))

    def remove(self, *arguments: str, **variables: object) -> Run:
        """Run the role's removal."""
        return playbook.run(self.folder / "remove.yml", *arguments, variables=self.all(variables))

    def change(self, *arguments: str, **options: object) -> Outcome:
        """Run artifact_route."""
        return run_module(CHANGING, self._options(options), *arguments)

    def start_change(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        return start_module(CHANGING, self._options(options), *arguments)

    def info(self, **options: object) -> dict[str, Any]:
        """What artifact_route_info tells."""
        told = run_module(ASKING, self._options(options))
        assert not told.failed, told.output
        return told.result

    def with_variables(self, **variables: object) -> ArtifactRouter:
        """The same with more variables for every run."""
        return replace(self, variables={**self.variables, **self._named(variables)})

    def all(self, variables: Mapping[str, object]) -> dict[str, object]:
        """The variables of a run."""
        place = {"namespace": self.namespace, "name": self.name}
        return {**self.variables, **self._named(place), **self._named(variables)}

    @property
    def server(self) -> Server:
        """Where this machine reaches the router: at the node."""
        (port,) = self.get("service", self.name)["spec"]["ports"]
        return Server(self.address, port["nodePort"])

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list of the router's namespace."""
        return self.kubectl.get("-n", self.namespace, *arguments)

    def pods(self) -> dict[str, dict[str, Any]]:
        """The pods by their uid, those that end left out."""
        items = self.get("pods")["items"]
        return {
            item["metadata"]["uid"]: item for item in items if "deletionTimestamp" not in item["metadata"]
        }

    def ready_pods(self) -> set[str]:
        """The uids of the pods that answer."""
        return {
            uid
            for uid, pod in self.pods().items()
            for condition in pod["status"].get("conditions", [])
            if (condition["type"], condition["status"]) == ("Ready", "True")
        }

    def wait_until_only(self, uids: set[str]) -> None:
        """Until no other pod is there, not even one that ends."""

        def alone() -> bool:
            return {pod["metadata"]["uid"] for pod in self.get("pods")["items"]} == uids

        eventually(alone, _POD_SECONDS, "only the pods that stay are there")

    def versions(self) -> dict[str, str]:
        """ConfigMaps and Deployment -> resourceVersion, and the uids of the pods: what a change touches.

        The Deployment tells by its generation: its resourceVersion also follows its pods.
        """
        items = self.get("configmaps", "-l", f"artifacts.clusterdepot.io/router={self.name}")["items"]
        found = {item["metadata"]["name"]: str(item["metadata"]["resourceVersion"]) for item in items}
        generation = self.get("deployment", self.name)["metadata"]["generation"]
        return {**found, "deployment": str(generation), **dict.fromkeys(self.pods(), "pod")}

    def kept_routes(self) -> list[str]:
        """Names of the routes that are kept in the cluster as text; none where they are packed."""
        routes = json.loads(self.get("configmap", f"{self.name}-routes")["data"]["routes.json"] or "[]")
        return [route["name"] for route in routes]

    def configuration(self) -> str:
        """Name of the ConfigMap that new pods get."""
        spec = self.get("deployment", self.name)["spec"]["template"]["spec"]
        (volume,) = spec["volumes"]
        return str(volume["configMap"]["name"])

    def _options(self, options: Mapping[str, object]) -> dict[str, object]:
        place = {"kubeconfig": self.kubectl.kubeconfig, "namespace": self.namespace, "router": self.name}
        return {**place, **options}

    def _named(self, variables: Mapping[str, object]) -> dict[str, object]:
        return {
            name if name.startswith("plane_") else f"artifact_router_{name}": value
            for name, value in variables.items()
        }
