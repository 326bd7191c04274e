# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the values of a script's variables out of what the script told.

Sources: what bash's and BusyBox's ``set -x`` print, and RFC 8259, section 7, for JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import CUT

HIDDEN = "(hidden)"
# What is shorter is found everywhere, and could be guessed: hiding it would tell more than it hides.
SHORTEST_HIDDEN = 4
# What stands for each octet that is no part of a character, as where one was cut.
_REPLACED = "\N{REPLACEMENT CHARACTER}"
# In $'…' of a shell; what else has no shape is written by its octets, three octal digits each.
_ESCAPED = {"\a": "a", "\b": "b", "\t": "t", "\v": "v", "\f": "f", "\x1b": "E", "'": "'", "\\": "\\"}


@dataclass(frozen=True)
class Secrets:
    """Values that must not be told.

    :ivar parts: their lines of at least SHORTEST_HIDDEN characters, longest first
    """

    parts: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> Secrets:
        """Take whole values; what a script prints of them comes line by line."""
        told = {form for value in values for line in value.splitlines() for form in _forms(line)}
        long_enough = {form for form in told if len(form) >= SHORTEST_HIDDEN}
        written = {quoted for form in long_enough for quoted in _quoted(form)}
        return cls(tuple(sorted(long_enough | written, key=lambda form: (-len(form), form))))

    def hide(self, text: str) -> str:
        """The text without them, nor a part of one with which it begins or ends, since it may be cut."""
        for part in self.parts:
            text = text.replace(part, HIDDEN)
        for part in self.parts:
            text = _without_end(_without_beginning(text, part), part)
        return text

    def hidden_in(self, outcome: Outcome) -> Outcome:
        """The outcome, with nothing of them in its reason and its output."""
        if not self.parts:
            return outcome
        return replace(outcome, reason=self.hide(outcome.reason), output=self.hide(outcome.output))


def _without_beginning(text: str, part: str) -> str:
    begun = text.lstrip(_REPLACED)
    for length in range(min(len(part) - 1, len(begun)), SHORTEST_HIDDEN - 1, -1):
        if begun.startswith(part[-length:]):
            return f"{HIDDEN}{begun[length:]}"
    return text


def _without_end(text: str, part: str) -> str:
    ended = text.removesuffix(CUT).rstrip(_REPLACED)
    for length in range(min(len(part) - 1, len(ended)), SHORTEST_HIDDEN - 1, -1):
        if ended.endswith(part[:length]):
            return f"{ended[:-length]}{HIDDEN}"
    return text


def _forms(line: str) -> tuple[str, str, str]:
    """A line as it is, and as it comes to be told: without control characters, and in one sentence."""
    printed = "".join(character if character.isprintable() else " " for character in line)
    return line.strip(), printed.strip(), " ".join(printed.split())


def _quoted(form: str) -> Iterator[str]:
    """The same in quotes of a shell, and in JSON; without the quotes, since it may be a part of something."""
    yield form.replace("'", r"'\''")
    # With nothing in quotes where a quotation mark is the first or the last.
    doubled = re.sub("'+", lambda found: f"""'"{found[0]}"'""", form)
    yield doubled.removeprefix("'").removesuffix("'")
    yield "".join(_escaped(character, character.isprintable()) for character in form)
    # As in the locale C.
    yield "".join(_escaped(character, character.isascii()) for character in form)
    for ascii_only in (True, False):
        text = json.dumps(form, ensure_ascii=ascii_only)[1:-1]
        yield text
        # As the writers of pages do.
        yield re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(character: str, as_it_is: bool) -> str:
    if character in _ESCAPED:
        return f"\\{_ESCAPED[character]}"
    octets = character.encode(errors="surrogatepass")
    return character if as_it_is and character.isprintable() else "".join(f"\\{one:03o}" for one in octets)
