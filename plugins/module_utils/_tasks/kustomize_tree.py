# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task kustomize_tree: a kustomize tree made what it shall be, with the user's own files in it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import (
    ArtifactsError,
    FaultsError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.ownership import Changes, Conflict
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.reading import plain_value
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.tree import (
    KUSTOMIZATION,
    Content,
    Tree,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "files": {"type": "dict", "required": True},
    "overlay": {"type": "str", "required": True},
    "stage": {"type": "path"},
}

_FILE_MODE = 0o644
_FOLDER_MODE = 0o755
# What is no text is kept as it is.
_ENCODING = "utf-8"
_ERRORS = "surrogateescape"
# A folder with more is hardly a tree of manifests.
_MOST_BYTES = 50_000_000


class TreeError(ArtifactsError):
    """The tree cannot be read or written, or has files that are in the way; nothing was changed."""


class OptionsError(FaultsError):
    """Options cannot be used; the message names all of them. Nothing was changed."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Write a tree, or the tree as it would be into ``stage``; see the module's documentation.

    :raises OptionsError: paths that are not allowed
    :raises TreeError: files that are in the way, or cannot be read or written
    """
    del progress  # It takes no time.
    tree = _read_tree(parameters)
    root, stage = Path(parameters["path"]), parameters["stage"]
    try:
        files, conflicts = _read(root, tree)
        found = {path: _text(content) for path, content in files.items()}
        changes = tree.changes(found)
        conflicts += changes.conflicts
        result = _result(root, found, changes, conflicts)
        if stage is not None:
            _write_stage(Path(stage), files, changes)
            return {**result, "changed": False}
        if conflicts:
            told = "\n".join(f"- {conflict}" for conflict in conflicts)
            raise TreeError(f"{root} has files in the way, nothing was changed:\n{told}", result)
        if not check_mode:
            _write(root, changes)
    except OSError as error:
        raise TreeError(f"{error.filename or root}: {error.strerror or error}") from error
    return {**result, "changed": bool(changes.write or changes.remove)}


def _read_tree(parameters: Mapping[str, Any]) -> Tree:
    faults = [
        f"files: {shown(path)} is not allowed; allowed: a relative path of letters, digits, '-', '_' and '.'"
        for path in parameters["files"]
        if not _is_inside(path)
    ]
    overlay = parameters["overlay"]
    if not isinstance(parameters["files"].get(f"{overlay}/{KUSTOMIZATION}"), Mapping):
        faults.append(f"overlay: {shown(overlay)} has no {KUSTOMIZATION} among the files that is a mapping")
    files: dict[str, Content] = {}
    for path, content in parameters["files"].items():
        told: list[Any] = []
        plain = plain_value(content, f"files.{path}", told)
        if not isinstance(plain, (str, dict)) and not told:
            told.append(f"files.{path}: {shown(content)} is neither a text nor a mapping")
        faults += map(str, told)
        files[str(path)] = plain
    if faults:
        raise OptionsError(faults)
    return Tree(files, overlay)


def _is_inside(path: object) -> bool:
    if not isinstance(path, str) or not path.isascii() or not path.isprintable() or "\\" in path:
        return False
    parts = path.split("/")
    return all(part and not part.startswith(".") and part.strip() == part for part in parts)


def _read(root: Path, tree: Tree) -> tuple[dict[str, bytes], list[Conflict]]:
    """The files that are there, path to content, and what else is where a file has to be.

    Hidden files and folders are passed over, and links are not followed: what they lead to is not the tree's.
    """
    found: dict[str, bytes] = {}
    conflicts = [
        Conflict(path, reason) for path in sorted(tree.files) if (reason := _obstacle(root, path)) is not None
    ]
    size = 0
    for path in _files(root):
        inside = path.relative_to(root).as_posix()
        if path.is_symlink():
            if inside.startswith(f"{tree.overlay}/") and inside not in tree.files:
                conflicts.append(Conflict(inside, _LINK))
            continue
        size += path.stat().st_size
        if size > _MOST_BYTES:
            raise TreeError(f"{root} has more than {_MOST_BYTES} bytes; is it the folder of a tree?")
        found[inside] = path.read_bytes()
    blocked = {conflict.path for conflict in conflicts}
    return {path: content for path, content in found.items() if path not in blocked}, conflicts


def _text(content: bytes) -> str:
    """The content as it is compared: without the carriage returns that git may put there."""
    return content.decode(_ENCODING, _ERRORS).replace("\r\n", "\n").replace("\r", "\n")


_LINK = "is a symbolic link, which is not followed; replace it by what it leads to"


def _files(root: Path) -> Iterator[Path]:
    """All files and links to some, but hidden ones."""
    for folder, folders, names in os.walk(root, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(folder, name) for name in sorted(names) if not name.startswith("."))
        yield from (path for path in paths if path.is_symlink() or path.is_file())


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _obstacle(root: Path, path: str) -> str | None:
    """Why a file cannot be at a path; None where it can."""
    parts = PurePosixPath(path).parts
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        if place.is_symlink():
            return f"{place} {_LINK}"
        is_last = length == len(parts)
        if place.exists() and not (place.is_file() if is_last else place.is_dir()):
            return f"{place} is not a {'file' if is_last else 'folder'}; move it away"
    return None


def _result(
    root: Path, found: Mapping[str, str], changes: Changes, conflicts: Iterable[Conflict]
) -> dict[str, Any]:
    paths = [*sorted(changes.write), *changes.remove]
    return {
        "written": sorted(changes.write),
        "removed": list(changes.remove),
        "own": list(changes.own),
        "conflicts": [{"path": conflict.path, "reason": conflict.reason} for conflict in conflicts],
        "diff": [
            {
                "before_header": str(root / path),
                "after_header": str(root / path),
                "before": found.get(path, ""),
                "after": changes.write.get(path, ""),
            }
            for path in paths
        ],
    }


def _write(root: Path, changes: Changes) -> None:
    for path, text in changes.write.items():
        _write_file(root / path, _content(text))
    for path in changes.remove:
        (root / path).unlink(missing_ok=True)


def _write_stage(stage: Path, found: Mapping[str, bytes], changes: Changes) -> None:
    """Write the tree as it would be into a folder that is empty or missing, what is kept octet for octet."""
    if stage.is_symlink() or (stage.exists() and any(stage.iterdir())):
        raise TreeError(f"{stage}: the stage has to be an empty folder")
    written = {path: _content(text) for path, text in changes.write.items()}
    for path, content in {**found, **written}.items():
        if path not in changes.remove:
            _write_file(stage / path, content)


def _content(text: str) -> bytes:
    return text.encode(_ENCODING, _ERRORS)


def _write_file(path: Path, content: bytes) -> None:
    """Write the file as a whole or not at all."""
    for folder in reversed([one for one in path.parents if not one.exists()]):
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)
    # One name, so that the next run overwrites what a killed one has left.
    temporary = path.with_name(f".{path.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_FILE_MODE)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
