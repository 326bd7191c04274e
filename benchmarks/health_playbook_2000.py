# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-playbook` with one task that checks 2,000 tags, beside one `crane digest` after another."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import commands, resources, timing
from benchmarks.resources import Used
from benchmarks.results import Row
from benchmarks.tagged_registry import COUNTS, TaggedRegistry, tagged_registry

NAME = "health_playbook_2000"
PAIRS = 3


def measure(progress: Callable[[str], None], count: int | None) -> Row:
    """Median wall clock seconds for 2,000 tags. Raises BenchmarkError, also where the playbook fails."""
    few, many = COUNTS
    with tagged_registry(progress) as registry:
        playbooks = {tags: write_playbook(registry, tags) for tags in COUNTS}
        # The first run writes what Python compiles.
        play(registry, playbooks[few])
        for tags in COUNTS:
            progress(f"{tags} tags, ours: {play(registry, playbooks[tags])}")
        for tags in COUNTS:
            progress(f"{tags} tags, crane, one after another: {registry.crane_loop(tags)}")
        pairs = timing.paired(
            lambda: play(registry, playbooks[many]).wall,
            lambda: registry.crane_loop(many).wall,
            count or PAIRS,
            progress,
        )
    ours, peer = pairs.medians
    return Row(NAME, ours, peer, "s", "lower")


def write_playbook(registry: TaggedRegistry, tags: int) -> Path:
    """A playbook that checks a repository, and fails unless it has this many tags and all are right."""
    check = {
        "name": "Check every tag",
        "clusterdepot.artifacts.registry_health_info": registry.parameters(tags),
        "register": "health",
        "failed_when": f"not health.healthy or health.references | length != {tags}",
    }
    play = {"name": "Benchmark", "hosts": "localhost", "gather_facts": False, "tasks": [check]}
    path = registry.folder / f"check-{tags}.yml"
    path.write_text(json.dumps([play]))
    return path


def play(registry: TaggedRegistry, playbook: Path) -> Used:
    """What a run needs. Raises BenchmarkError where it fails."""
    command = [commands.tool("ansible-playbook"), "--inventory=localhost,", "--connection=local"]
    command += [f"--extra-vars=ansible_python_interpreter={sys.executable}", str(playbook)]
    variables = {"ANSIBLE_COLLECTIONS_PATH": str(commands.ROOT / ".build"), "ANSIBLE_NOCOLOR": "1"}
    return resources.measure(command, registry.folder, registry.environment | variables)[0]
