# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters with state folders of their own, beside the one that `make` uses; the cache is shared."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.build import build
from devcluster.errors import ClusterError
from devcluster.folders import Folders, folders
from devcluster.parts import PARTS
from devcluster.progress import Progress
from tests.faults.devcluster.embedded import Cluster

# A stand-in that must not be asked to build; it keeps what it was asked.
WATCHED_GO = '#!/bin/sh\necho "$@" >> "$(dirname "$0")/asked"\nexit 1\n'
NewCluster = Callable[..., Cluster]


@pytest.fixture(scope="session")
def cache() -> Path:
    """The cache of built parts; what is missing is built once, which takes minutes on a new machine."""
    where = folders()
    try:
        build(where, PARTS, Progress(stream=sys.__stderr__ or sys.stderr))
    except ClusterError as error:
        pytest.fail(f"the embedded cluster's parts are not to be had: {error}", pytrace=False)
    return where.cache


@pytest.fixture
def new_cluster(cache: Path, tmp_path: Path) -> Iterator[NewCluster]:
    """Makes clusters that are down; whatever a test leaves of them is removed."""
    made: list[Cluster] = []

    def make(**environment: str) -> Cluster:
        cluster = Cluster(Folders(cache, tmp_path / f"state-{len(made)}"), environment)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        cluster.must("clean")


@pytest.fixture(scope="module")
def running(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that is up, for the tests of a file that do not end it; started without a working Go."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "bin").mkdir()
    (folder / "bin/go").write_text(WATCHED_GO)
    (folder / "bin/go").chmod(0o755)
    path = f"{folder}/bin:{os.environ['PATH']}"
    cluster = Cluster(Folders(cache, folder / "state"), {"PATH": path})
    cluster.must("up")
    yield cluster
    cluster.must("clean")
