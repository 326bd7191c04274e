# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes import pod_files as module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import (
    POD_FILES,
    PodFilesError,
    check_pod_files,
    read_pod_files,
)


def test_all_scripts_are_there() -> None:
    files = read_pod_files()
    folder = Path(module.__file__).parent / "files"
    assert set(files) == {file.name for file in folder.iterdir()}
    assert all(text == (folder / name).read_text(encoding="utf-8") for name, text in files.items())


def test_scripts_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_FOLDER", tmp_path)
    with pytest.raises(PodFilesError, match=r"^the scripts of the pods cannot be read beside the module: "):
        read_pod_files()


def test_given_scripts_are_taken_as_they_are() -> None:
    given = read_pod_files()
    assert check_pod_files({**given, "more": "x"}) == (given, [])


@pytest.mark.parametrize("given", [None, "run_action.sh", list(POD_FILES)])
def test_given_scripts_that_are_no_mapping_are_told(given: object) -> None:
    files, faults = check_pod_files(given)
    assert files == {}
    assert len(faults) == 1


def test_each_missing_script_is_told() -> None:
    files, faults = check_pod_files(dict.fromkeys(POD_FILES[2:], "x") | {POD_FILES[0]: 5})
    assert files == {}
    assert [str(fault) for fault in faults] == [
        f"pod_files: the script {name} is missing" for name in POD_FILES[:2]
    ]
