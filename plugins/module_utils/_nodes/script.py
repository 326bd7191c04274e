# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script and its variables as the user writes them: what would not run, or not as it reads, is refused.

Sources: bash's manual (its read-only variables, and how a script is started), environ(7) and execve(2) (what
a variable may hold, and MAX_ARG_STRLEN, how long it may be), Kubernetes' API (1 MiB in a ConfigMap).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown, text_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import is_unicode

LARGEST_SCRIPT = 524_288
LARGEST_VARIABLES = 131_072
# Of NAME=value, which Linux counts with a NUL behind it.
LARGEST_VARIABLE = 131_071
# What the runner itself sets.
RESERVED_VARIABLES = frozenset(
    (
        "HOME",
        "LANG",
        "PATH",
        "PKG_CONTENT_HASH",
        "PKG_DIR",
        "PKG_NODE",
        "PKG_SERVE_RUN_PORT",
        "PKG_SERVE_URL",
        "STORAGE_ACCOUNT_NAME",
    )
)

_OF_SHELL = frozenset(("BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"))
_SHELLS = frozenset(("ash", "bash", "dash", "sh"))
# They start what the next word names.
_STARTERS = frozenset(("busybox", "env"))
# Python refuses to write much larger ones.
_LARGEST_NUMBER = 10**18
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")


def read_script(value: object, where: str, faults: list[Fault]) -> str | None:
    """The text of a script for sh or bash; faults do not show it."""
    text = text_of(value, where, faults)
    if text is None:
        return None
    reason = _script_fault(text)
    if reason is not None:
        faults.append(Fault(where, f"the script {reason}"))
        return None
    return text


def read_variables(value: object, where: str, faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    """The variables, sorted by name; numbers become strings. Faults show no value, since it may be secret."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        faults.append(Fault(where, f"a {type(value).__name__} is not a mapping of variables to their values"))
        return ()
    found = []
    for name, content in value.items():
        reason = _name_fault(name) or _value_fault(content)
        if reason is not None:
            faults.append(Fault(where, f"the variable {shown(name)} {reason}"))
            continue
        size = len(f"{name}={content}".encode())
        if size > LARGEST_VARIABLE:
            told = (
                f"has {size} octets with its name; allowed: {LARGEST_VARIABLE}, more in a file of the storage"
            )
            faults.append(Fault(where, f"the variable {shown(name)} {told}"))
            continue
        found.append((str(name), str(content)))
    size = sum(len(name.encode()) + len(content.encode()) for name, content in found)
    if size > LARGEST_VARIABLES:
        faults.append(Fault(where, f"they hold {size} octets; allowed: {LARGEST_VARIABLES} in all"))
    return tuple(sorted(found))


def _script_fault(text: str) -> str | None:
    if not text.strip():
        return "is empty"
    if not is_unicode(text) or "\0" in text:
        return "holds what cannot be stored: a NUL, or half a surrogate pair"
    if "\r\n" in text:
        return "has lines that end with a carriage return, which a shell takes for a part of the last word"
    size = len(text.encode())
    if size > LARGEST_SCRIPT:
        return f"has {size} octets; allowed: {LARGEST_SCRIPT}"
    return _interpreter_fault(text)


def _interpreter_fault(text: str) -> str | None:
    """What the first line asks for and does not get: the script is started by ``bash`` or ``sh``."""
    if not text.startswith("#!"):
        return None
    words = text[2:].partition("\n")[0].split()
    while words and (
        words[0].rpartition("/")[2] in _STARTERS or words[0] in ("-S", "--split-string") or "=" in words[0]
    ):
        del words[0]
    interpreter = words[0].rpartition("/")[2] if words else ""
    if interpreter not in _SHELLS:
        return f"asks for {shown(interpreter)} in its first line; it is run by bash, or by sh without it"
    options = [word for word in words[1:] if word not in ("-", "--")]
    if options:
        told = shown(" ".join(options))
        return f"has {told} in its first line, which is not used: write it into a line of its own, with 'set'"
    return None


def _name_fault(name: object) -> str | None:
    if not isinstance(name, str) or _VARIABLE.match(name) is None:
        return "is no name: 1 to 128 letters, digits and '_', not a digit first"
    if name in RESERVED_VARIABLES:
        return "is set for each script; allowed: any other name"
    if name in _OF_SHELL:
        return "is bash's own and cannot be set; allowed: any other name"
    return None


def _value_fault(content: object) -> str | None:
    if isinstance(content, str):
        if "\0" in content or not is_unicode(content):
            return "holds what no variable can: a NUL, or half a surrogate pair"
        return None
    if isinstance(content, int) and not isinstance(content, bool):
        return None if abs(content) <= _LARGEST_NUMBER else "is a huge number: put it in quotes"
    kind = "nothing" if content is None else f"a {type(content).__name__}"
    return f"is {kind}, not a string: put it in quotes"
