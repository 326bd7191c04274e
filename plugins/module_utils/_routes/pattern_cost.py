# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a search for a regular expression can take at worst.

A matcher goes back where a part of the text can be shared out in several ways. Their number is bounded here:
the product, over all repetitions and choices, of the ways each can go on where the next character leaves
more than one.
"""

from __future__ import annotations

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


def cost_of(node: Node, length: int) -> int:
    """Number of steps that a text of ``length`` octets can take, roughly; at most 2 ** 64."""
    starts = 1 if _is_anchored(node) else length
    return min(_CEILING, starts * _ways(node, frozenset(), length))


def _is_anchored(node: Node) -> bool:
    if isinstance(node, Assertion):
        return node.sign == "^"
    if isinstance(node, Sequence):
        return bool(node.parts) and _is_anchored(node.parts[0])
    if isinstance(node, Choice):
        return all(_is_anchored(branch) for branch in node.branches)
    return False


def _ways(node: Node, after: Octets, length: int) -> int:
    """``after``: what can stand behind the node; nothing where the search has ended by then."""
    if isinstance(node, Sequence):
        return _sequence_ways(node, after, length)
    if isinstance(node, Choice):
        return _choice_ways(node, after, length)
    if isinstance(node, Repeat):
        return _repeat_ways(node, after, length)
    return 1


def _sequence_ways(node: Sequence, after: Octets, length: int) -> int:
    ways = 1
    for part in reversed(node.parts):
        ways = min(_CEILING, ways * _ways(part, after, length))
        after = _first(part, after)
    return ways


def _choice_ways(node: Choice, after: Octets, length: int) -> int:
    open_branches = 1
    seen: set[int] = set()
    for branch in node.branches:
        first = _first(branch, after)
        open_branches += bool(seen & first)
        seen |= first
    each = max(_ways(branch, after, length) for branch in node.branches)
    return min(_CEILING, open_branches * each)


def _repeat_ways(node: Repeat, after: Octets, length: int) -> int:
    most = length if node.most is None else node.most
    again = _first(node.node, frozenset())
    stops = most - node.least + 1 if again & after else 1
    if isinstance(node.node, Single):
        return stops
    inner = _ways(node.node, after | again, length)
    ways = stops
    for _ in range(most):
        ways = min(_CEILING, ways * inner)
    return ways


def _first(node: Node, after: Octets) -> Octets:
    """What a match of the node, and of what stands behind it, can begin with."""
    if isinstance(node, Single):
        return node.octets
    if isinstance(node, Assertion):
        # The end of the text is no character, so it leaves no choice.
        return frozenset() if node.sign == "$" else ALL
    if isinstance(node, Choice):
        return frozenset().union(*(_first(branch, after) for branch in node.branches))
    if isinstance(node, Repeat):
        first = _first(node.node, after)
        return first | after if node.least == 0 else first
    for part in reversed(node.parts):
        after = _first(part, after)
    return after
