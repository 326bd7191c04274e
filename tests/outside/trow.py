# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Trow as its users have it: the role, the tree, and what is in the cluster."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from devcluster.node_files import VOLUMES_DIRECTORY
from tests.outside import playbook
from tests.outside.clients import Clients
from tests.outside.kubectl import Kubectl
from tests.outside.playbook import Run

NAMESPACE = "trow-tests"
HOST = "paasregistry.trow.test"
# Of the node that the registry may run on.
LABEL = "trow.test/data"
# On the node, where it outlives the node's root.
FOLDER = f"{VOLUMES_DIRECTORY}/trow-tests"
# What the tests' image prints.
TEXT = "kept by a registry from a tree"


@dataclass(frozen=True)
class Trow:
    """`variables` are the role's, for every run; the playbooks find the same names as the clients."""

    kubectl: Kubectl
    clients: Clients
    folder: Path
    variables: Mapping[str, object]

    @property
    def namespace(self) -> str:
        return str(self.variables["trow_namespace"])

    @property
    def host(self) -> str:
        return str(self.variables["trow_host"])

    @property
    def tree(self) -> Path:
        """The folder of the tree."""
        return Path(str(self.variables["trow_overlay_dir"]))

    @property
    def overlay(self) -> Path:
        """The cluster's own folder of it."""
        return self.tree / "overlays" / str(self.variables["trow_overlay_name"])

    def run(self, *arguments: str, **variables: object) -> Run:
        """Run the role alone; names of variables as the role's, without what they begin with."""
        return self.play(self.folder / "registry.yml", *arguments, **variables)

    def remove(self, *arguments: str, **variables: object) -> Run:
        """Run the role's removal."""
        return self.play(self.folder / "remove.yml", *arguments, **variables)

    def play(self, name: str | Path, *arguments: str, **variables: object) -> Run:
        """Run a playbook."""
        every = {**self.variables, **_named(variables)}
        return playbook.run(name, *arguments, variables=every, prefix=self.clients.prefix)

    def with_variables(self, **variables: object) -> Trow:
        """The same with more variables for every run."""
        return replace(self, variables={**self.variables, **_named(variables)})

    def get(self, *arguments: str) -> dict[str, Any]:
        """An object or a list of the registry's namespace."""
        return self.kubectl.get("-n", self.namespace, *arguments)

    def stateful_set(self) -> dict[str, Any]:
        return self.get("statefulset", "trow-set")

    def pod(self) -> dict[str, Any]:
        """The registry's only pod."""
        return self.get("pod", "trow-set-0")

    def password(self) -> str:
        return self.kubectl.secret(self.namespace, "trow-pass", "pass")

    def is_there(self) -> bool:
        """Whether the namespace is."""
        return self.kubectl("get", "namespace", self.namespace, "--ignore-not-found") != ""

    def files(self) -> dict[str, str]:
        """Path in the tree -> what is in the file."""
        found = (path for path in sorted(self.tree.rglob("*")) if path.is_file())
        return {str(path.relative_to(self.tree)): path.read_text() for path in found}

    def built(self) -> list[dict[str, Any]]:
        """The objects that the tree stands for."""
        documents = yaml.safe_load_all(self.kubectl("kustomize", str(self.overlay)))
        return [document for document in documents if document]

    def state(self) -> dict[str, str]:
        """What must stay where nothing may change: the tree, and what was asked of the cluster."""
        kinds = "statefulsets,services,ingresses,persistentvolumeclaims,configmaps,secrets"
        items = self.get(kinds)["items"]
        names = {f"{item['kind']} {item['metadata']['name']}": item["metadata"] for item in items}
        # The version of an object follows its status as well; its generation does not, where it has one.
        stored = {
            name: f"{meta['uid']} {meta.get('generation') or meta['resourceVersion']}"
            for name, meta in names.items()
            if not name.startswith("PersistentVolumeClaim")
        }
        written = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in self.files().items()}
        return stored | written


def _named(variables: Mapping[str, object]) -> dict[str, object]:
    kept = ("plane_", "registry_", "image_cache_", "node_trust_", "unprovision_")
    return {name if name.startswith(kept) else f"trow_{name}": value for name, value in variables.items()}
