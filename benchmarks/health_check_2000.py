# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry check of 2,000 tags beside eight cranes at a time; `make bench` tells the rest on its way.

Ours is the check itself: every tag that the registry lists, its bytes compared with its digest, its platform
found; the start of Python and Ansible is `health_playbook_2000`'s. The peer's start is its work, so it is
counted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from benchmarks import commands, resources, timing
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Used
from benchmarks.results import Row
from benchmarks.tagged_registry import COUNTS, TaggedRegistry, tagged_registry

NAME = "health_check_2000"
PAIRS = 3


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds for 2,000 tags. Raises BenchmarkError, also where a check finds a fault."""
    few, many = COUNTS
    with tagged_registry(progress) as registry:
        for tags in COUNTS:
            seconds, used = check(registry, tags)
            progress(f"{tags} tags, ours: the check {seconds:.2f} s; its process {used}")
        progress(f"{few} tags, crane, one after another: {registry.crane_loop(few)}")
        progress(f"{few} tags, skopeo, one after another: {registry.skopeo_loop(few)}")
        progress(f"{many} tags, skopeo, one after another: {registry.skopeo_loop(many)}")
        for tags in COUNTS:
            progress(f"{tags} tags, crane, 8 in parallel: {registry.crane_parallel(tags)}")
        pairs = timing.paired(
            lambda: check(registry, many)[0],
            lambda: registry.crane_parallel(many).wall,
            count or PAIRS,
            progress,
        )
    ours, peer = pairs.medians
    return Row(NAME, ours, peer, "s", "lower")


def check(registry: TaggedRegistry, tags: int) -> tuple[float, Used]:
    """Seconds of the check itself, and what its process needs in all.

    Raises BenchmarkError where not all of the tags are found right.
    """
    parameters = json.dumps(registry.parameters(tags))
    path = os.pathsep.join([str(commands.ROOT), str(commands.ROOT / ".build")])
    used, output = resources.measure(
        [sys.executable, "-m", "benchmarks.health_task", parameters],
        registry.folder,
        registry.environment | {"PYTHONPATH": path},
    )
    told = json.loads(output)
    if not told["healthy"] or told["references"] != tags:
        raise BenchmarkError(f"the check found {told['references']} of {tags} tags right")
    return float(told["seconds"]), used
