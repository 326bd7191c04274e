# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written twice in the tree says the same in both places."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def test_readme_shows_what_make_help_prints() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    block = re.search(r"```text\n(make help .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    assert block.group(1).splitlines() == shown.stdout.splitlines()


def test_readme_has_the_sections_of_a_certified_collection_in_order() -> None:
    sections = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sections == [
        "Description",
        "Requirements",
        "Installation",
        "Use Cases",
        "Testing",
        "Contributing",
        "Support",
        "Release Notes and Roadmap",
        "Related Information",
        "License Information",
    ]


def test_galaxy_and_requirements_ask_for_the_same_kubernetes_core() -> None:
    wanted = {entry["name"]: entry["version"] for entry in load("requirements.yml")["collections"]}
    assert wanted == load("galaxy.yml")["dependencies"]


def test_every_module_is_in_the_action_group() -> None:
    groups = load("meta/runtime.yml")["action_groups"]
    grouped = {name for group in groups.values() for name in group if isinstance(name, str)}
    modules = {file.stem for file in (ROOT / "plugins" / "modules").glob("*.py") if file.stem != "__init__"}
    assert modules
    assert grouped == modules


def test_no_tool_is_told_to_ignore_a_finding() -> None:
    marks = re.compile(r"#\s*(noqa|type:\s*ignore|pylint:\s*disable|pragma:\s*no cover|nosec)")
    own = Path(__file__).resolve()
    marked = [
        f"{file.relative_to(ROOT)}:{number}"
        for folder in ("plugins", "devcluster", "tests", "benchmarks")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file != own
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if marks.search(line)
    ]
    assert marked == []
    assert list((ROOT / "tests" / "sanity").glob("ignore*")) == []


def test_role_defaults_equal_the_argument_specification() -> None:
    different = {}
    for spec in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")):
        options = load(str(spec))["argument_specs"]["main"].get("options", {})
        file = spec.parent.parent / "defaults" / "main.yml"
        defaults = (yaml.safe_load(file.read_text()) or {}) if file.is_file() else {}
        specified = {name: option["default"] for name, option in options.items() if "default" in option}
        if specified != defaults:
            different[spec.parent.parent.name] = {
                name
                for name in specified.keys() | defaults.keys()
                if specified.get(name) != defaults.get(name)
            }
    assert different == {}
