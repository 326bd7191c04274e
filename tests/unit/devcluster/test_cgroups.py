# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroups of pods.

A unified hierarchy with free controllers cannot be had on a machine that mounts the older ones: there,
plain folders stand in for it. They take every write, so what is asserted is what was asked for.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from devcluster import cgroups
from devcluster.errors import ClusterError, MachineUnsuitable


@pytest.fixture
def unified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids rdma misc\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu io memory pids\n")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def separate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("cpuset", "memory", "cpu,cpuacct"):
        (tmp_path / name).mkdir()
    (tmp_path / "cpu").symlink_to("cpu,cpuacct")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    return tmp_path


def test_the_version_is_told_by_the_root(unified: Path) -> None:
    assert cgroups.version() == 2
    (unified / "cgroup.controllers").unlink()
    assert cgroups.version() == 1


def test_controllers_that_the_kubelet_asks_for_are_handed_down(
    unified: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Path, "write_text", lambda path, text: asked.append(f"{path.name} {text}"))
    cgroups.create("pods")
    assert asked == ["cgroup.subtree_control +cpuset", "cgroup.subtree_control +hugetlb"]
    assert (unified / "pods").is_dir()


def test_a_controller_that_the_kernel_lacks_is_not_asked_for(unified: Path) -> None:
    (unified / "cgroup.controllers").write_text("cpu memory pids\n")
    cgroups.create("pods")
    assert (unified / "cgroup.subtree_control").read_text() == "cpu io memory pids\n"


def test_a_controller_that_cannot_be_handed_down_is_named(unified: Path) -> None:
    (unified / "cgroup.subtree_control").unlink()
    # Readable, and refuses to be written, even by root.
    (unified / "cgroup.subtree_control").symlink_to("/proc/version")
    with pytest.raises(MachineUnsuitable, match="the cgroup controller cpuset cannot be handed to pods"):
        cgroups.create("pods")


def test_every_hierarchy_gets_the_cgroup_once_and_loses_it(separate: Path) -> None:
    cgroups.create("pods")
    assert {path.parent.name for path in separate.glob("*/pods")} >= {"cpuset", "memory", "cpu,cpuacct"}
    (separate / "memory/pods/kubepods/deep").mkdir(parents=True)
    cgroups.remove("pods")
    assert not list(separate.rglob("pods"))


def test_removing_what_is_not_there_is_fine(separate: Path) -> None:
    cgroups.remove("never made")
    assert sorted(path.name for path in separate.iterdir()) == ["cpu", "cpu,cpuacct", "cpuset", "memory"]


def test_an_empty_cpuset_is_filled_from_its_parent(separate: Path) -> None:
    for folder in (separate / "cpuset", separate / "cpuset/pods"):
        folder.mkdir(exist_ok=True)
        (folder / "cpuset.cpus").write_text("0-1\n" if folder.name == "cpuset" else "\n")
    cgroups.create("pods")
    assert (separate / "cpuset/pods/cpuset.cpus").read_text() == "0-1\n"


def test_a_cgroup_that_stays_in_use_is_named(separate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "REMOVE_SECONDS", 0.05)
    (separate / "memory/pods").mkdir()
    (separate / "memory/pods/file").touch()
    with pytest.raises(ClusterError, match="memory/pods cannot be removed"):
        cgroups.remove("pods")
