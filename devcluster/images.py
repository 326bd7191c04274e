# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads images.toml and assembles its images from files of the machine and of the built parts."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devcluster.errors import ClusterError
from devcluster.folders import Folders
from devcluster.image_layer import Entry, Image, Runtime, image

DEFINITIONS = Path(__file__).with_name("images.toml")
STAND_INS = Path(__file__).with_name("stand_ins")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)")


@dataclass(frozen=True)
class Definition:
    """One image of images.toml, or a variant of it: its references and the table it was read from."""

    references: tuple[str, ...]
    table: dict[str, Any]


def upstreams() -> tuple[str, ...]:
    """Registries whose references are first looked for in the depot."""
    return tuple(_document()["upstreams"])


def definitions() -> tuple[Definition, ...]:
    """All images of images.toml."""
    return tuple(
        Definition((table["reference"], *table.get("also", [])), table)
        for image_table in _document()["image"]
        for table in _variants(image_table)
    )


def _variants(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    shared = {name: value for name, value in table.items() if name != "variants"}
    for variant in table.get("variants", [{}]):
        yield shared | variant


def stand_ins() -> tuple[Path, ...]:
    """Files that stand for programs that are not to be had."""
    return tuple(sorted(STAND_INS.iterdir()))


def assemble(folders: Folders, definition: Definition) -> Image:
    """The image of a definition; raises ClusterError where a source is not to be had."""
    table = definition.table
    runtime = Runtime(
        entrypoint=tuple(table.get("entrypoint", [])),
        command=tuple(table.get("command", [])),
        environment=tuple(table.get("environment", [])),
        user=table.get("user", ""),
        exposed_ports=tuple(table.get("exposed_ports", [])),
        volumes=tuple(table.get("volumes", [])),
        labels=table.get("labels", {}),
    )
    return image(dict(_entries(folders, table)), runtime, architecture())


def fingerprint(folders: Folders, definition: Definition) -> str:
    """Changes when the definition or a file that it names does; cheaper than assembling."""
    digest = hashlib.sha256(repr(sorted(definition.table.items())).encode())
    for source in definition.table["files"].values():
        kind, _, name = source.partition(":")
        if kind != "text":
            facts = _source(folders, kind, name).stat()
            digest.update(f"{source} {facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()


def architecture() -> str:
    """The machine's architecture by Go's name."""
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


def _document() -> dict[str, Any]:
    return tomllib.loads(DEFINITIONS.read_text())


def _entries(folders: Folders, table: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
    for path, mode in table.get("folders", {}).items():
        yield path, Entry(int(mode, 8))
    for path, target in table.get("links", {}).items():
        yield path, Entry(0o777, target=target)
    for path, source in table["files"].items():
        yield from _file(folders, path, source)
    if "applets" in table:
        yield from _applets(table["applets"])


def _file(folders: Folders, path: str, source: str) -> Iterator[tuple[str, Entry]]:
    kind, _, name = source.partition(":")
    if kind == "text":
        yield path, Entry(0o644, content=name.encode())
        return
    found = _source(folders, kind, name)
    yield path, Entry(0o644 if kind == "share" else 0o755, content=found.read_bytes())
    if kind == "command":
        for library in _libraries(found):
            yield str(library), Entry(0o755, content=library.read_bytes())


def _source(folders: Folders, kind: str, name: str) -> Path:
    if kind == "command":
        return _command(name)
    places = {
        "binary": folders.binaries,
        "share": folders.share,
        "package": Path(sys.executable).parent,
        "stand-in": STAND_INS,
    }
    if kind not in places:
        raise ClusterError(f"images.toml: unknown kind of source {kind}:{name}")
    return places[kind] / name


def _command(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise ClusterError(f"images.toml: the command {name} is not installed")
    return Path(found).resolve()


def _libraries(command: Path) -> list[Path]:
    """Shared libraries by absolute path; none for a static binary, for which ldd fails."""
    listing = subprocess.run(["ldd", str(command)], capture_output=True, text=True, check=False)
    return [Path(match) for match in _LIBRARY.findall(listing.stdout)] if listing.returncode == 0 else []


def _applets(folder: str) -> Iterator[tuple[str, Entry]]:
    busybox = _command("busybox")
    listing = subprocess.run([str(busybox), "--list"], capture_output=True, text=True, check=True)
    for applet in listing.stdout.split():
        if applet != "busybox":
            yield f"{folder}/{applet}", Entry(0o777, target="busybox")
