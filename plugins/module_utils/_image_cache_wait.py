# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until the nodes have their images, or cannot get them, and tells meanwhile how far they are."""

from __future__ import annotations

import datetime
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    ExpectedImage,
    Matrix,
    count_cells,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.report_lines import (
    progress_line,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import State
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_cluster import (
    Cache,
    is_observed,
    read_daemonsets,
    read_matrix,
    read_nodes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress

_SHORTEST_PAUSE = 0.5
# Looking must not cost the API server more than a part of the time.
_PAUSE_PER_LOOK = 2.0
# How much longer pods may take to come, or to go, while nothing is being pulled.
_POD_SECONDS = 20.0


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and what to be content with.

    :ivar wait: whether to wait at all
    :ivar failure_grace: how long nothing must be left but failures
    :ivar allowed: references that may fail
    :ivar every_pod: whether all pods are read in the end, for the digests that nodes hold
    """

    wait: bool
    timeout: float
    failure_grace: float
    allowed: Collection[str]
    every_pod: bool


def await_images(
    client: KubeClient,
    cache: Cache,
    expected: Mapping[str, ExpectedImage],
    patience: Patience,
    progress: Progress,
) -> tuple[Matrix, float]:
    """Look again and again until all is cached, nothing but failures was left for a while, or time is over.

    What may fail is waited for no longer than ``failure_grace`` after the rest, and so are pods that do not
    come or cannot end.

    :returns: the last state, and the seconds that passed
    :raises KubeError: the API server refuses, or did not answer for the whole time
    """
    start = time.monotonic()
    idle_since: float | None = None
    while patience.wait:
        began = time.monotonic()
        found = _look(client, cache, expected, last=began - start > patience.timeout)
        now = time.monotonic()
        if found is not None:
            matrix, complete = found
            progress.update(
                f"{now - start:.0f} s: {progress_line(matrix, datetime.datetime.now(datetime.UTC))}"
            )
            settled = complete and not matrix.unsettled(patience.allowed)
            if settled and matrix.percent_cached(patience.allowed) == 100.0 and not matrix.unsettled():
                break
            idle_since = None if _is_pulling(matrix, patience.allowed) else idle_since or now
            grace = patience.failure_grace + (0.0 if settled else _POD_SECONDS)
            if idle_since is not None and now - idle_since >= grace:
                break
        if now - start > patience.timeout:
            break
        time.sleep(max(_SHORTEST_PAUSE, _PAUSE_PER_LOOK * (now - began)))
    nodes, daemonsets = read_nodes(client), read_daemonsets(client, cache)
    matrix = read_matrix(client, cache, nodes, daemonsets, expected, every_pod=patience.every_pod)
    return matrix, time.monotonic() - start


def _is_pulling(matrix: Matrix, allowed: Collection[str]) -> bool:
    return any(
        cell.state is State.PULLING
        for column in matrix.columns()
        if column.pin.reference not in allowed
        for cell, _count in count_cells(column.cells)
    )


def _look(
    client: KubeClient, cache: Cache, expected: Mapping[str, ExpectedImage], *, last: bool
) -> tuple[Matrix, bool] | None:
    """The present state, and whether all pods are those that are wanted; None while nobody answers."""
    try:
        nodes, daemonsets = read_nodes(client), read_daemonsets(client, cache)
        matrix = read_matrix(client, cache, nodes, daemonsets, expected, every_pod=False)
    except KubeUnavailableError:
        if last:
            raise
        return None
    return matrix, all(is_observed(obj) for obj in daemonsets)
