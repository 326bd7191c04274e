# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of benchmark results, as a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.results import Row, table, write

PAIRED = Row("provision_again", 1.5, 3.0, "s", "lower")
ALONE = Row("cluster_warm_start", 12.3456, None, "s", "lower")


def test_ratio_is_ours_by_the_peers() -> None:
    assert PAIRED.ratio == pytest.approx(0.5)


@pytest.mark.parametrize("peer", [None, 0.0])
def test_nothing_to_divide_by_gives_no_ratio(peer: float | None) -> None:
    assert Row("name", 1.0, peer, "s", "lower").ratio is None


def test_json_has_a_record_per_row_and_null_for_what_is_missing(tmp_path: Path) -> None:
    write([PAIRED, ALONE], tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text()) == [
        {"name": "provision_again", "ours": 1.5, "peer": 3.0, "ratio": 0.5, "unit": "s", "better": "lower"},
        {
            "name": "cluster_warm_start",
            "ours": 12.346,
            "peer": None,
            "ratio": None,
            "unit": "s",
            "better": "lower",
        },
    ]


def test_json_takes_the_place_of_earlier_results_and_leaves_nothing_else(tmp_path: Path) -> None:
    for rows in ([PAIRED, ALONE], [ALONE]):
        write(rows, tmp_path / "results.json")
    assert [row["name"] for row in json.loads((tmp_path / "results.json").read_text())] == [ALONE.name]
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_table_is_aligned_and_shows_a_dash_for_what_is_missing() -> None:
    assert table([PAIRED, ALONE]) == [
        "name                 ours  peer  ratio  unit",
        "provision_again      1.50  3.00   0.50  s",
        "cluster_warm_start  12.35     -      -  s",
    ]


def test_table_without_rows_is_its_heading() -> None:
    assert table([]) == ["name  ours  peer  ratio  unit"]
