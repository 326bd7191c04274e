# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the versions of Trow know, as data.

Source: Trow's repository at the tags v0.6.1 to v0.10.0: ``src/main.rs`` (arguments), ``docker/Dockerfile``
(user), ``migrations`` (database) and the structures that its configuration files are read into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown

IMAGE = "ghcr.io/trow-registry/trow"
# How Trow keeps what is pushed. What one of them wrote, the other cannot read.
FILES = "files"
SQLITE = "sqlite"

_NUMBER = re.compile(r"0\.(\d{1,3})(?:\.(\d{1,3}))?\Z", re.ASCII)


@dataclass(frozen=True)
class Line:
    """What all versions 0.N.x have in common.

    :ivar minor: the N
    :ivar newest: the x that 0.N stands for
    :ivar last: the last x that is known
    :ivar uid: user and group of the image
    :ivar bind_argument: whether address and port are one argument ``--bind``, not ``--host`` and ``--port``
    :ivar name_argument: tells the name of the registry
    :ivar one_configuration: whether there is one configuration file, not one for each purpose
    :ivar proxy_aliases: whether a proxied registry has an alias, and images that are not passed on
    :ivar insecure_proxies: whether a proxied registry may speak HTTP
    :ivar proxy_paths: whether the credentials of a proxied registry may be for a part of it
    :ivar storage: FILES or SQLITE
    """

    minor: int
    newest: int
    last: int
    uid: int
    bind_argument: bool
    name_argument: str
    one_configuration: bool
    proxy_aliases: bool
    insecure_proxies: bool
    proxy_paths: bool
    storage: str

    @property
    def name(self) -> str:
        """The first two numbers, such as ``0.10``."""
        return f"0.{self.minor}"


LINES = (
    # In 0.6.4 every login fails, so 0.6 stands for the version before.
    Line(6, 3, 4, 333333, False, "--name", False, True, False, False, FILES),
    Line(7, 5, 5, 2000, False, "--name", True, True, False, False, SQLITE),
    Line(8, 0, 0, 2000, True, "--hostname", True, True, False, False, SQLITE),
    Line(9, 4, 4, 2000, True, "--hostname", True, False, True, False, SQLITE),
    Line(10, 0, 0, 2000, True, "--hostname", True, False, True, True, SQLITE),
)
_LINES = {line.minor: line for line in LINES}
ALLOWED = ", ".join(line.name for line in LINES)


@dataclass(frozen=True)
class Version:
    """A version of Trow."""

    line: Line
    patch: int

    def __str__(self) -> str:
        return f"{self.line.name}.{self.patch}"

    @property
    def image(self) -> str:
        """The image that the project publishes."""
        return f"{IMAGE}:{self}"

    @property
    def is_known(self) -> bool:
        """Whether it was looked at; a later one is taken for the last of its line."""
        return self.patch <= self.line.last

    @property
    def login_works(self) -> bool:
        """Whether a user can log in: 0.6.4 checks its tokens with another key than it signs them with."""
        return (self.line.minor, self.patch) != (6, 4)

    @property
    def limits_proxied(self) -> bool:
        """Whether what is kept of proxied registries can be limited in size."""
        return (self.line.minor, self.patch) >= (7, 2)

    @property
    def schema(self) -> int:
        """How many migrations its database has had; an older version refuses one that has had more."""
        if self.line.storage == FILES:
            return 0
        if self.line.minor >= 8:
            return 3
        return 2 if self.patch >= 2 else 1


def parse_version(text: str) -> Version | None:
    """A version as ``0.10.0``, or as ``0.10``, which is the newest one known; None for any other text."""
    match = _NUMBER.match(text)
    line = None if match is None else _LINES.get(int(match[1]))
    if match is None or line is None or match[1] != str(line.minor):
        return None
    return Version(line, line.newest if match[2] is None else int(match[2]))


def read_version(value: object, where: str, faults: list[Fault]) -> Version | None:
    """The version that a user wants."""
    if isinstance(value, str):
        version = parse_version(value)
        if version is not None:
            return version
    reason = f"is not a version of Trow that is known; allowed: {ALLOWED}, or one of these such as 0.10.0"
    if str(value) in ("0.1", "1.0"):
        reason += "; put it into quotes, since YAML takes 0.10 for 0.1"
    elif not isinstance(value, str):
        reason += "; put it into quotes"
    faults.append(Fault(where, f"{shown(value)} {reason}"))
    return None
