# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of ``make test``: which commands each runs, and how each command's tests are counted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".build" / "reports"
COLLECTION = Path(".build", "ansible_collections", "clusterdepot", "artifacts")
SANITY_REPORTS = ROOT / ".build" / "sanity" / COLLECTION.relative_to(".build") / "tests" / "output" / "junit"


class PartError(Exception):
    """A part cannot say what it would run."""


@dataclass(frozen=True)
class Step:
    """One command; ``reports`` is a JUnit file or a folder of such, None where the exit code is the result.

    A step that ``prepares`` is no test: it is counted only when it fails, and then ends its part.
    """

    name: str
    command: tuple[str, ...]
    reports: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    prepares: bool = False


def python(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs this interpreter with the arguments."""
    return (sys.executable, *arguments)


def pytest(part: str, *arguments: str) -> Step:
    """Return the step that runs pytest, which tells what took its time, and leaves the part's report."""
    report = REPORTS / f"{part}.xml"
    command = python("-m", "pytest", *arguments, "--durations=10", f"--junitxml={report}")
    return Step("pytest", command, report)


def lint(_scenario: str | None) -> tuple[Step, ...]:
    """One step per tool; each counts as one test."""
    typed = [name for name in ("devcluster", "benchmarks", "molecule", "tests") if (ROOT / name).is_dir()]
    return (
        Step("ruff", ("ruff", "check", "--quiet", ".")),
        # Through the link, so that modules are checked under the name they are imported by.
        Step("mypy", ("mypy", str(COLLECTION / "plugins"), *typed)),
        Step("yamllint", ("yamllint", "--strict", ".")),
        # In a home of its own it does not find an older copy of the collection that a user has installed.
        Step(
            "ansible-lint",
            ("ansible-lint", "--offline", "-q"),
            environment={"ANSIBLE_HOME": str(ROOT / ".build" / "ansible-lint")},
        ),
        Step("reuse", ("reuse", "lint", "--lines")),
        Step("antsibull-changelog", ("antsibull-changelog", "lint")),
    )


def units(_scenario: str | None) -> tuple[Step, ...]:
    """Unit tests, with the coverage of the plugins and of the embedded cluster's code."""
    return (pytest("units", "tests/unit", "--cov"),)


def sanity(_scenario: str | None) -> tuple[Step, ...]:
    """Every check of ``ansible-test sanity`` counts."""
    return (Step("ansible-test sanity", python("-m", "tests.sanity"), SANITY_REPORTS),)


def faults(_scenario: str | None) -> tuple[Step, ...]:
    """Provoke failures against real servers, whose binaries the embedded cluster builds or has cached."""
    shown = subprocess.run(
        python("-m", "devcluster", "binaries", "kubernetes", "etcd", "registry"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    lines = shown.stdout.splitlines()
    if shown.returncode != 0 or not lines:
        raise PartError("python -m devcluster binaries gave no folder of binaries (its own message is above)")
    return (replace(pytest("faults", "tests/faults"), environment={"CLUSTERDEPOT_BIN": lines[-1]}),)


def molecule(scenario: str | None) -> tuple[Step, ...]:
    """One step per scenario on the embedded cluster, its tests run by pytest.yml; ``default`` comes first."""
    found = {file.parent.name for file in ROOT.glob("molecule/*/molecule.yml")}
    if scenario is not None and scenario not in found:
        raise PartError(
            f"no scenario {scenario!r} in molecule/; there are: {', '.join(sorted(found)) or 'none'}"
        )
    if not found:
        raise PartError("no scenario in molecule/")
    names = [scenario] if scenario else sorted(found, key=lambda name: (name != "default", name))
    up = Step("cluster-up", python("-m", "devcluster", "up"), prepares=True)
    reports = REPORTS / "molecule"
    command = ("molecule", "test", "--scenario-name")
    return (up, *(Step(name, (*command, name), reports / name) for name in names))


PARTS: Mapping[str, Callable[[str | None], tuple[Step, ...]]] = {
    "lint": lint,
    "units": units,
    "sanity": sanity,
    "faults": faults,
    "molecule": molecule,
}

# The scenarios share one cluster and mostly wait for it: what does without that cluster runs beside them.
ON_THE_CLUSTER = frozenset({"molecule"})


def lanes(names: Sequence[str]) -> list[list[str]]:
    """Divide parts into those that run one after another; the lanes run side by side."""
    without = [name for name in names if name not in ON_THE_CLUSTER]
    on_it = [name for name in names if name in ON_THE_CLUSTER]
    return [lane for lane in (without, on_it) if lane]


def environment() -> dict[str, str]:
    """Return what every command runs with: this checkout's tools and collection, no cluster of the user's."""
    foreign = {"KUBECONFIG", "K8S_AUTH_KUBECONFIG"}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
    kept["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / ".build")
    return kept
