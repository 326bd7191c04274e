# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A HAProxy with the routes of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    RenderOptions,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from tests.faults.artifact_router.proxy import Proxy, check, options_for, running, write

StartProxy = Callable[[Sequence[Route], RouterSettings], tuple[Proxy, RenderOptions]]


@pytest.fixture
def start_proxy(tmp_path: Path) -> Iterator[StartProxy]:
    """Starts one proxy, with its files in the folder of the test, after HAProxy found no fault in them."""
    with ExitStack() as stack:

        def start(routes: Sequence[Route], settings: RouterSettings) -> tuple[Proxy, RenderOptions]:
            options = options_for(tmp_path)
            file = write(render(routes, settings, options), tmp_path)
            assert check([file]) == ""
            return stack.enter_context(running([file], options, tmp_path / "proxy.log")), options

        yield start
