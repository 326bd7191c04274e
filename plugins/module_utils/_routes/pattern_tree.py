# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of the accepted regular expressions, as a tree."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TypeAlias

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError

MOST_REPEATS = 100
MOST_GROUPS = 9
_DEEPEST = 20
# PCRE2 refuses 64 KiB; what it makes of the parts here is never more than these.
LARGEST = 32_768
_CHARACTER_SIZE = 4
_CLASS_SIZE = 36
_REPEAT_SIZE = 8
_GROUP_SIZE = 16

Octets = frozenset[int]
ALL: Octets = frozenset(range(256))
_DIGITS: Octets = frozenset(map(ord, string.digits))
_WORD: Octets = frozenset(map(ord, string.digits + string.ascii_letters + "_"))
_SPACE: Octets = frozenset(map(ord, " \t\n\r\f\v"))
_CLASSES = {
    "d": _DIGITS,
    "w": _WORD,
    "s": _SPACE,
    "D": ALL - _DIGITS,
    "W": ALL - _WORD,
    "S": ALL - _SPACE,
}
_COUNT = re.compile(r"\{([0-9]{1,3})(,?)([0-9]{0,3})\}")


class PatternError(ArtifactsError):
    """A regular expression that is not accepted."""


@dataclass(frozen=True)
class Single:
    """One character out of these."""

    octets: Octets


