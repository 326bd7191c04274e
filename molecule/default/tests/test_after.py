# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After unprovision with purge: nothing of ours is left, in the cluster or on its node."""

from __future__ import annotations

import subprocess
import sys

from tests.outside.kubectl import Kubectl
from tests.outside.playbook import run


def test_no_object_is_left(kubectl: Kubectl) -> None:
    assert kubectl.ours() == set()
    names = {item["metadata"]["name"] for item in kubectl.get("namespaces")["items"]}
    assert not names & {"docker-registry", "docker-registry-nodes"}


def test_no_volume_is_left(kubectl: Kubectl) -> None:
    claims = {item["spec"]["claimRef"]["namespace"] for item in kubectl.get("persistentvolumes")["items"]}
    assert "docker-registry" not in claims


def test_the_node_trusts_only_what_it_did_before() -> None:
    command = [
        sys.executable,
        "-m",
        "devcluster",
        "exec",
        "grep",
        "-rl",
        "clusterdepot",
        "/etc/containerd/certs.d",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.stdout == ""
    assert found.returncode == 1


def test_a_second_unprovision_changes_nothing() -> None:
    assert run("unprovision", variables={"unprovision_purge_data": True}).changed == 0
