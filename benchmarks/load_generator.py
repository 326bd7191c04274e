# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program in request_load, on a core of its own: very many requests, each answer looked at."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import commands, go_programs
from benchmarks.errors import BenchmarkError
from benchmarks.many_routes import Asked

CONNECTIONS = 64
# Is not counted: connections are made, and what is lazy in a server is done.
WARM_SECONDS = 0.5


@dataclass(frozen=True)
class Load:
    """What a server could bear.

    :ivar count: all answers, those included that came while it warmed up
    :ivar rate: requests in a second
    :ivar half: milliseconds in which half of the answers had come
    :ivar most: milliseconds in which 99 of 100 had
    """

    count: int
    rate: float
    half: float
    most: float


@dataclass(frozen=True)
class LoadGenerator:
    """Built; ``core`` is the number of the only one that it has."""

    program: Path
    folder: Path
    core: int

    @staticmethod
    def built(folder: Path, core: int) -> LoadGenerator:
        """Raises BenchmarkError where it cannot be built."""
        return LoadGenerator(go_programs.build(go_programs.REQUEST_LOAD, folder), folder, core)

    def written(self, requests: Sequence[Asked]) -> Path:
        """The requests, as a new file."""
        descriptor, name = tempfile.mkstemp(prefix="requests-", dir=self.folder)
        os.close(descriptor)
        path = Path(name)
        path.write_text("".join(f"{asked.line()}\n" for asked in requests))
        return path

    def ask(self, port: int, requests: Path, seconds: float) -> Load:
        """Ask for these redirects again and again over 64 connections, for so long.

        Raises BenchmarkError where an answer is not the wanted one, or a connection ends.
        """
        output = commands.run(
            [
                *("taskset", "--cpu-list", str(self.core), str(self.program)),
                *(f"-port={port}", f"-requests={requests}", f"-connections={CONNECTIONS}"),
                *(f"-warm={WARM_SECONDS}s", f"-duration={seconds}s"),
            ],
            GOMAXPROCS="1",
        )
        return load(output)


def load(output: str) -> Load:
    """What the program printed. Raises BenchmarkError where it tells of errors, or of no answers."""
    told = json.loads(output)
    if told["errors"]:
        raise BenchmarkError(f"{told['errors']} answers were wrong, the first: {told['fault']}")
    if not told["requests"]:
        raise BenchmarkError("no request was answered")
    rate = told["requests"] / told["seconds"]
    half, most = told["half_microseconds"] / 1000, told["most_microseconds"] / 1000
    return Load(told["warm_requests"] + told["requests"], rate, half, most)
