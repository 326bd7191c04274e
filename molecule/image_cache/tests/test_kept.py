# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public and private images: foretold, pulled, used by pods, and given up when they leave the list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from devcluster.image_layer import Image
from tests.outside.depot import Depot, size, tiny
from tests.outside.image_cache import NAMESPACE, ImageCache, digests, states
from tests.outside.kubectl import Kubectl, eventually
from tests.outside.node import Node
from tests.outside.own_registry import OwnRegistry, own_registry
from tests.outside.playbook import run_on_terminal

LOGIN = ("alice", "correct horse battery staple")
WORKLOADS = "image-cache-workloads"
POD_SECONDS = 90.0
COLUMNS = 60


@dataclass(frozen=True)
class Wanted:
    """Images by reference, those of the depot and those that want a login, and a cache that knows both."""

    public: dict[str, Image]
    private: dict[str, Image]
    registry: OwnRegistry
    cache: ImageCache
    secrets: list[dict[str, object]]

    @property
    def images(self) -> list[str | dict[str, object]]:
        """The list for the role."""
        copied, made = self.private
        return [
            *self.public,
            {"ref": copied, "pull_secret": "copied"},
            {"ref": made, "pull_secret": "made"},
        ]

    @property
    def digests(self) -> dict[str, str]:
        """What the node is to have."""
        return {name: image.digest for name, image in {**self.public, **self.private}.items()}


@pytest.fixture(scope="module")
def wanted(
    node: Node,
    own: str,
    depot: Depot,
    cache: ImageCache,
    sleeping: dict[str, Image],
    kubectl: Kubectl,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Wanted]:
    folder = tmp_path_factory.mktemp("private")
    with (
        own_registry(folder, node.address, LOGIN) as registry,
        node.finds(f"{own}.example.com", registry.depot.url) as name,
    ):
        login = registry.depot.docker_config(name)
        kubectl("create", "namespace", WORKLOADS)
        kubectl("apply", "-f", "-", standard_input=json.dumps(_secret(login)))
        public = {f"docker.io/{own}/run:1": sleeping["public"], f"docker.io/{own}/tiny:1": tiny(own)}
        private = {f"{name}/run:1": sleeping["private"], f"{name}/tiny:1": tiny(name)}
        for reference, image in public.items():
            depot.push(reference.removeprefix("docker.io/"), image)
        for reference, image in private.items():
            registry.depot.push(reference.removeprefix(f"{name}/"), image)
        secrets: list[dict[str, object]] = [
            {"name": "copied", "from": {"namespace": WORKLOADS, "name": "login"}},
            {"name": "made", "docker_config": login},
        ]
        known = cache.with_registry(name, registry.depot.url)
        yield Wanted(public, private, registry, known, secrets)
        kubectl("delete", "namespace", WORKLOADS, "--wait=false")


def _secret(login: dict[str, object]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": WORKLOADS},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps(login)},
    }


def _pod(name: str, image: str, policy: str) -> dict[str, object]:
    container = {"name": "workload", "image": image, "imagePullPolicy": policy}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": WORKLOADS},
        "spec": {
            "containers": [container],
            "imagePullSecrets": [{"name": "login"}],
            "terminationGracePeriodSeconds": 0,
        },
    }


def test_check_mode_foretells_images_and_octets_and_writes_nothing(
    kubectl: Kubectl, node: Node, wanted: Wanted
) -> None:
    before = node.images()
    foretold = wanted.cache.keep(wanted.images, "--check", pull_secrets=wanted.secrets)
    assert foretold.run.changed > 0
    assert {one["reference"]: one["nodes"] for one in foretold.result["additions"]} == dict.fromkeys(
        wanted.digests, 1
    )
    # The secrets are not there yet, so nobody can ask how large the private images are.
    assert foretold.result["bytes_to_pull"] == {node.name: sum(map(size, wanted.public.values()))}
    assert kubectl.ours() == set()
    assert kubectl("get", "priorityclass", NAMESPACE, "--ignore-not-found") == ""
    assert node.images() == before


def test_the_node_gets_what_the_registries_have(node: Node, depot: Depot, wanted: Wanted) -> None:
    done = wanted.cache.keep(wanted.images, pull_secrets=wanted.secrets)
    assert done.run.changed > 0
    assert set(states(done.result).values()) == {"cached"}
    told = digests(done.result)
    assert told == wanted.digests
    for reference in wanted.public:
        assert told[reference] == depot.digest(reference.removeprefix("docker.io/"))
    for reference in wanted.private:
        assert told[reference] == wanted.registry.depot.digest(reference.partition("/")[2])
    on_node = node.images()
    assert {reference: on_node[reference] for reference in told} == told
    assert LOGIN[1] not in done.run.output


