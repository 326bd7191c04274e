# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of `python -m benchmarks`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks.errors import BenchmarkError
from benchmarks.results import Row

# Real benchmarks need minutes and a cluster; what is tested here is which are called, and what is made of it.
FIGURES = {"first": 1.0, "second": 2.0}


def benchmark(name: str) -> program.Benchmark:
    return lambda _progress, count: Row(name, FIGURES[name] * (count or 1), None, "s", "lower")


@pytest.fixture(autouse=True)
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    def failing(*_: object) -> Row:
        raise BenchmarkError("no cluster")

    known = {name: benchmark(name) for name in FIGURES}
    monkeypatch.setattr(program, "BENCHMARKS", {**known, "failing": failing})
    monkeypatch.setattr(program, "RESULTS", tmp_path / "results.json")
    return tmp_path / "results.json"


def figures(file: Path) -> dict[str, float]:
    return {row["name"]: row["ours"] for row in json.loads(file.read_text())}


def test_named_benchmarks_run_once_in_the_order_given(results: Path) -> None:
    assert program.main(["second", "first", "second", "--count", "3"]) == 0
    assert list(figures(results).items()) == [("second", 6.0), ("first", 3.0)]


def test_without_names_all_run_and_a_failing_one_keeps_none_from_running(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main([]) == 1
    assert figures(results) == FIGURES
    assert "failing gave no figure: no cluster" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["third"], ["--count", "0"], ["--count", "-1"], ["--count", "x"]])
def test_bad_arguments_are_refused_before_anything_runs(arguments: list[str], results: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(arguments)
    assert ended.value.code == 2
    assert not results.exists()
