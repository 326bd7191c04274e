# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run parts of the test suite, in lanes side by side, and end with one line that sums them up.

Usage: ``python -m tests.run PART… [--scenario NAME]`` from the root of the checkout; ``make`` calls it.
A failing part does not keep the next from running. The exit code is 1 if any test failed.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests import counts, failures, parts
from tests.counts import Counts
from tests.failures import Excerpt, Failure


@dataclass(frozen=True)
class Outcome:
    """What came of a part; ``seconds`` is wall clock time, ``failing`` the names of its failed steps."""

    part: str
    counts: Counts
    seconds: float
    failing: tuple[str, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class Result:
    """What came of a step."""

    counts: Counts
    failures: tuple[Failure, ...] = ()


def say(text: str) -> None:
    """Print at once, so that the line stays in order with what the commands print."""
    # In one call, which no line of another lane can divide.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def elapsed(seconds: float) -> str:
    """Write a duration as 42s or 3m07s."""
    whole = round(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02}s"


def clear(reports: Path) -> None:
    """Remove the reports of an earlier run, which would count again if this one left none."""
    if reports.is_dir():
        shutil.rmtree(reports)
    else:
        reports.unlink(missing_ok=True)
    reports.parent.mkdir(parents=True, exist_ok=True)


def run_command(step: parts.Step, lane: str, said: Excerpt, *, yields: bool) -> int:
    """Run one command in the root of the checkout, its output shown as it comes; return its exit code.

    ``lane`` stands before each line where other lanes write between them, and ``said`` then takes what is
    worth telling again; a lane alone has the terminal for itself. What ``yields`` lets other lanes have the
    processor first.
    """
    with subprocess.Popen(
        ("nice", "-n", "5", *step.command) if yields else step.command,
        cwd=parts.ROOT,
        env=parts.environment() | dict(step.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if lane else None,
        stderr=subprocess.STDOUT if lane else None,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            said.add(line.rstrip("\n"))
            say(lane + line.rstrip("\n"))
    return process.returncode


def run_step(step: parts.Step, lane: str = "", *, yields: bool = False) -> Result:
    """Run the command of a step and count its tests; `run_command` tells what else is given."""
    if step.reports is not None:
        clear(step.reports)
    said = Excerpt()
    try:
        code = run_command(step, lane, said, yields=yields)
    except OSError as error:
        say(f"{lane}{shlex.join(step.command)}: {error.strerror}")
        code = 127
    counted = count(step, code)
    if not counted.failed:
        return Result(counted)
    found = failures.of_reports(step.reports) or [Failure(step.name, said.lines())]
    return Result(counted, tuple(found))


def count(step: parts.Step, code: int) -> Counts:
    """Count the tests of a step that ended with an exit code."""
    if step.prepares:
        return Counts() if code == 0 else Counts(failed=1)
    return counts.of_exit_code(code) if step.reports is None else counts.of_reports(step.reports, code)


@dataclass(frozen=True)
class Run:
    """What the parts of one call have in common.

    ``lanes`` are parts that run one after another, each lane beside the others; ``started`` is monotonic;
    ``ended`` is set by an interrupt, after which no lane begins another step.
    """

    lanes: Sequence[Sequence[str]]
    scenario: str | None
    started: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)

    def so_far(self) -> str:
        """Write for how long the tests have been running."""
        return elapsed(time.monotonic() - self.started)

    def part(self, name: str) -> Outcome:
        """Run the steps of a part; a failed preparation ends it, any other failure does not."""
        beside = len(self.lanes) > 1
        lane = f"{name}| " if beside else ""
        say(f"{lane}== {name} ({self.so_far()} elapsed)")
        begun = time.monotonic()
        total = Counts()
        failing: list[str] = []
        found: list[Failure] = []
        try:
            planned = parts.PARTS[name](self.scenario)
        except parts.PartError as error:
            say(f"{lane}{name}: {error}")
            return Outcome(
                name, Counts(failed=1), time.monotonic() - begun, (name,), (Failure(name, (str(error),)),)
            )
        for number, step in enumerate(planned, start=1):
            if self.ended.is_set():
                break
            say(f"{lane}-- {name} {number}/{len(planned)}: {step.name} ({self.so_far()} elapsed)")
            # The scenarios take longest.
            result = run_step(step, lane, yields=beside and name not in parts.ON_THE_CLUSTER)
            total += result.counts
            if result.counts.failed:
                failing.append(step.name)
                found += result.failures
                say(f"{lane}-- {name}: {step.name} FAILED")
                if step.prepares:
                    break
        return Outcome(name, total, time.monotonic() - begun, tuple(failing), tuple(found))

    def lane(self, names: Sequence[str]) -> list[Outcome]:
        """Run parts one after another."""
        return [self.part(name) for name in names if not self.ended.is_set()]

    def outcomes(self) -> list[Outcome]:
        """Run each lane beside the others; an interrupt reaches the commands of all lanes as well."""
        with ThreadPoolExecutor(max_workers=len(self.lanes)) as pool:
            running = [pool.submit(self.lane, names) for names in self.lanes]
            try:
                return [outcome for lane in running for outcome in lane.result()]
            except KeyboardInterrupt:
                self.ended.set()
                raise


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Lay the outcomes out as aligned lines."""
    lines = [f"{'part':<10}{'passed':>8}{'failed':>8}{'skipped':>9}{'time':>9}  failing"]
    for outcome in outcomes:
        numbers = outcome.counts
        lines.append(
            f"{outcome.part:<10}{numbers.passed:>8}{numbers.failed:>8}{numbers.skipped:>9}"
            f"{elapsed(outcome.seconds):>9}  {', '.join(outcome.failing)}".rstrip()
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.run", description="Run parts of the test suite.")
    names = tuple(parts.PARTS)
    parser.add_argument("parts", nargs="+", choices=names, metavar="PART", help=", ".join(names))
    parser.add_argument("--scenario", help="the one molecule scenario to run")
    options = parser.parse_args(arguments)
    outcomes = Run(parts.lanes(options.parts), options.scenario).outcomes()
    total = sum((outcome.counts for outcome in outcomes), Counts())
    failed = [(outcome.part, failure) for outcome in outcomes for failure in outcome.failures]
    say("\n" + "\n".join([*failures.told(failed), *table(outcomes)]) + "\n")
    say(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
