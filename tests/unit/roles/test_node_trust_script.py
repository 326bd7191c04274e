# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that the node_trust DaemonSet runs, run by the shell of this machine."""

from __future__ import annotations

import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "roles" / "node_trust" / "files" / "node_trust.sh"
CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
HOST = "172.17.1.62:5000"
NAME = "docker-registry-service.docker-registry.svc:5000"
BOTH = f"{HOST} {HOST};{NAME} {HOST};"


@dataclass(frozen=True)
class Node:
    folder: Path
    certs: Path
    message: Path

    def run(
        self, hosts: str, *, ca: str | None = CA, owner: str = "ns/one", file_format: str = "hosts_toml"
    ) -> int:
        ca_file = self.folder / "ca"
        ca_file.unlink(missing_ok=True)
        if ca is not None:
            ca_file.write_text(ca, encoding="ascii")
        environment = {
            "PATH": os.environ["PATH"],
            "CERTS_ROOT": str(self.certs),
            "NODE_DIRECTORY": "/etc/containerd/certs.d",
            "HOSTS": hosts,
            "CA_FILE": str(ca_file),
            "OWNER": owner,
            "FORMAT": file_format,
            "MESSAGE_FILE": str(self.message),
        }
        return subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, check=False, timeout=30).returncode

    def tree(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.certs)): path.read_text(encoding="ascii")
            for path in sorted(self.certs.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(name="node")
def _node(tmp_path: Path) -> Node:
    certs = tmp_path / "certs.d"
    certs.mkdir()
    return Node(folder=tmp_path, certs=certs, message=tmp_path / "message")


def test_each_host_gets_its_toml_and_its_ca(node: Node) -> None:
    assert node.run(BOTH) == 0
    tree = node.tree()
    assert sorted(tree) == sorted(
        f"{host}/{file}" for host in (HOST, NAME) for file in ("ca.crt", "hosts.toml")
    )
    assert tomllib.loads(tree[f"{NAME}/hosts.toml"]) == {
        "server": f"https://{NAME}",
        "host": {
            f"https://{HOST}": {
                "capabilities": ["pull", "resolve"],
                "ca": f"/etc/containerd/certs.d/{NAME}/ca.crt",
            }
        },
    }
    assert tree[f"{HOST}/ca.crt"].endswith(CA)


def test_second_run_touches_nothing(node: Node) -> None:
    node.run(BOTH)
    before = {path: path.stat() for path in node.certs.rglob("*")}
    assert node.run(BOTH) == 0
    assert {path: path.stat().st_mtime_ns for path in node.certs.rglob("*") if path.is_file()} == {
        path: stat.st_mtime_ns for path, stat in before.items() if path.is_file()
    }
    assert {path: path.stat().st_ino for path in before} == {
        path: stat.st_ino for path, stat in before.items()
    }


def test_new_ca_replaces_the_old_one(node: Node) -> None:
    node.run(BOTH)
    assert node.run(BOTH, ca=CA.replace("MIIB", "MIIC")) == 0
    assert "MIIC" in node.tree()[f"{NAME}/ca.crt"]


@pytest.mark.parametrize("ca", [None, ""])
def test_without_a_ca_the_toml_names_none(node: Node, ca: str | None) -> None:
    node.run(BOTH)
    assert node.run(BOTH, ca=ca) == 0
    tree = node.tree()
    assert sorted(tree) == sorted([f"{HOST}/hosts.toml", f"{NAME}/hosts.toml"])
    assert "ca" not in tomllib.loads(tree[f"{HOST}/hosts.toml"])["host"][f"https://{HOST}"]


def test_ca_only_writes_no_toml_and_cleans_that_of_the_other_format(node: Node) -> None:
    node.run(BOTH)
    assert node.run(BOTH, file_format="ca_only") == 0
    assert sorted(node.tree()) == sorted([f"{HOST}/ca.crt", f"{NAME}/ca.crt"])


@pytest.mark.parametrize("file", ["hosts.toml", "ca.crt"])
def test_files_of_others_stay_and_are_told_while_other_hosts_are_written(node: Node, file: str) -> None:
    foreign = node.certs / HOST / file
    foreign.parent.mkdir()
    foreign.write_text("mine\n", encoding="ascii")
    assert node.run(BOTH) == 1
    assert foreign.read_text(encoding="ascii") == "mine\n"
    assert [path.name for path in foreign.parent.iterdir()] == [file]
    assert (node.certs / NAME / "hosts.toml").exists()
    assert f"/etc/containerd/certs.d/{HOST}/{file}" in node.message.read_text(encoding="ascii")


def test_files_of_another_owner_are_files_of_others(node: Node) -> None:
    node.run(f"{HOST} {HOST};")
    before = node.tree()
    assert node.run(BOTH, owner="ns/one-more") == 1
    assert node.run("", owner="ns/one-more") == 0
    assert node.tree() == before


def test_hosts_no_longer_listed_are_removed_and_nothing_else(node: Node) -> None:
    (node.certs / "docker.io").mkdir()
    (node.certs / "docker.io" / "hosts.toml").write_text("mine\n", encoding="ascii")
    node.run(BOTH)
    (node.certs / NAME / "client.cert").write_text("mine\n", encoding="ascii")
    assert node.run(f"{HOST} {HOST};") == 0
    assert sorted(node.tree()) == sorted(
        [f"{HOST}/ca.crt", f"{HOST}/hosts.toml", f"{NAME}/client.cert", "docker.io/hosts.toml"]
    )
    assert node.run("", ca=None) == 0
    assert not (node.certs / HOST).exists()
    assert sorted(node.tree()) == sorted([f"{NAME}/client.cert", "docker.io/hosts.toml"])


def test_host_that_begins_like_a_listed_one_is_not_listed(node: Node) -> None:
    node.run(f"{HOST}0 {HOST}0;{HOST} {HOST};")
    assert node.run(f"{HOST}0 {HOST}0;") == 0
    assert sorted(node.tree()) == sorted([f"{HOST}0/ca.crt", f"{HOST}0/hosts.toml"])


def test_broken_off_write_is_repaired(node: Node) -> None:
    node.run(BOTH)
    (node.certs / HOST / ".node_trust.tmp").write_text("half", encoding="ascii")
    (node.certs / HOST / "hosts.toml").unlink()
    assert node.run(BOTH) == 0
    assert sorted(path.name for path in (node.certs / HOST).iterdir()) == ["ca.crt", "hosts.toml"]
