# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kustomize_tree import (
    ARGUMENT_SPEC,
    run,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.ownership import with_header

OVERLAY = "overlays/a"
KUSTOMIZATION = f"{OVERLAY}/kustomization.yaml"
FILES: dict[str, Any] = {"base/x.yaml": "x\n", KUSTOMIZATION: {"kind": "Kustomization"}}


class _Progress:
    def __call__(self, line: str) -> None:
        raise AssertionError(line)

    def update(self, line: str) -> None:
        raise AssertionError(line)


def _attempt(
    path: Path, files: Mapping[str, Any] = FILES, *, check_mode: bool = False, **more: Any
) -> dict[str, Any]:
    given = {"path": str(path), "files": files, "overlay": OVERLAY, **more}
    validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    assert validation.error_messages == []
    parameters = validation.validated_parameters
    return outcome(run, parameters, check_mode=check_mode, diff_mode=True, progress=_Progress())


def _write(path: Path, files: Mapping[str, Any] = FILES, **more: Any) -> dict[str, Any]:
    result = _attempt(path, files, **more)
    assert not result.get("failed"), result["msg"]
    return result


def _content(path: Path) -> dict[str, str]:
    return {
        str(file.relative_to(path)): file.read_text("utf-8")
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "tree"


def test_it_is_written_once_and_check_mode_foretells_it(root: Path) -> None:
    foretold = _write(root, check_mode=True)
    assert not root.parent.exists()
    done = _write(root)
    assert done == foretold
    assert done["changed"] is True
    assert done["written"] == ["base/x.yaml", KUSTOMIZATION]
    assert _content(root)["base/x.yaml"] == with_header("x\n")
    again = _write(root)
    assert (again["changed"], again["written"], again["diff"]) == (False, [], [])


def test_modes_are_those_of_shared_files(root: Path) -> None:
    before = os.umask(0o077)
    try:
        _write(root)
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "base/x.yaml").stat().st_mode) == 0o644
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (root.parent, root, root / "base")} == {0o755}


def test_own_files_are_taken_up_and_left_alone(root: Path) -> None:
    (root / OVERLAY).mkdir(parents=True)
    mine = root / OVERLAY / "patch-mine.yaml"
    mine.write_bytes(b"mine: \xff\r\n")
    (root / OVERLAY / ".hidden.yaml").write_text("hidden\n")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("git\n")
    result = _write(root)
    assert result["own"] == [f"{OVERLAY}/patch-mine.yaml"]
    assert mine.read_bytes() == b"mine: \xff\r\n"
    assert "path: patch-mine.yaml" in (root / KUSTOMIZATION).read_text()
    assert _write(root)["changed"] is False
    mine.unlink()
    assert _write(root)["written"] == [KUSTOMIZATION]


def test_files_of_ours_go_when_they_are_wanted_no_more(root: Path) -> None:
    _write(root, {**FILES, "base/y.yaml": "y\n", "overlays/b/z.yaml": "z\n"})
    result = _write(root)
    assert result["removed"] == ["base/y.yaml"]
    assert [part["after"] for part in result["diff"]] == [""]
    # Of another overlay, of which nothing was said.
    assert sorted(_content(root)) == ["base/x.yaml", KUSTOMIZATION, "overlays/b/z.yaml"]


def test_conflicts_are_told_together_and_nothing_is_written(root: Path) -> None:
    _write(root)
    (root / "base/x.yaml").write_text(with_header("x\n") + "mine\n")
    (root / "base/y.yaml").write_text("somebody else's\n")
    before = _content(root)
    result = _attempt(root, {**FILES, "base/y.yaml": "y\n", "base/z.yaml": "z\n"})
    assert result["failed"] is True
    assert [conflict["path"] for conflict in result["conflicts"]] == ["base/x.yaml", "base/y.yaml"]
    assert "base/x.yaml: was changed since it was written" in result["msg"]
    assert "base/y.yaml: has the name of a file that is written here" in result["msg"]
    assert _content(root) == before


def test_carriage_returns_of_git_are_no_change(root: Path) -> None:
    _write(root)
    file = root / "base/x.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert _write(root)["changed"] is False


