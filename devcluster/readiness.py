# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a component whether it is ready, without ever waiting long for the answer."""

from __future__ import annotations

import socket
import ssl
import urllib.error
import urllib.request

from devcluster.plan import Probe

ANSWER_SECONDS = 1.0
# A component without an endpoint counts as started when it has lived this long.
SETTLED_SECONDS = 1.0


class Readiness:
    """Answers for all components of one cluster; `authority` is the file that TLS is checked against."""

    def __init__(self, authority: str) -> None:
        context = ssl.create_default_context(cafile=authority)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def holds(self, probe: Probe, age: float) -> bool:
        """Is it ready now? `age` is for how many seconds the process has run."""
        if probe.kind == "http":
            return self._answers(probe.target)
        if probe.kind == "socket":
            return _accepts(probe.target)
        return probe.kind == "running" and age >= SETTLED_SECONDS

    def _answers(self, url: str) -> bool:
        try:
            with self._opener.open(url, timeout=ANSWER_SECONDS) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_SECONDS)
        return client.connect_ex(path) == 0
