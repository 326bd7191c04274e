# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks from outside at Jobs while others make them: how many were there, how many unfinished at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.api_server import ApiServer
from benchmarks.errors import BenchmarkError

MARK = "watched-to-the-end"
MARK_SECONDS = 60.0
_ENDS = ("Complete", "Failed")


@dataclass
class Tally:
    """Of the Jobs so far: `created`, `most` unfinished at once, and the names of those `unfinished` now.

    A Job is finished when its status says so, or when it is not there any more. The one named MARK is none.
    """

    created: int = 0
    most: int = 0
    unfinished: set[str] = field(default_factory=set)

    def take(self, event: Mapping[str, Any]) -> bool:
        """Take in an event of a watch; gives whether it was the end of the mark. Raises BenchmarkError."""
        kind, job = event.get("type"), event.get("object", {})
        if kind not in ("ADDED", "MODIFIED", "DELETED"):
            raise BenchmarkError(f"the watch of Jobs told {kind}: {job.get('message', '')}")
        name = job["metadata"]["name"]
        if name == MARK:
            return bool(kind == "DELETED")
        self.created += kind == "ADDED"
        if kind == "DELETED" or _is_finished(job):
            self.unfinished.discard(name)
        else:
            self.unfinished.add(name)
        self.most = max(self.most, len(self.unfinished))
        return False


@contextmanager
def watched(api: ApiServer, namespace: str) -> Iterator[Tally]:
    """What is told of the namespace's Jobs during the block; complete after it. Raises BenchmarkError.

    At the end a Job that never begins is created and deleted: once that is told, all else was told before.
    """
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    tally, problems = Tally(), list[BenchmarkError]()
    version = api.get(path, limit="1")["metadata"]["resourceVersion"]

    def read() -> None:
        try:
            for event in api.watch(path, resourceVersion=version):
                if tally.take(event):
                    return
            problems.append(BenchmarkError("the watch of Jobs ended early"))
        except BenchmarkError as error:
            problems.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    yield tally
    api.create(path, _mark(), "benchmark")
    api.delete(f"{path}/{MARK}")
    reader.join(MARK_SECONDS)
    if reader.is_alive():
        raise BenchmarkError(f"the watch of Jobs did not come to its end within {MARK_SECONDS:.0f} s")
    if problems:
        raise problems[0]


def _is_finished(job: Mapping[str, Any]) -> bool:
    conditions = job.get("status", {}).get("conditions") or ()
    return any(one["type"] in _ENDS and one["status"] == "True" for one in conditions)


def _mark() -> dict[str, Any]:
    container = {"name": "none", "image": "none.invalid/none"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": MARK},
        "spec": {"suspend": True, "template": template},
    }