def test_a_second_run_changes_nothing(wanted: Wanted) -> None:
    again = wanted.cache.keep(wanted.images, pull_secrets=wanted.secrets)
    assert again.run.changed == 0
    assert again.result["additions"] == []
    assert digests(again.result) == wanted.digests
    foretold = wanted.cache.keep(wanted.images, "--check", pull_secrets=wanted.secrets)
    assert foretold.run.changed == 0
    assert set(foretold.result["bytes_to_pull"].values()) <= {0}


def test_the_module_that_only_looks_tells_the_same(wanted: Wanted) -> None:
    told = wanted.cache.info()
    assert digests(told) == wanted.digests
    assert set(states(told).values()) == {"cached"}


def test_workloads_start_without_a_pull(kubectl: Kubectl, wanted: Wanted) -> None:
    public, private = next(iter(wanted.public)), next(iter(wanted.private))
    asked = len(wanted.registry.served("GET", "/blobs/"))
    pods = [_pod("public", public, "Never"), _pod("private", private, "IfNotPresent")]
    kubectl(
        "apply", "-f", "-", standard_input=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})
    )
    kubectl("wait", "-n", WORKLOADS, "--for=condition=Ready", "pod", "--all", f"--timeout={POD_SECONDS:.0f}s")
    events = kubectl.get("events", "-n", WORKLOADS)["items"]
    said = {
        event["involvedObject"]["name"]: event["message"] for event in events if event["reason"] == "Pulled"
    }
    assert "already present on machine" in said["public"]
    assert "already present on machine" in said["private"]
    assert len(wanted.registry.served("GET", "/blobs/")) == asked
    for pod in kubectl.get("pods", "-n", WORKLOADS)["items"]:
        (status,) = pod["status"]["containerStatuses"]
        assert status["imageID"].endswith(wanted.digests[status["image"]])


def test_a_terminal_shows_one_line_that_is_written_over(own: str, depot: Depot, wanted: Wanted) -> None:
    late = f"docker.io/{own}/late:1"
    depot.push(f"{own}/late:1", tiny("late"))
    variables = wanted.cache.all([*wanted.images, late], {"pull_secrets": wanted.secrets})
    shown = run_on_terminal(wanted.cache.folder / "keep.yml", COLUMNS, variables)
    assert shown.code == 0, shown.output
    lines = [line for line in shown.output.split("\n") if ", nodes 0/1" in line]
    assert len(lines) == 1, shown.output
    written = re.findall(r"\r(  [^\r]*)\x1b\[K", lines[0])
    assert re.fullmatch(r"  \d+ s: images 5/5, nodes 1/1", written[-1])
    assert len(written) > 1
    assert all(len(text) < COLUMNS for text in written)


def test_what_left_the_list_is_given_up(kubectl: Kubectl, wanted: Wanted) -> None:
    kept = next(iter(wanted.public))
    fewer = wanted.cache.keep([kept], pull_secrets=wanted.secrets)
    assert fewer.run.changed > 0
    assert set(wanted.private) < set(fewer.result["removals"])
    assert kept not in fewer.result["removals"]
    assert states(fewer.result) == {kept: "cached"}
    assert set(fewer.objects.values()) == {"deleted", "configured"}
    (daemonset,) = kubectl.get("daemonsets", "-n", NAMESPACE)["items"]
    containers = daemonset["spec"]["template"]["spec"]["containers"]
    assert {container["image"] for container in containers} == {kept}
    assert wanted.cache.keep([kept], pull_secrets=wanted.secrets).run.changed == 0


def test_an_empty_list_leaves_no_pod(kubectl: Kubectl, wanted: Wanted) -> None:
    nothing = wanted.cache.keep([], pull_secrets=wanted.secrets)
    assert nothing.result["removals"] == [next(iter(wanted.public))]
    assert nothing.result["images"] == []
    assert set(nothing.objects.values()) == {"deleted"}

    def all_gone() -> bool:
        return not kubectl.get("daemonsets,pods", "-n", NAMESPACE)["items"]

    eventually(all_gone, POD_SECONDS, "DaemonSets and pods are gone")
