# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a user in HAProxy's configuration, where it can mean nothing but itself.

Between single quotes nothing is special but the quote (HAProxy's configuration manual, 2.2 "Quoting and
escaping"). What could still do harm at a place is refused, although the readers of routes let none of it
pass.
"""

from __future__ import annotations

import re

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown

_QUOTABLE = re.compile(r"[ -&(-~]*\Z")
_ARGUMENT = re.compile(r"[ !#-&(-\[\]-~]*\Z")
_EXPANSION = re.compile(r"(?:[^\\]|\\[1-9])*\Z")
_WORD = re.compile(r"[!-~]+\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_TARGET = re.compile(r"[!#-&(-\[\]-{}~]+\Z")
_ADDRESS = re.compile(r"[0-9.]+\Z|\*\Z")
_FILE = re.compile(r"/[A-Za-z0-9._/-]*\Z")


class QuotingError(ArtifactsError):
    """Text that HAProxy's configuration cannot hold."""


def quoted(text: str) -> str:
    """One word of a line. Raises QuotingError for ``'`` and all but printable ASCII."""
    return f"'{_checked(text, _QUOTABLE)}'"


def quoted_expansion(text: str) -> str:
    r"""One word of a line, where HAProxy expects a log-format string with \1 to \9 for groups."""
    return quoted(_checked(text, _EXPANSION).replace("%", "%%"))


def quoted_constant(text: str) -> str:
    r"""One word of a line: a sample expression that gives the text. Refuses ``"`` and ``\``, too."""
    return f"""'str("{_checked(text, _ARGUMENT)}")'"""


def map_line(key: str, value: str) -> str:
    """A line of a map file. Both are without blanks, and the key does not begin a comment."""
    if key.startswith("#"):
        raise QuotingError(f"HAProxy takes {shown(key)} for a comment")
    return f"{_checked(key, _WORD)} {_checked(value, _WORD)}\n"


def checked_name(text: str) -> str:
    """The name of a header, a method or a route, which is put between other words without quotes."""
    return _checked(text, _NAME)


def checked_target(text: str) -> str:
    """The beginning of a URL, as one of the fields between ``|``."""
    return _checked(text, _TARGET)


def checked_address(text: str) -> str:
    """An address of IPv4, or ``*``."""
    return _checked(text, _ADDRESS)


def checked_file(text: str) -> str:
    """An absolute path that can be an argument of a converter."""
    return _checked(text, _FILE)


def _checked(text: str, pattern: re.Pattern[str]) -> str:
    if pattern.match(text) is None:
        raise QuotingError(f"HAProxy's configuration cannot hold {shown(text)} at its place")
    return text
