# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the parts that are not in the cache, one after another, with progress."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devcluster.errors import BuildFailed
from devcluster.folders import Folders
from devcluster.parts import GO_MODULES, Part
from devcluster.progress import Progress, seconds

LOG_LINES = 15
POLL_SECONDS = 0.5


def key(part: Part) -> str:
    """What the binaries of a part depend on: its definition and its family's go.mod and go.sum."""
    digest = hashlib.sha256(repr(part).encode())
    for name in ("go.mod", "go.sum"):
        digest.update((GO_MODULES / part.family / name).read_bytes())
    return digest.hexdigest()


def missing(folders: Folders, parts: Iterable[Part]) -> list[Part]:
    """The parts whose binaries are absent or were built from something else."""
    return [part for part in parts if not _is_cached(folders, part)]


def build(folders: Folders, parts: Iterable[Part], progress: Progress) -> list[Part]:
    """Builds what is missing and returns it; raises BuildFailed with the last lines of the log."""
    folders.cache.mkdir(parents=True, exist_ok=True)
    with (folders.cache / "lock").open("w") as lock:
        # A second checkout that builds at the same time waits here, and then finds all in the cache.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build(folders, parts, progress)


def _build(folders: Folders, parts: Iterable[Part], progress: Progress) -> list[Part]:
    wanted = missing(folders, parts)
    if wanted:
        with _downloads(wanted):
            _build_in_order(folders, wanted, progress)
    return wanted


def _build_in_order(folders: Folders, wanted: Sequence[Part], progress: Progress) -> None:
    total = sum(part.seconds for part in wanted)
    done = 0
    for number, part in enumerate(wanted, start=1):
        label = f"building {part.name} (part {number} of {len(wanted)})"
        progress.say(f"{label}, about {seconds(part.seconds)}, in all about {seconds(total - done)}")
        started = time.monotonic()
        _build_part(folders, part, label, progress)
        _share(folders, part)
        _stamp(folders, part).write_text(key(part))
        done += part.seconds
        progress.say(f"built {part.name} in {seconds(time.monotonic() - started)}")


@contextmanager
def _downloads(wanted: Sequence[Part]) -> Iterator[None]:
    """Fetches the modules of later parts while earlier ones compile.

    The one waits for the network, the other for the processor. What fails here fails again in the
    build itself, and says why there.
    """
    lists = [
        f"(cd {shlex.quote(str(GO_MODULES / part.family))} && go list -deps {shlex.join(_packages(part))})"
        for part in wanted[1:]
    ]
    script = "; ".join([*lists, "exit 0"])
    process = subprocess.Popen(
        ["nice", "sh", "-c", script],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _stamp(folders: Folders, part: Part) -> Path:
    return folders.binaries / f".{part.name}.key"


def _is_cached(folders: Folders, part: Part) -> bool:
    stamp = _stamp(folders, part)
    return (
        stamp.is_file()
        and stamp.read_text() == key(part)
        and all((folders.binaries / name).is_file() for name, _ in part.binaries)
    )


def _packages(part: Part) -> list[str]:
    return [package for _, package in part.binaries]


def _environment() -> dict[str, str]:
    # The compiler's garbage collector is told to spend memory rather than time.
    return os.environ | {
        "GOGC": "400",
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOWORK": "off",
    }


def _build_part(folders: Folders, part: Part, label: str, progress: Progress) -> None:
    """Several packages in one `go build` share the work; names that differ are moved in place."""
    folders.build_logs.mkdir(parents=True, exist_ok=True)
    staging = folders.cache / "staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    log = folders.build_logs / f"{part.name}.log"
    flags = f"-s -w {part.linker_flags}".strip()
    command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", f"{staging}/", *_packages(part)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=GO_MODULES / part.family,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _follow(process, label, part.seconds, progress)
    if process.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise BuildFailed(f"part {part.name} could not be built; the end of {log}:\n{tail}")
    for name, package in part.binaries:
        target = folders.binaries / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / binary_name(package)).replace(target)


def _follow(process: subprocess.Popen[bytes], label: str, expected: int, progress: Progress) -> None:
    started = time.monotonic()
    while True:
        try:
            process.wait(timeout=POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            took = time.monotonic() - started
            progress.update(f"{label}: {seconds(took)} of about {seconds(expected)}")
        except BaseException:
            process.kill()
            raise


def binary_name(package: str) -> str:
    """The name `go build` gives a binary: the last path element that is not a major version."""
    elements = package.split("/")
    last = elements[-1]
    return elements[-2] if last.startswith("v") and last[1:].isdigit() else last


def _share(folders: Folders, part: Part) -> None:
    """Copies what is used of the module as it is, so that the module cache may be emptied."""
    if part.share is None:
        return
    module, pattern = part.share
    found = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", module],
        cwd=GO_MODULES / part.family,
        env=_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    target = folders.share / part.name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source in sorted(Path(found.stdout.strip()).glob(pattern)):
        # Helm's template lines carry labels only; without them the file is plain YAML.
        lines = [line for line in source.read_text().splitlines() if "{{" not in line]
        (target / source.name).write_text("\n".join(lines) + "\n")