@dataclass(frozen=True)
class Assertion:
    r"""``^``, ``$`` or ``\b``: matches between two characters."""

    sign: str


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of them, the first ones first."""

    branches: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """``least`` to ``most`` times; ``most`` is None without a limit, and only of a Single."""

    node: Node
    least: int
    most: int | None


Node: TypeAlias = "Single | Assertion | Sequence | Choice | Repeat"


@dataclass(frozen=True)
class Tree:
    """A whole expression.

    :ivar outer: for each capturing group, the number of the one around it; 0 for none
    """

    node: Node
    outer: tuple[int, ...]


def parse(text: str) -> Tree:
    """The tree of printable ASCII. Raises PatternError."""
    parser = _Parser(text)
    node = parser.choice(0)
    if parser.position < len(text):
        raise parser.refused("a ) without its (")
    if parser.size > LARGEST:
        raise PatternError(
            f"written without its repetitions, the expression has about {parser.size} octets;"
            f" at most {LARGEST} are allowed"
        )
    return Tree(node, tuple(parser.outer))


def may_be_empty(node: Node) -> bool:
    """Whether it can match no character at all."""
    if isinstance(node, Single):
        return False
    if isinstance(node, Sequence):
        return all(may_be_empty(part) for part in node.parts)
    if isinstance(node, Choice):
        return any(may_be_empty(branch) for branch in node.branches)
    if isinstance(node, Repeat):
        return node.least == 0 or may_be_empty(node.node)
    return True


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.outer: list[int] = []
        # Of the program that PCRE2 makes of it: each repetition of a group is one more copy.
        self.size = 0
        self._inside = 0

    def refused(self, reason: str) -> PatternError:
        return PatternError(f"{reason}, at character {self.position + 1}")

    def choice(self, depth: int) -> Node:
        branches = [self.sequence(depth)]
        while self._take("|"):
            self.size += _CHARACTER_SIZE
            branches.append(self.sequence(depth))
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._next() not in ("", "|", ")"):
            groups, size, is_group = len(self.outer), self.size, self._next() == "("
            node = self._atom(depth)
            if is_group and isinstance(node, Single):
                # PCRE2 repeats it as a group, too.
                node = Sequence((node,))
            part = self._repeated(node, has_group=len(self.outer) > groups)
            if isinstance(part, Repeat) and part is not node:
                copies = (part.most or part.least + 1) if is_group else 1
                self.size = size + copies * (self.size - size + _REPEAT_SIZE)
            parts.append(part)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _next(self, length: int = 1) -> str:
        return self.text[self.position : self.position + length]

    def _take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.position):
            return False
        self.position += len(sign)
        return True

    def _atom(self, depth: int) -> Node:
        sign = self._next()
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escape()
        if sign in "*+?":
            raise self.refused(f"nothing that {sign} could repeat")
        if sign in "{}]":
            raise self.refused(f"a {sign} that has to be written \\{sign}")
        self.position += 1
        self.size += _CHARACTER_SIZE
        if sign in "^$":
            return Assertion(sign)
        return Single(ALL - {ord("\n")} if sign == "." else frozenset({ord(sign)}))

    def _group(self, depth: int) -> Node:
        if depth == _DEEPEST:
            raise self.refused(f"groups more than {_DEEPEST} deep")
        if self._next(2) == "(?" and self._next(3) != "(?:":
            raise self.refused(f"{self._next(3)}, which is not allowed; groups are ( ) and (?: )")
        start, around = self.position, self._inside
        self.size += _GROUP_SIZE
        if not self._take("(?:"):
            self._take("(")
            self.outer.append(around)
            self._inside = len(self.outer)
            if len(self.outer) > MOST_GROUPS:
                raise self.refused(f"more than {MOST_GROUPS} groups that capture; write (?: )")
        node = self.choice(depth + 1)
        self._inside = around
        if not self._take(")"):
            self.position = start
            raise self.refused("a ( without its )")
        return node

    def _escape(self) -> Node:
        sign = self._next(2)[1:]
        self.size += _CLASS_SIZE if sign in _CLASSES else _CHARACTER_SIZE
        if sign == "b":
            self.position += 2
            return Assertion("\\b")
        return Single(self._escaped())

    def _escaped(self) -> Octets:
        r"""What a backslash and the character after it stand for; takes both."""
        sign = self._next(2)[1:]
        if sign and sign in _CLASSES:
            octets = _CLASSES[sign]
        elif sign and sign in string.punctuation:
            octets = frozenset({ord(sign)})
        else:
            allowed = r"\d \w \s \D \W \S \b and \ before punctuation"
            raise self.refused(f"\\{sign}, which is not allowed; allowed are {allowed}")
        self.position += 2
        return octets

    def _class(self) -> Node:
        self.position += 1
        negated = self._take("^")
        first = self.position
        octets: set[int] = set()
        while self._next() != "]" or self.position == first:
            octets |= self._range(is_first=self.position == first)
        self.position += 1
        self.size += _CHARACTER_SIZE if len(octets) == 1 else _CLASS_SIZE
        return Single(ALL - octets if negated else frozenset(octets))

    def _range(self, *, is_first: bool) -> Octets:
        place = self.position
        low = self._class_member(is_first=is_first)
        if self._next() != "-" or self._next(2) == "-]":
            return low
        self.position += 1
        high = self._class_member(is_first=False)
        # A class such as \d has several.
        if len(low) > 1 or len(high) > 1 or min(low) > min(high):
            self.position = place
            raise self.refused("a range without a lower and a higher end")
        return frozenset(range(min(low), min(high) + 1))

    def _class_member(self, *, is_first: bool) -> Octets:
        sign = self._next()
        if not sign:
            raise self.refused("the ] of a class is missing")
        if sign == "\\":
            return self._escaped()
        # Python announces that doubled signs in a class will have a meaning.
        doubled = sign in "&|~-" and self._next(2) == sign * 2
        if doubled or sign in "[]" or (sign == "-" and not is_first and self._next(2) != "-]"):
            raise self.refused(f"a {sign} in a class that has to be written \\{sign}")
        self.position += 1
        return frozenset({ord(sign)})

    def _repeated(self, node: Node, *, has_group: bool) -> Node:
        place = self.position
        bounds = self._bounds()
        if bounds is None:
            return node
        self._take("?")
        if self._next() in ("*", "+", "?", "{"):
            raise self.refused(f"a {self._next()} after something that is repeated already")
        least, most = bounds
        end, self.position = self.position, place
        if may_be_empty(node):
            raise self.refused("a repetition of something that can be empty")
        if has_group and most != 1:
            raise self.refused("a group that captures and is repeated; write (?: )")
        if most is None and not isinstance(node, Single):
            limit = f"allowed is a number, such as {{1,10}}, of at most {MOST_REPEATS}"
            raise self.refused(f"a group repeated without a limit; {limit}")
        self.position = end
        return Repeat(node, least, most)

    def _bounds(self) -> tuple[int, int | None] | None:
        """How often; None where no quantifier follows."""
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        if self._next() != "{":
            return None
        found = _COUNT.match(self.text, self.position)
        if found is None:
            raise self.refused("a { that is neither {m}, {m,} or {m,n} nor written \\{")
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        allowed = least <= MOST_REPEATS if most is None else max(least, 1) <= most <= MOST_REPEATS
        if (not found[2] and found[3]) or not allowed:
            raise self.refused(f"{found[0]}, which is not a number of repetitions from 1 to {MOST_REPEATS}")
        self.position = found.end()
        return least, most
