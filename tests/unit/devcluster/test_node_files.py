# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's configuration files, read by parsers of their own formats."""

from __future__ import annotations

import json
import tomllib
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from devcluster import images
from devcluster.addresses import Addresses
from devcluster.folders import Folders
from devcluster.node_files import CERTS_DIRECTORY, PAUSE_IMAGE, Kernel, cgroup_name, files

FOLDERS = Folders(Path("/cache"), Path("/state"))
ADDRESSES = Addresses(IPv4Network("100.64.0.0/18"))
V1_CONTAINER = Kernel(may_lower_oom_score=False)
V2_MACHINE = Kernel(may_lower_oom_score=True)
DEPOT = "http://100.64.33.2:5001/v2"


def texts(kernel: Kernel = V1_CONTAINER) -> dict[str, str]:
    return files(FOLDERS, ADDRESSES, kernel, images.upstreams(), str(ADDRESSES.resolver))


@pytest.mark.parametrize("upstream", images.upstreams())
def test_containerd_asks_the_depot_first_and_the_upstream_then(upstream: str) -> None:
    mirror = tomllib.loads(texts()[f"{CERTS_DIRECTORY}/{upstream}/hosts.toml"])
    server = "registry-1.docker.io" if upstream == "docker.io" else upstream
    assert mirror["server"] == f"https://{server}"
    assert mirror["host"] == {
        f"{DEPOT}/{upstream}": {"capabilities": ["pull", "resolve"], "override_path": True}
    }


@pytest.mark.parametrize("kernel", [V1_CONTAINER, V2_MACHINE])
def test_oom_scores_are_lowered_only_where_that_is_allowed(kernel: Kernel) -> None:
    containerd = tomllib.loads(texts(kernel)["/state/config/containerd.toml"])
    runtime = containerd["plugins"]["io.containerd.cri.v1.runtime"]
    kubelet = json.loads(texts(kernel)["/state/config/kubelet.json"])
    assert runtime["restrict_oom_score_adj"] is not kernel.may_lower_oom_score
    assert (kubelet["oomScoreAdj"] < 0) == kernel.may_lower_oom_score


def test_containerd_and_kubelet_agree() -> None:
    containerd = tomllib.loads(texts()["/state/config/containerd.toml"])
    kubelet = json.loads(texts()["/state/config/kubelet.json"])
    assert kubelet["containerRuntimeEndpoint"] == f"unix://{containerd['grpc']['address']}"
    assert containerd["plugins"]["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == PAUSE_IMAGE
    assert kubelet["cgroupRoot"] == f"/{cgroup_name(FOLDERS)}"
    assert kubelet["cgroupDriver"] == "cgroupfs"


def test_the_pause_image_is_one_of_the_assembled_ones() -> None:
    assert PAUSE_IMAGE in {name for definition in images.definitions() for name in definition.references}


def test_every_assembled_image_is_looked_for_in_the_depot() -> None:
    names = [name for definition in images.definitions() for name in definition.references]
    assert {name.split("/")[0] for name in names} <= set(images.upstreams())
    assert len(set(names)) == len(names)


def test_the_depot_and_its_mirrors_name_one_address() -> None:
    depot = yaml.safe_load(texts()["/state/config/depot.yml"])
    assert f"http://{depot['http']['addr']}/v2" == DEPOT


def test_pods_get_their_addresses_from_the_clusters_block() -> None:
    (bridge, _) = json.loads(texts()["/etc/cni/net.d/10-bridge.conflist"])["plugins"]
    assert bridge["ipam"]["ranges"] == [[{"subnet": str(ADDRESSES.pods)}]]


def test_two_clusters_have_different_cgroups() -> None:
    assert cgroup_name(FOLDERS) != cgroup_name(Folders(FOLDERS.cache, Path("/other")))
