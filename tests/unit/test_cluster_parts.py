# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the embedded cluster builds, and what only benchmarks ask for."""

from __future__ import annotations

from dataclasses import replace

from devcluster.build import key
from devcluster.parts import CLUSTER_PARTS, PARTS, select


def test_the_cluster_does_not_build_what_is_only_measured_beside() -> None:
    assert {part.name for part in PARTS} - {part.name for part in CLUSTER_PARTS} == {"crane", "kwok"}


def test_a_part_left_out_can_be_asked_for_by_name() -> None:
    assert [part.name for part in select(["crane"])] == ["crane"]


def test_who_needs_a_part_does_not_build_it_again() -> None:
    (registry,) = select(["registry"])
    assert key(replace(registry, measured_beside=True)) == key(registry)
