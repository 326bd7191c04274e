# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts secrets that a server echoed out of what is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    ReferenceResult,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import CUT, printable

_LONGEST_MESSAGE = 3000
_SHORTEST_EVERYWHERE = 4
_HIDDEN = "********"


class Redaction:
    """Of these secrets, in any text and whatever their letters' case, for media types lose it.

    A secret of two or three characters is cut out where it stands by itself, not inside a longer word: cut
    out everywhere it would garble the text, and be told by what is missing. For the same reason one of a
    single character is left alone.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        spelled = {form for secret in secrets for form in _forms(secret)}
        longest_first = sorted(spelled, key=len, reverse=True)
        self._everywhere: dict[str, list[str]] = {}
        for secret in longest_first:
            if len(secret) >= _SHORTEST_EVERYWHERE:
                self._everywhere.setdefault(secret[:_SHORTEST_EVERYWHERE], []).append(secret)
        short = [_by_itself(secret) for secret in longest_first if 1 < len(secret) < _SHORTEST_EVERYWHERE]
        # One search for the beginnings of all: there may be a hundred long tokens and thousands of texts.
        self._beginnings = (
            re.compile("|".join(map(re.escape, self._everywhere))) if self._everywhere else None
        )
        self._by_itself = re.compile("|".join(short), re.IGNORECASE) if short else None

    def text(self, text: str) -> str:
        """One printable line without the secrets, nor the beginning of one where the text was cut off."""
        if self._beginnings is not None:
            text = _hide(text, self._found(_folded(text), self._beginnings))
        if self._by_itself is not None:
            text = self._by_itself.sub(_HIDDEN, text)
        return printable(text, _LONGEST_MESSAGE)

    def _found(self, text: str, beginnings: re.Pattern[str]) -> list[tuple[int, int]]:
        """Where secrets begin and end, in the order of their beginnings; they may overlap."""
        found: list[tuple[int, int]] = []
        match = beginnings.search(text)
        while match is not None:
            start = match.start()
            cut = text.find(CUT, start)
            part = text[start:cut] if cut - start >= _SHORTEST_EVERYWHERE else None
            for secret in self._everywhere[match[0]]:
                if text.startswith(secret, start):
                    found.append((start, start + len(secret)))
                    break
                if part is not None and secret.startswith(part):
                    found.append((start, cut))
                    break
            match = beginnings.search(text, start + 1)
        return found

    def check(self, check: CheckResult) -> CheckResult:
        """The result as it may be shown."""
        lines = tuple(self.text(line) for line in check.lines)
        return replace(check, message=self.text(check.message), lines=lines)

    def reference(self, found: ReferenceResult) -> ReferenceResult:
        """The result as it may be shown."""
        return replace(
            found,
            reference=self.text(found.reference),
            message=self.text(found.message),
            digest=self.text(found.digest),
            media_type=self.text(found.media_type),
            platforms=tuple(self.text(name) for name in found.platforms),
        )


class CurrentRedaction:
    """The redaction of secrets that become more in the meantime; may be used by several threads at once."""

    def __init__(self, secrets: Callable[[], frozenset[str]]) -> None:
        self._secrets = secrets
        self._made: tuple[frozenset[str], Redaction] = (frozenset(), Redaction(()))

    def __call__(self) -> Redaction:
        """That of all secrets there are by now."""
        secrets = self._secrets()
        known, redaction = self._made
        if secrets != known:
            redaction = Redaction(secrets)
            self._made = (secrets, redaction)
        return redaction


def _forms(secret: str) -> tuple[str, ...]:
    """As it is found: as it was sent, where a text went through printable, and in a header (as Latin-1)."""
    in_header = secret.encode("utf-8", "replace").decode("latin-1")
    return tuple(_folded(form) for form in (secret, printable(secret, len(secret)), in_header))


def _folded(text: str) -> str:
    """In lower case, character by character, so that what is found stands at the same place in the text."""
    if text.isascii():
        return text.lower()
    return "".join(
        character.casefold() if len(character.casefold()) == 1 else character for character in text
    )


def _hide(text: str, found: list[tuple[int, int]]) -> str:
    """Without the parts found; those that overlap are hidden as one."""
    shown: list[str] = []
    end = 0
    for start, stop in found:
        if start >= end:
            shown += (text[end:start], _HIDDEN)
        end = max(end, stop)
    return "".join((*shown, text[end:])) if found else text


def _by_itself(secret: str) -> str:
    before = r"(?<!\w)" if re.match(r"\w", secret[0]) else ""
    after = r"(?!\w)" if re.match(r"\w", secret[-1]) else ""
    return f"{before}{re.escape(secret)}{after}"
