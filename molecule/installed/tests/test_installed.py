# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built and installed collection provisions from a folder that has nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.outside.kubectl import Kubectl
from tests.outside.playbook import ROOT, Run

# The embedded cluster's inventory serves here as a user's own would.
INVENTORY = ROOT / "inventory" / "embedded"
DEVELOPMENT = ("devcluster", "molecule", "tests", "benchmarks", ".ci", ".venv", ".build", "Makefile")


def command(name: str, *arguments: str, folder: Path, collections: Path) -> Run:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(name)), *arguments],
        cwd=folder,
        env=kept | {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    built = command(
        "ansible-galaxy", "collection", "build", f"--output-path={folder}", folder=ROOT, collections=folder
    )
    assert built.code == 0, built.output
    return next(folder.glob("clusterdepot-artifacts-*.tar.gz"))


@pytest.fixture(scope="module")
def collections(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("collections")
    arguments = (
        "collection",
        "install",
        str(artifact),
        f"--collections-path={folder}",
        "--no-deps",
        "--offline",
    )
    installed = command("ansible-galaxy", *arguments, folder=folder, collections=folder)
    assert installed.code == 0, installed.output
    return folder


def test_the_artifact_holds_no_development_files(artifact: Path) -> None:
    with tarfile.open(artifact) as archive:
        tops = {name.split("/")[0] for name in archive.getnames()}
    assert not tops & set(DEVELOPMENT)
    assert {"plugins", "roles", "playbooks", "README.md", "LICENSE"} <= tops


def test_its_documentation_is_complete(collections: Path) -> None:
    plugins = ("kube_apply", "registry_health", "registry_health_info")
    shown = command(
        "ansible-doc",
        *(f"clusterdepot.artifacts.{name}" for name in plugins),
        folder=collections,
        collections=collections,
    )
    assert shown.code == 0, shown.output
    roles = command(
        "ansible-doc",
        "-t",
        "role",
        "-l",
        "clusterdepot.artifacts",
        folder=collections,
        collections=collections,
    )
    for role in ("namespace", "certificate", "pvc", "registry", "service", "node_trust"):
        assert f"clusterdepot.artifacts.{role}" in roles.output


def test_it_provisions_and_takes_down(kubectl: Kubectl, collections: Path, tmp_path: Path) -> None:
    def play(name: str, *arguments: str) -> Run:
        return command(
            "ansible-playbook",
            f"--inventory={INVENTORY}",
            f"clusterdepot.artifacts.{name}",
            *arguments,
            folder=tmp_path,
            collections=collections,
        )

    assert play("provision").changed == 1
    assert play("provision").changed == 0
    assert "Deployment docker-registry/docker-registry" in kubectl.ours()
    assert play("unprovision", "--extra-vars=unprovision_purge_data=true").changed > 0
    assert kubectl.ours() == set()
