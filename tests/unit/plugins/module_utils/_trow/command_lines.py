# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command lines of Trow's versions are, as data, and a parser that is as strict as theirs.

Source: the structure ``Args`` of ``src/main.rs`` at the tags named in TAGS, which the library clap (4) makes
a parser of. SEEN is what programs said that were built from these structures, and for 0.10.0 Trow itself; the
parser here has to say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

# Tags whose structures were read; between two of a line there is no difference but comments.
TAGS = {
    "0.6": ("v0.6.1", "v0.6.3", "v0.6.4"),
    "0.7": ("v0.7.0", "v0.7.5"),
    "0.8": ("v0.8.0",),
    "0.9": ("v0.9.0",),
    "0.10": ("v0.10.0",),
}

TEXT = "text"
ADDRESS = "address"
PORT = "port"
SOCKET = "socket"
SOCKET_OR_ADDRESS = "socket or address"
FLAG = "flag"
# A value may be missing, and has to follow after "=" where it is not.
ATTACHED = "attached"

_COMMON = {
    "data-dir": TEXT,
    "dry-run": FLAG,
    "user": TEXT,
    "password": TEXT,
    "cors": TEXT,
    "tls": ATTACHED,
}
_COMMON_SHORT = {"d": "data-dir", "U": "user", "P": "password"}


@dataclass(frozen=True)
class CommandLine:
    """The arguments of a version: what each takes, and the short names of some."""

    arguments: dict[str, str]
    short: dict[str, str]


COMMAND_LINES = {
    "0.6": CommandLine(
        {
            **_COMMON,
            "host": ADDRESS,
            "port": PORT,
            "name": TEXT,
            "image-validation-config-file": TEXT,
            "proxy-registry-config-file": TEXT,
        },
        {**_COMMON_SHORT, "p": "port", "n": "name"},
    ),
    "0.7": CommandLine(
        {**_COMMON, "host": ADDRESS, "port": PORT, "name": TEXT, "config-file": TEXT},
        {**_COMMON_SHORT, "p": "port", "n": "name"},
    ),
    "0.8": CommandLine(
        {**_COMMON, "bind": SOCKET, "hostname": TEXT, "config-file": TEXT}, {**_COMMON_SHORT, "n": "hostname"}
    ),
    "0.9": CommandLine(
        {**_COMMON, "bind": SOCKET_OR_ADDRESS, "hostname": TEXT, "config-file": TEXT},
        {**_COMMON_SHORT, "n": "hostname"},
    ),
    "0.10": CommandLine(
        {**_COMMON, "bind": SOCKET_OR_ADDRESS, "hostname": TEXT, "config-file": TEXT},
        {**_COMMON_SHORT, "n": "hostname"},
    ),
}

_OLD, _NEW = ("0.6", "0.7"), ("0.8", "0.9", "0.10")
_ALL = (*_OLD, *_NEW)

# Lines of arguments, and the versions that take them.
SEEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", _ALL),
    ("--dry-run", _ALL),
    ("--dry-run=true", ()),
    ("--dry-run --dry-run", ()),
    ("--bind=[::]:8000 --hostname=x", _NEW),
    ("--bind=0.0.0.0:8000", _NEW),
    ("--bind=0.0.0.0", ("0.9", "0.10")),
    ("--bind=::1", ("0.9", "0.10")),
    ("--bind=[::1]", ()),
    ("--bind=localhost:80", ()),
    ("--bind=:80", ()),
    ("--bind=1.2.3.4:99999", ()),
    ("--host=0.0.0.0", _OLD),
    ("--host=::", _OLD),
    ("--host=[::]", ()),
    ("--host=localhost", ()),
    ("--port=8000", _OLD),
    ("--port=99999", ()),
    ("-p 8000", _OLD),
    ("--name=x", _OLD),
    ("--hostname=x", _NEW),
    ("--hostname=", _NEW),
    ("--hostn=x", ()),
    ("-n x", _ALL),
    ("--user=a", ()),
    ("--password=a", ()),
    ("--user=a --password=b", _ALL),
    ("--user= --password=", _ALL),
    ("--user=a --user=b --password=c", ()),
    ("--user a --password b", _ALL),
    ("--user -a --password b", ()),
    ("-U a -P b", _ALL),
    ("-Ua -Pb", _ALL),
    ("-U=a -P=b", _ALL),
    ("-u a -P b", ()),
    ("--password-file=x", ()),
    ("--config-file=x", ("0.7", *_NEW)),
    ("--image-validation-config-file=x", ("0.6",)),
    ("--proxy-registry-config-file=x", ("0.6",)),
    ("--tls", _ALL),
    ("--tls=a,b", _ALL),
    ("--tls=a,b,c", _ALL),
    ("--tls a,b", ()),
    ("--no-tls", ()),
    ("--cors=a,b", _ALL),
    ("--log-level=info", ()),
    ("--data-dir=/x", _ALL),
    ("-d /x", _ALL),
    ("--data-dir", ()),
    ("extra", ()),
    ("-- --dry-run", ()),
)

_SOCKET = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[0-9.]+)):(?P<port>\d{1,5})\Z", re.ASCII)


def refusal(version: str, argv: Sequence[str]) -> str | None:
    """Why a version, such as ``0.10``, refuses the arguments; None where it takes them."""
    line = COMMAND_LINES[version]
    found: set[str] = set()
    waiting = list(argv)
    while waiting:
        word = waiting.pop(0)
        name, value = _split(line, word)
        if name not in line.arguments:
            return f"{word} is not known"
        if name in found:
            return f"--{name} is there twice"
        found.add(name)
        kind = line.arguments[name]
        if kind == FLAG and value is not None:
            return f"--{name} takes no value"
        if kind in (FLAG, ATTACHED):
            continue
        if value is None:
            if not waiting or waiting[0].startswith("-"):
                return f"--{name} has no value"
            value = waiting.pop(0)
        if not _is(kind, value):
            return f"{value} is not a value of --{name}"
    return None if len(found & {"user", "password"}) != 1 else "user and password go together"


def _split(line: CommandLine, word: str) -> tuple[str, str | None]:
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        return name, value if equals else None
    if word.startswith("-") and len(word) > 1:
        return line.short.get(word[1], ""), word[2:].removeprefix("=") if len(word) > 2 else None
    return "", None


def _is(kind: str, value: str) -> bool:
    if kind == ADDRESS:
        return _is_address(value)
    if kind == PORT:
        return _is_port(value)
    if kind in (SOCKET, SOCKET_OR_ADDRESS):
        return _is_socket(value) or (kind == SOCKET_OR_ADDRESS and _is_address(value))
    return True


def _is_socket(value: str) -> bool:
    match = _SOCKET.match(value)
    if match is None or not _is_port(match["port"]):
        return False
    host = match["six"] or match["four"]
    return _is_address(host) and (":" in host) == (match["six"] is not None)


def _is_port(value: str) -> bool:
    return re.fullmatch(r"\d{1,5}", value, re.ASCII) is not None and int(value) <= 65535


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return "%" not in value
