# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m benchmarks [NAME...] [--count N]`: measure, print one table, write benchmarks/results.json."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from benchmarks import (
    cluster_warm_start,
    commands,
    dispatch_1000,
    health_check_2000,
    health_playbook_2000,
    image_status_2000x50,
    package_download,
    provision_again,
    provision_until_healthy,
    results,
    router_1000_vs_go,
    router_1000_vs_nginx,
    router_10000_vs_3,
)
from benchmarks.errors import BenchmarkError

Benchmark = Callable[[Callable[[str], None], int | None], results.Row]

BENCHMARKS: Mapping[str, Benchmark] = {
    provision_again.NAME: provision_again.measure,
    provision_until_healthy.NAME: provision_until_healthy.measure,
    cluster_warm_start.NAME: cluster_warm_start.measure,
    health_check_2000.NAME: health_check_2000.measure,
    health_playbook_2000.NAME: health_playbook_2000.measure,
    image_status_2000x50.NAME: image_status_2000x50.measure,
    router_1000_vs_nginx.NAME: router_1000_vs_nginx.measure,
    router_1000_vs_go.NAME: router_1000_vs_go.measure,
    router_10000_vs_3.NAME: router_10000_vs_3.measure,
    package_download.NAME: package_download.measure,
    dispatch_1000.NAME: dispatch_1000.measure,
}
RESULTS = commands.ROOT / "benchmarks" / "results.json"


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks named, or all; returns the exit code, 1 if one of them gave no figure."""
    options = _parser().parse_args(arguments)
    names = list(dict.fromkeys(options.names)) or list(BENCHMARKS)
    started = time.monotonic()
    rows: list[results.Row] = []
    for number, name in enumerate(names, start=1):
        elapsed = time.monotonic() - started
        _say(f"== benchmark {number} of {len(names)}: {name} ({elapsed:.0f} s elapsed)")
        try:
            rows.append(BENCHMARKS[name](lambda line: _say(f"   {line}"), options.count))
        except BenchmarkError as error:
            _say(f"{name} gave no figure: {error}")
    results.write(rows, RESULTS)
    _say("\n" + "\n".join(results.table(rows)) + f"\n\nwritten to {RESULTS}")
    return 0 if len(rows) == len(names) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the benchmarks.")
    known = ", ".join(BENCHMARKS)
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help=f"of {known}; default: all")
    parser.add_argument("--count", type=_count, help="timed runs of each side; default: each benchmark's own")
    return parser


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"no benchmark {text!r}; there are: {', '.join(BENCHMARKS)}")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs; 1 or more are allowed")
    return int(text)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    # A benchmark that is told to end still takes away what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
