# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test is given to work with."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import pytest

from tests.sanity.export import artifact_files, export_collection
from tests.sanity.pip_bootstrap import pip_settings, pip_version, prepare_home
from tests.sanity.pythons import interpreter_folders

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_export_holds_the_artifact_and_no_development_files() -> None:
    names = {file.parts[0] for file in artifact_files(ROOT)}
    assert {"galaxy.yml", "plugins", "README.md", "meta"} <= names
    assert not names & {".build", ".ci", ".git", ".venv", "Makefile", "devcluster", "molecule", "tests"}


def test_an_export_drops_what_left_the_tree_and_keeps_the_tools_output(tmp_path: Path) -> None:
    gone = tmp_path / "plugins" / "modules" / "gone.py"
    kept = tmp_path / "tests" / "output" / "junit" / "kept.xml"
    for file in (gone, kept):
        file.parent.mkdir(parents=True)
        file.touch()
    export_collection(ROOT, tmp_path)
    assert not gone.exists()
    assert kept.exists()
    assert (tmp_path / "tests" / "config.yml").read_bytes() == (ROOT / "tests" / "config.yml").read_bytes()


def test_a_shim_that_cannot_run_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert interpreter_folders() == []


def test_variables_of_pip_win_over_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "77")
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(pip_settings())
    assert settings["global"]["timeout"] == "77"


def test_the_home_folder_has_the_bootstrap_script_that_ansible_test_looks_for(tmp_path: Path) -> None:
    prepare_home(tmp_path)
    script = tmp_path / ".ansible" / "test" / "cache" / f"get_pip_{pip_version().replace('.', '_')}.py"
    assert "ensurepip" in script.read_text()


def test_pip_settings_may_hold_credentials_and_are_private(tmp_path: Path) -> None:
    prepare_home(tmp_path)
    mode = (tmp_path / ".config" / "pip" / "pip.conf").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