@pytest.mark.parametrize("place", ["base", "base/x.yaml", "overlays"])
def test_links_are_not_followed(root: Path, tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(elsewhere)
    result = _attempt(root)
    assert result["failed"] is True
    assert f"{root / place} is a symbolic link" in result["msg"]
    assert list(elsewhere.iterdir()) == []


def test_a_link_among_the_own_files_is_told(root: Path, tmp_path: Path) -> None:
    _write(root)
    (root / OVERLAY / "mine.yaml").symlink_to(tmp_path / "nowhere")
    (conflict,) = _attempt(root)["conflicts"]
    assert conflict["path"] == f"{OVERLAY}/mine.yaml"


def test_a_folder_where_a_file_has_to_be_is_told(root: Path) -> None:
    (root / "base/x.yaml").mkdir(parents=True)
    assert "is not a file; move it away" in _attempt(root)["msg"]


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/x",
        "base/../../x",
        "base//x",
        "./x",
        "base/",
        "",
        ".git/x",
        "base\\x",
        "a\nb",
        "ä",
        "a/ b",
    ],
)
def test_paths_lead_nowhere_else(root: Path, path: str) -> None:
    result = _attempt(root, {**FILES, path: "x\n"})
    assert result["failed"] is True
    assert "is not allowed; allowed: a relative path" in result["msg"]
    assert not root.exists()


@pytest.mark.parametrize("content", [None, 5, ["x"], {"a": {1: 2}}, "a\0b"])
def test_contents_are_texts_or_mappings(root: Path, content: object) -> None:
    result = _attempt(root, {**FILES, "base/y.yaml": content})
    assert result["failed"] is True
    assert "files.base/y.yaml" in result["msg"]


def test_the_overlay_has_a_kustomization(root: Path) -> None:
    result = _attempt(root, {"base/x.yaml": "x\n", KUSTOMIZATION: "text\n"})
    assert (
        "overlay: 'overlays/a' has no kustomization.yaml among the files that is a mapping" in result["msg"]
    )


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_stage_has_the_tree_as_it_would_be(root: Path, tmp_path: Path, *, check_mode: bool) -> None:
    _write(root, {**FILES, "base/y.yaml": "y\n"})
    (root / OVERLAY / "mine.yaml").write_text("mine\n")
    (root / "shared").mkdir()
    (root / "shared" / "part.txt").write_text("shared\n")
    before = _content(root)
    stage = tmp_path / "stage"
    staged = _write(root, stage=str(stage), check_mode=check_mode)
    assert staged["changed"] is False
    assert (staged["written"], staged["removed"]) == ([KUSTOMIZATION], ["base/y.yaml"])
    assert _content(root) == before
    _write(root)
    assert _content(stage) == _content(root)


@pytest.mark.parametrize("name", ["data.bin", "mine.yaml"])
def test_own_files_are_staged_octet_for_octet(root: Path, tmp_path: Path, name: str) -> None:
    content = b"a\r\nb\rc\n\xff\0\xef\xbb\xbf"
    (root / OVERLAY).mkdir(parents=True)
    (root / OVERLAY / name).write_bytes(content)
    stage = tmp_path / "stage"
    _write(root, stage=str(stage))
    assert (stage / OVERLAY / name).read_bytes() == content


def test_conflicts_do_not_fail_a_stage(root: Path, tmp_path: Path) -> None:
    (root / "base").mkdir(parents=True)
    (root / "base/x.yaml").write_text("mine\n")
    staged = _write(root, stage=str(tmp_path / "stage"))
    assert [conflict["path"] for conflict in staged["conflicts"]] == ["base/x.yaml"]


def test_a_stage_has_to_be_empty(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine\n")
    result = _attempt(root, stage=str(tmp_path))
    assert result["failed"] is True
    assert "the stage has to be an empty folder" in result["msg"]


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine\n")
    result = _attempt(file)
    assert result["failed"] is True
    assert str(file) in result["msg"]
    assert file.read_text() == "mine\n"


def test_what_a_killed_run_has_left_is_in_nobodys_way(root: Path) -> None:
    (root / "base").mkdir(parents=True)
    (root / "base" / ".x.yaml.part").write_text("half")
    _write(root)
    assert sorted(_content(root)) == ["base/x.yaml", KUSTOMIZATION]
