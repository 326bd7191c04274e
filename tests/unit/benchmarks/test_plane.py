# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks.embedded import Embedded
from benchmarks.plane import Plane

ROLES = Path(__file__).resolve().parents[3] / "roles"


def options() -> dict[str, Any]:
    """Every option of every role, by its name."""
    found: dict[str, Any] = {}
    for path in ROLES.glob("*/meta/argument_specs.yml"):
        found |= yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {})
    return found


def test_everything_that_keeps_the_plane_apart_is_another_than_the_default() -> None:
    facts = {"pool_addresses": ["192.0.2.1", "192.0.2.2", "192.0.2.9"]}
    variables = Plane(Embedded(Path("facts"), facts)).variables
    assert variables["registry_service_ip"] == "192.0.2.9"
    known = options()
    assert set(variables) <= set(known)
    assert all(known[name].get("default") != value for name, value in variables.items())
    namespaces = {name for name in known if name.endswith("_namespace")} & set(variables)
    assert len({variables[name] for name in namespaces}) == len(namespaces) == 2
