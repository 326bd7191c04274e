# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""All cases are rendered by one run of Ansible, which takes most of the time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.unit.roles.rendering import (
    IMAGE_CACHE_CASES,
    REGISTRY_CASES,
    ROUTER_CASES,
    SERVER_CASES,
    Rendered,
    run,
)


@pytest.fixture(scope="session", name="rendered")
def _rendered(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rendered]:
    cases = {**REGISTRY_CASES, **IMAGE_CACHE_CASES, **ROUTER_CASES, **SERVER_CASES}
    return run(tmp_path_factory.mktemp("rendered"), cases)
