# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sentence for all that a machine lacks; what can be provoked for real is in the fault tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from devcluster import machine_checks
from devcluster.errors import ClusterError, MachineUnsuitable
from devcluster.folders import Folders
from devcluster.parts import PARTS, select


def test_all_faults_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No machine has that much disk, and none that little on its PATH.
    monkeypatch.setattr(machine_checks, "DISK_MINIMUM", 2**70)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MachineUnsuitable) as caught:
        machine_checks.require(Folders(tmp_path / "not/yet/there", tmp_path), building=True)
    text = str(caught.value)
    for fault in ("commands are missing: runc, ip,", "there is none on PATH", "GB of free disk are needed"):
        assert fault in text
    assert f"under {tmp_path}" in text
    assert text.endswith("KUBECONFIG=… make provision")
    assert "\n" not in text


def test_go_and_disk_count_only_where_something_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_checks, "DISK_MINIMUM", 2**70)
    monkeypatch.setattr(machine_checks, "GO_MINIMUM", (99, 0))
    monkeypatch.setattr(machine_checks, "COMMANDS", ("sh",))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    where = Folders(tmp_path, tmp_path)
    machine_checks.require(where, building=False)
    with pytest.raises(MachineUnsuitable, match="Go 99"):
        machine_checks.require(where, building=True)


@pytest.mark.parametrize(
    ("answer", "version"),
    [("go1.26.8", (1, 26)), ("go1.9", (1, 9)), ("go1.27rc1", (1, 27)), ("devel +abc", None), ("", None)],
)
def test_the_version_of_go_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, version: tuple[int, int] | None
) -> None:
    # A fake: other versions of Go are not to be had here.
    script = tmp_path / "go"
    script.write_text(f"#!/bin/sh\necho '{answer}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_checks.go_version() == version


def test_parts_are_selected_in_building_order() -> None:
    assert [part.name for part in select(["registry", "kubernetes"])] == ["kubernetes", "registry"]


def test_unknown_parts_are_named_with_those_there_are() -> None:
    with pytest.raises(ClusterError, match="no part is called nonsense; there are: kubernetes") as caught:
        select(["nonsense", "registry"])
    assert all(part.name in str(caught.value) for part in PARTS)
