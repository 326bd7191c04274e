# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a search for a regular expression can take at worst.

A matcher goes back where a part of the text can be shared out in several ways. The steps are counted as for a
matcher that tries all of them: what stands behind a part is searched as often as the part can end, where the
next character leaves more than one choice. What cannot fail any more is searched once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern_tree import (
    ALL,
    Assertion,
    Choice,
    Node,
    Octets,
    Repeat,
    Sequence,
    Single,
)

# More is too much in any case; keeps the numbers small.
_CEILING = 2**64
_NOTHING: Octets = frozenset()
# To enter and leave a group, measured beside one character.
_GROUP_STEPS = 5
_NOT_A_LINE_END = ALL - {ord("\n")}


@dataclass(frozen=True)
class _Effort:
    """The steps from a place of the expression to its end.

    :ivar steps: each time a search comes there
    :ivar once: only once, since nothing can fail from there on
    :ivar ends: whether nothing can fail from this place on; there are no ``steps`` then
    """

    steps: int
    once: int
    ends: bool = False


def cost_of(node: Node, length: int) -> int:
    """Number of steps that a text of ``length`` octets can take, roughly; at most 2 ** 64."""
    effort = _effort(node, _NOTHING, _Effort(0, 1, ends=True), length)
    starts = 1 if _is_anchored(node) else length
    return min(_CEILING, starts * max(1, effort.steps) + effort.once)


def can_begin_with(node: Node, octet: int) -> bool:
    """Whether it may be found in a text that begins with the octet; True if in doubt."""
    return not _is_anchored(node) or octet in _first(node, ALL)


def _is_anchored(node: Node) -> bool:
    if isinstance(node, Assertion):
        return node.sign == "^"
    if isinstance(node, Sequence):
        return bool(node.parts) and _is_anchored(node.parts[0])
    if isinstance(node, Choice):
        return all(_is_anchored(branch) for branch in node.branches)
    return False


def _effort(node: Node, after: Octets, behind: _Effort, length: int) -> _Effort:
    """From the node on.

    :param after: what can stand behind the node; nothing where the search has ended by then
    :param behind: from there on
    """
    if isinstance(node, Sequence):
        return _sequence_effort(node, after, behind, length)
    if isinstance(node, Choice):
        return _choice_effort(node, after, behind, length)
    if isinstance(node, Repeat):
        return _repeat_effort(node, after, behind, length)
    return _Effort(min(_CEILING, behind.steps + 1), behind.once)


def _sequence_effort(node: Sequence, after: Octets, behind: _Effort, length: int) -> _Effort:
    before: Iterator[Node | None] = iter((*reversed(node.parts[:-1]), None))
    for part in reversed(node.parts):
        # No text that is searched has a line end, so this takes all of it.
        is_rest = _takes_rest(next(before)) and part == Assertion("$") and behind.ends
        behind = behind if is_rest else _effort(part, after, behind, length)
        after = _first(part, after)
    return behind


def _takes_rest(node: Node | None) -> bool:
    return (
        isinstance(node, Repeat)
        and node.most is None
        and isinstance(node.node, Single)
        and node.node.octets >= _NOT_A_LINE_END
    )


def _choice_effort(node: Choice, after: Octets, behind: _Effort, length: int) -> _Effort:
    open_branches = 1
    seen: set[int] = set()
    for branch in node.branches:
        first = _first(branch, after)
        open_branches += bool(seen & first)
        seen |= first
    efforts = [_effort(branch, after, behind, length) for branch in node.branches]
    steps = open_branches * max(effort.steps for effort in efforts) + _GROUP_STEPS * len(efforts)
    once = max(effort.once for effort in efforts)
    if any(effort.ends for effort in efforts):
        return _Effort(0, min(_CEILING, steps + once), ends=True)
    return _Effort(min(_CEILING, steps), once)


def _repeat_effort(node: Repeat, after: Octets, behind: _Effort, length: int) -> _Effort:
    again = _first(node.node, _NOTHING)
    is_open = bool(again & after)
    more = (length if node.most is None else node.most) - node.least
    if isinstance(node.node, Single):
        # There and, one character after the other, back again.
        effort = _Effort((more + 1 if is_open else 1) * behind.steps + 2 * more, behind.once)
        least = node.least
        effort = _optional(effort, behind)
        return _Effort(min(_CEILING, effort.steps + least), effort.once) if least else effort
    effort = behind
    for _more in range(more):
        inner = _effort(node.node, after | again, effort, length)
        steps = inner.steps + behind.steps if is_open else max(inner.steps, behind.steps)
        effort = _optional(_Effort(min(_CEILING, steps + _GROUP_STEPS), max(inner.once, behind.once)), behind)
    for _time in range(node.least):
        inner = _effort(node.node, after | again, effort, length)
        effort = _Effort(min(_CEILING, inner.steps + _GROUP_STEPS), inner.once)
    return effort


def _optional(effort: _Effort, behind: _Effort) -> _Effort:
    """The effort of what may be left out."""
    if behind.ends:
        return _Effort(0, min(_CEILING, effort.steps + effort.once), ends=True)
    return effort


def _first(node: Node, after: Octets) -> Octets:
    """What a match of the node, and of what stands behind it, can begin with."""
    if isinstance(node, Single):
        return node.octets
    if isinstance(node, Assertion):
        # The end of the text is no character, so it leaves no choice.
        return {"$": _NOTHING, "^": after}.get(node.sign, ALL)
    if isinstance(node, Choice):
        return _NOTHING.union(*(_first(branch, after) for branch in node.branches))
    if isinstance(node, Repeat):
        first = _first(node.node, after)
        return first | after if node.least == 0 else first
    for part in reversed(node.parts):
        after = _first(part, after)
    return after
