# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until the node is Ready: the kubelet is, its network is, and pods may be scheduled."""

from __future__ import annotations

import time

from devcluster.api import Api
from devcluster.components import API_PORT
from devcluster.errors import ClusterError
from devcluster.node_files import NODE_NAME
from devcluster.settings import Settings
from devcluster.steps.step import run

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.2


def wait(settings: Settings) -> None:
    """Returns once Ready; raises ClusterError with the node's own message."""
    api = Api.connect(settings.folders.pki, settings.addresses.node, API_PORT)
    deadline = time.monotonic() + WAIT_SECONDS
    message = "has not registered"
    while time.monotonic() < deadline:
        for node in api.get("/api/v1/nodes")["items"]:
            conditions = node.get("status", {}).get("conditions", [])
            ready: dict[str, str] = next((entry for entry in conditions if entry["type"] == "Ready"), {})
            if ready.get("status") == "True":
                return
            message = ready.get("message", "has no Ready condition")
        time.sleep(POLL_SECONDS)
    raise ClusterError(f"node {NODE_NAME} is not Ready after {WAIT_SECONDS:.0f} s: {message}")


if __name__ == "__main__":
    run(wait)
