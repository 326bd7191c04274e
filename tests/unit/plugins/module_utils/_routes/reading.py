# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values and routes as the readers give them, and the faults that they tell."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    Reader,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route_list import read_routes

SETTINGS = RouterSettings()


def read(reader: Reader[Any], value: object) -> Any:
    """What the reader gives for a value that it accepts."""
    faults: list[Fault] = []
    found = reader(value, "here", faults)
    assert faults == []
    return found


def refused(reader: Reader[Any], value: object) -> str:
    """The message for a value that it does not accept."""
    faults: list[Fault] = []
    assert reader(value, "here", faults) is None
    (fault,) = faults
    assert fault.where == "here"
    return fault.message


def listed(*elements: object) -> list[Route]:
    """The routes of a list without faults."""
    found, faults = read_routes(list(elements), SETTINGS)
    assert faults == []
    return found
