# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the files of a tree are ours, which are the user's, and which of ours somebody has changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WRITER = "clusterdepot.artifacts.trow"
_HEADER = re.compile(rf"# Written by {re.escape(WRITER)}, sha256 of what follows: ([0-9a-f]{{64}})\n")
_BEGINNING = f"# Written by {WRITER}"

OURS = "ours"
EDITED = "edited"
FOREIGN = "foreign"


@dataclass(frozen=True)
class Conflict:
    """A file that would have to be written, and must not be.

    :ivar path: relative to the tree
    :ivar reason: why, and what can be done
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class Changes:
    """What makes a tree the wanted one.

    :ivar write: path to content, header included, of files that are missing or differ
    :ivar remove: files of ours that are not wanted any more
    :ivar own: files of the user's
    """

    write: Mapping[str, str]
    remove: tuple[str, ...]
    own: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def with_header(content: str) -> str:
    """The content of a file of ours, behind the line that says so."""
    return f"# Written by {WRITER}, sha256 of what follows: {_checksum(content)}\n{content}"


def judge(text: str) -> str:
    """OURS, EDITED (ours once, and changed since) or FOREIGN, by what is in the file."""
    match = _HEADER.match(text)
    if match is None:
        return EDITED if text.startswith(_BEGINNING) else FOREIGN
    return OURS if match[1] == _checksum(text[match.end() :]) else EDITED


def compare(found: Mapping[str, str], wanted: Mapping[str, str], folders: Iterable[str]) -> Changes:
    """Compare a tree with what is wanted of it.

    :param found: path to text of all files of the tree
    :param wanted: path to content, without header, of the files that are ours
    :param folders: those in which a file of ours that is not wanted goes; below them nothing is looked at
    """
    looked_at = frozenset(folders)
    write: dict[str, str] = {}
    remove: list[str] = []
    own: list[str] = []
    conflicts: list[Conflict] = []
    for path, content in sorted(wanted.items()):
        text = with_header(content)
        if path in found:
            conflict = _conflict(path, found[path])
            if conflict is not None:
                conflicts.append(conflict)
                continue
        if found.get(path) != text:
            write[path] = text
    for path, text in sorted(found.items()):
        if path in wanted:
            continue
        verdict = judge(text)
        if verdict == OURS and path.rpartition("/")[0] in looked_at:
            remove.append(path)
        elif verdict == FOREIGN:
            own.append(path)
        elif path.rpartition("/")[0] in looked_at:
            conflicts.append(Conflict(path, _NOT_WANTED))
    return Changes(write, tuple(remove), tuple(own), tuple(conflicts))


_NOT_WANTED = (
    "was changed since it was written, and is not wanted any more; delete it, or remove its first line to "
    "keep it as a file of your own"
)


def _conflict(path: str, text: str) -> Conflict | None:
    verdict = judge(text)
    if verdict == OURS:
        return None
    if verdict == EDITED:
        return Conflict(
            path,
            "was changed since it was written; move what you want of it into a file of your own in the "
            "cluster's overlay, such as patch-mine.yaml, and delete it",
        )
    return Conflict(path, "has the name of a file that is written here, and is not one; rename or delete it")


def _checksum(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
