# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runner tells in its termination message: one line of JSON, of which a part may be missing.

Source: Kubernetes' documentation of termination messages: 4,096 octets of one container and 12 KiB of a pod's
containers together are kept, the rest is cut off; where a container failed without a message, the end of its
log may stand there instead.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, number, text
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

LONGEST_REASON = 300
LONGEST_OUTPUT = 4096

_KEY = re.compile(r'\s*[{,]\s*"(?P<key>[a-z]{1,20})"\s*:\s*')
_MEMBER_END = re.compile(r"\s*[,}]")
# Longer than the escape of a character beyond the first plane, which is where a string may have been cut.
_LONGEST_ESCAPE = 12
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What the runner told.

    :ivar content_hash: of what it ran; empty where that was not told
    :ivar code: what it ended with
    :ivar changed: false where the same content had been done before; None where that was not told
    :ivar seconds: how long the script ran; None where that was not told
    :ivar reason: one line of at most LONGEST_REASON characters; may be empty
    :ivar output: the last lines of the script's output; printable, at most LONGEST_OUTPUT characters
    """

    content_hash: str
    code: int
    changed: bool | None
    seconds: float | None
    reason: str
    output: str


def read_result(message: str) -> Result | None:
    """Read a termination message, also one whose end was cut off; None where it is no result."""
    for line in reversed(message.split("\n")):
        if line.lstrip().startswith("{"):
            found = _result(_whole(line) or _part(line))
            if found is not None:
                return found
    return None


def printable_lines(told: str, longest: int = LONGEST_OUTPUT) -> str:
    """The last lines of a text, at most ``longest`` characters, each without control characters."""
    return "\n".join(map(_printable_line, told[-longest:].splitlines())).strip("\n")


def _printable_line(line: str) -> str:
    # Unlike in a sentence, blanks at the beginning of a line mean something.
    return "".join(character if character.isprintable() else " " for character in line).rstrip()


def _whole(line: str) -> Mapping[str, object]:
    try:
        value = json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _part(line: str) -> Mapping[str, object]:
    """The members up to the place where the line was cut off."""
    found: dict[str, object] = {}
    key = _KEY.match(line)
    while key is not None:
        try:
            value, end = _DECODER.raw_decode(line, key.end())
        except (ValueError, RecursionError):
            if line[key.end() : key.end() + 1] == '"':
                found[key["key"]] = _cut_string(line[key.end() :])
            break
        # The end of a number may be missing.
        if not isinstance(value, str) and _MEMBER_END.match(line, end) is None:
            break
        found[key["key"]] = value
        key = _KEY.match(line, end)
    return found


def _cut_string(begun: str) -> str:
    for dropped in range(_LONGEST_ESCAPE):
        try:
            value = json.loads(f'{begun[: len(begun) - dropped]}"', strict=False)
        except ValueError:
            continue
        return value if isinstance(value, str) else ""
    return ""


def _result(told: Mapping[str, object]) -> Result | None:
    code = number(told, "code")
    if code is None:
        return None
    changed = dig(told, "changed")
    return Result(
        content_hash=printable(text(told, "hash") or "", LONGEST_REASON),
        code=code,
        changed=changed if isinstance(changed, bool) else None,
        seconds=read_seconds(dig(told, "seconds")),
        reason=printable(text(told, "reason") or "", LONGEST_REASON),
        output=printable_lines(text(told, "output") or ""),
    )


def read_seconds(told: object) -> float | None:
    """The seconds that were told; None where that is no time."""
    if isinstance(told, bool) or not isinstance(told, (int, float)):
        return None
    try:
        seconds = float(told)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
