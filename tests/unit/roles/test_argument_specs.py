# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of a role is its contract: its defaults say the same, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = sorted(path for path in (Path(__file__).parents[3] / "roles").iterdir() if path.is_dir())


def _load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def _entry_points(role: Path) -> dict[str, Any]:
    entry_points: dict[str, Any] = _load(role / "meta" / "argument_specs.yml")["argument_specs"]
    return entry_points


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_equal_the_specification(role: Path) -> None:
    options = _entry_points(role)["main"]["options"]
    assert _load(role / "defaults" / "main.yml") == {
        name: option["default"] for name, option in options.items()
    }


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_entry_point_is_specified_with_the_same_options(role: Path) -> None:
    entry_points = _entry_points(role)
    assert set(entry_points) == {path.stem for path in (role / "tasks").glob("*.yml")}
    for entry_point in entry_points.values():
        assert entry_point["options"] == entry_points["main"]["options"]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_option_is_in_the_readme_and_named_after_the_role(role: Path) -> None:
    readme = (role / "README.md").read_text(encoding="utf-8")
    for name, option in _entry_points(role)["main"]["options"].items():
        assert name.removeprefix("_").startswith(f"{role.name}_")
        assert option["description"]
        assert f"`{name}`" in readme
