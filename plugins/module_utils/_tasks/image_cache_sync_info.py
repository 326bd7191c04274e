# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task image_cache_sync_info: what is there of an image cache, told without touching it."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache import report
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.report_lines import (
    table_lines,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_cluster import (
    Cache,
    Unjudged,
    read_daemonsets,
    read_matrix,
    read_nodes,
    recorded_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_spec import (
    READING_SPEC as ARGUMENT_SPEC,
)

__all__ = ("ARGUMENT_SPEC", "run")


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Read the state of a cache; see the module's documentation for parameters and result.

    :raises KubeError: the API server cannot be asked
    """
    del check_mode, progress
    client = connect(parameters["kubeconfig"], parameters["context"])
    cache = Cache(parameters["namespace"], parameters["name"])
    daemonsets = read_daemonsets(client, cache)
    matrix = read_matrix(
        client,
        cache,
        read_nodes(client),
        daemonsets,
        {name: Unjudged(found.digest) for name, found in recorded_images(daemonsets).items()},
        every_pod=parameters["digests"],
    )
    return {
        "changed": False,
        **report.result(matrix),
        "percent_cached": matrix.percent_cached(),
        "table": table_lines(matrix),
        "warnings": [] if daemonsets else [f"there is no image cache {cache.name} in {cache.namespace}"],
    }
