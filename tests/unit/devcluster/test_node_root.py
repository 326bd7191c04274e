# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mounts of the machine the node's root is layered over, read from mountinfo (proc(5))."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devcluster.node_root import OUTSIDE, Mount, lower_folders, mounts

# What the kernel writes in octal: it would end the field or the line, or look like an escape.
ESCAPED = {" ": "\\040", "\t": "\\011", "\n": "\\012", "\\": "\\134", "#": "\\043"}

names = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=12)
points = st.lists(names, max_size=4).map(lambda parts: "/" + "/".join(parts))
kinds = st.sampled_from(["ext4", "tmpfs", "fuse.sshfs", "overlay", "cgroup2"])
optional = st.lists(st.sampled_from(["shared:1", "master:22", "propagate_from:3", "unbindable"]), max_size=3)


def line(point: str, kind: str, fields: list[str]) -> str:
    shown = "".join(ESCAPED.get(character, character) for character in point)
    return " ".join(["36", "35", "98:0", "/", shown, "rw,noatime", *fields, "-", kind, "/dev/x", "rw"])


@given(st.lists(st.tuples(points, kinds, optional)))
def test_mountinfo_is_read_as_the_kernel_writes_it(entries: list[tuple[str, str, list[str]]]) -> None:
    # A name may hold what Python takes for the end of a line and the kernel does not.
    text = "".join(line(*entry) + "\n" for entry in entries)
    assert mounts(text) == [Mount(point, kind) for point, kind, _ in entries]


def test_the_machines_own_mountinfo_is_read() -> None:
    found = mounts(Path("/proc/self/mountinfo").read_text())
    assert "/" in {mount.point for mount in found}
    assert Mount("/proc", "proc") in found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a-b").mkdir()
    return tmp_path


def test_outer_mounts_come_before_inner_ones(folder: Path) -> None:
    inside = [Mount(str(folder / name), "ext4") for name in ("a/b", "a-b", "a")]
    assert list(lower_folders([*inside, Mount("/", "ext4")], [])) == [
        "/",
        str(folder / "a"),
        str(folder / "a-b"),
        str(folder / "a/b"),
    ]


def test_another_kind_counts_only_where_it_holds_something_needed(folder: Path) -> None:
    found = [Mount(str(folder / name), "fuse.sshfs") for name in ("a", "a-b")]
    assert list(lower_folders(found, [])) == []
    assert list(lower_folders(found, [str(folder / "a/b/python")])) == [str(folder / "a")]


def test_a_root_of_any_kind_is_a_lower_folder() -> None:
    assert list(lower_folders([Mount("/", "virtiofs")], ["/usr/bin/python3"])) == ["/"]


def test_a_mounted_file_is_no_lower_folder(folder: Path) -> None:
    (folder / "file").touch()
    assert list(lower_folders([Mount(str(folder / "file"), "ext4")], [])) == []


@given(st.sampled_from(OUTSIDE), st.sampled_from(["", "/below"]))
def test_what_the_kernel_makes_stays_outside(outside: str, rest: str) -> None:
    assert list(lower_folders([Mount(f"{outside}{rest}", "ext4")], [f"{outside}{rest}/x"])) == []
