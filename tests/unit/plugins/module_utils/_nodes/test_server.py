# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import LONGEST_TIME_LIMIT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.server import (
    ServerOptions,
    proxy_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import QuotingError


def test_it_listens_on_the_loopback_address_alone() -> None:
    text = proxy_configuration(ServerOptions(5080, "/run/packages"))
    binds = [line.strip() for line in text.splitlines() if line.strip().startswith("bind ")]
    assert binds == ["bind 127.0.0.1:5080 proto h1"]


def test_no_download_is_ended_while_a_script_may_wait_for_it() -> None:
    text = proxy_configuration(ServerOptions(5080, "/run/packages"))
    (seconds,) = re.findall(r"^  hard-stop-after ([0-9]+)s$", text, re.MULTILINE)
    assert int(seconds) >= LONGEST_TIME_LIMIT


def test_the_same_options_give_the_same_text() -> None:
    options = ServerOptions(5080, "/run/packages", access_log=False)
    assert proxy_configuration(options) == proxy_configuration(options)
    assert "log " not in proxy_configuration(options)


@pytest.mark.parametrize("folder", ["run", "/run packages", "/run\nbind *:80", "/run)", '/run"'])
def test_a_folder_that_would_be_more_than_a_folder_is_refused(folder: str) -> None:
    with pytest.raises(QuotingError):
        proxy_configuration(ServerOptions(5080, folder))


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(QuotingError):
        proxy_configuration(ServerOptions(5080, "/run", address="localhost ssl"))
