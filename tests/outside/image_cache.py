# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image cache as its users have it: the role, the module that only looks, and the pods in the cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.outside import playbook
from tests.outside.kubectl import Kubectl
from tests.outside.playbook import Run

SYNC_TASK = "Have the nodes pull the images and keep them"
NAMESPACE = "image-cache"

Images = Sequence[str | Mapping[str, object]]


@dataclass(frozen=True)
class Kept:
    """A run of the role; `result` is that of image_cache_sync."""

    run: Run
    result: dict[str, Any] = field(repr=False)

    @property
    def objects(self) -> dict[str, str]:
        """Name of a DaemonSet -> what happened to it."""
        return {entry["name"]: entry["action"] for entry in self.result["objects"]}

    def image(self, reference: str) -> dict[str, Any]:
        """What is told of one image."""
        return image_of(self.result, reference)


@dataclass(frozen=True)
class ImageCache:
    """`variables` are the role's, for every run."""

    kubectl: Kubectl
    folder: Path
    variables: Mapping[str, Any]

    def run(self, images: Images, *arguments: str, **variables: object) -> Run:
        """Run the role alone; names of variables as the role's, without what they begin with."""
        return playbook.run(self.folder / "keep.yml", "-v", *arguments, variables=self.all(images, variables))

    def keep(self, images: Images, *arguments: str, **variables: object) -> Kept:
        """The same, with the module's result; raises AssertionError where the module was not reached."""
        run = self.run(images, *arguments, **variables)
        return Kept(run, run.result(SYNC_TASK))

    def start(self, images: Images, *arguments: str, **variables: object) -> subprocess.Popen[str]:
        """The same without waiting for its end; see playbook.start."""
        return playbook.start(self.folder / "keep.yml", *arguments, variables=self.all(images, variables))

    def remove(self) -> Run:
        """Run the role's removal."""
        return playbook.run(self.folder / "remove.yml", variables=dict(self.variables))

    def info(self, **options: object) -> dict[str, Any]:
        """What image_cache_sync_info tells."""
        given = {"kubeconfig": self.kubectl.kubeconfig, **options}
        command = [
            str(Path(sys.executable).with_name("ansible")),
            f"--inventory={playbook.INVENTORY}",
            "controllers",
            "--module-name=clusterdepot.artifacts.image_cache_sync_info",
            f"--args={json.dumps(given)}",
        ]
        done = subprocess.run(
            command,
            cwd=playbook.ROOT,
            env=playbook.users_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout.partition("=> ")[2])
        return told

    def pods(self) -> list[dict[str, Any]]:
        """The pods that there are, those that end left out."""
        items: list[dict[str, Any]] = self.kubectl.get("pods", "-n", NAMESPACE)["items"]
        return [item for item in items if "deletionTimestamp" not in item["metadata"]]

    def with_registry(self, name: str, url: str) -> ImageCache:
        """The same, with a registry that references name so, and that is reached there."""
        known = list(self.variables["image_cache_registries"])
        registries = [*known, {"registry": name, "endpoint": url}]
        return replace(self, variables={**self.variables, "image_cache_registries": registries})

    def all(self, images: Images, variables: Mapping[str, object]) -> dict[str, object]:
        """The variables of a run."""
        named = {f"image_cache_{name}": value for name, value in variables.items()}
        return {**self.variables, "image_cache_images": list(images), **named}


def image_of(result: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """What a result tells of one image."""
    found = [image for image in result["images"] if image["reference"] == reference]
    assert len(found) == 1, result["images"]
    image: dict[str, Any] = found[0]
    return image


def states(result: Mapping[str, Any]) -> dict[str, str]:
    """Reference -> its state on the only node; images for no node are left out."""
    return {name: group["state"] for name, group in _on_one_node(result)}


def digests(result: Mapping[str, Any]) -> dict[str, str]:
    """Reference -> the digest that the only node has; images for no node are left out."""
    return {name: group["digest"] for name, group in _on_one_node(result)}


def _on_one_node(result: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for image in result["images"]:
        for group in image["groups"]:
            assert len(group["nodes"]) == 1, group
            yield image["reference"], group


def statuses(pods: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Container -> its status, over all these pods."""
    return {status["name"]: status for pod in pods for status in pod["status"].get("containerStatuses", [])}
