# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conditions of routes as lines of HAProxy's configuration.

Named ACLs throughout: a value between the braces of an anonymous one could end it. Lines of the same name add
up.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import (
    LONGEST_TEXT,
    read_pattern,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import (
    ConditionalRule,
    Program,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_networks import (
    as_version_6,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import (
    checked_name,
    quoted,
    quoted_constant,
    quoted_expansion,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
)

# A line has room for 64 words in HAProxy 2.6.
_VALUES_PER_LINE = 16
# Of no client and no proxy.
_NOWHERE = "::/128"
TOLD_CLIENT = "txn.told_client"


@dataclass(frozen=True)
class Samples:
    """Where a request's values are found.

    :ivar address: the client's address
    :ivar kept_header: the header whose first line is kept in TOLD_CLIENT, since it is changed; or empty
    """

    address: str
    kept_header: str

    def header(self, name: str) -> str:
        """The whole first line: req.hdr would take it apart at commas."""
        if name == self.kept_header:
            return f"var({TOLD_CLIENT})"
        return f"req.fhdr({checked_name(name)},1)"


def header_names(rules: Program) -> set[str]:
    """The headers that some rule looks at."""
    return {header.name for entry in rules.conditionals for header in entry.conditions.headers}


def acl_lines(name: str, sample: str, method: str, values: Sequence[str]) -> Iterator[str]:
    """A test that holds if one of the values does.

    :param sample: an expression, which is quoted here
    :param method: how to compare: ``str``, ``beg``, ``reg`` or ``ip``
    """
    for start in range(0, len(values), _VALUES_PER_LINE):
        words = " ".join(quoted(value) for value in values[start : start + _VALUES_PER_LINE])
        yield f"acl {name} {quoted(sample)} -m {method} -- {words}"


def network_acl(name: str, sample: str, networks: Iterable[str]) -> Iterator[str]:
    """A test for an address in one of the networks, which may be none at all."""
    return acl_lines(name, sample, "ip", list(networks) or [_NOWHERE])


def conditional_lines(entry: ConditionalRule, value: str, samples: Samples) -> Iterator[str]:
    """Sets the variable ``txn.rule`` to ``value`` where the rule holds and no earlier one does."""
    name = f"r{entry.rule.order}"
    tests = [list(lines) for lines in _tests(name, entry.conditions, samples)]
    yield from itertools.chain.from_iterable(tests)
    guard = [f"!{{ var(txn.rule) -m int lt {entry.rule.order} }}"] if entry.is_guarded else []
    # The name is a line's second word.
    names = [lines[0].split(" ", 2)[1] for lines in tests]
    yield f"http-request set-var(txn.rule) {quoted_constant(value)} if {' '.join([*guard, *names])}"


def replacement_line(entry: ConditionalRule) -> str:
    """Puts the expansion in place of the path, once this rule is known to be the one."""
    pattern, replacement = (
        quoted(read_pattern(entry.conditions.paths[0].value).text),
        quoted_expansion(entry.replacement),
    )
    condition = f"{{ var(txn.rule) -m int eq {entry.rule.order} }}"
    return f"http-request replace-path {pattern} {replacement} if {condition}"


def _tests(name: str, conditions: Conditions, samples: Samples) -> Iterator[Iterator[str]]:
    if conditions.methods:
        # From 3.x on, HAProxy warns where something else is said than how it compares methods anyway.
        yield iter([f"acl {name}_method method {' '.join(map(checked_name, conditions.methods))}"])
    if conditions.source_ranges:
        yield network_acl(f"{name}_source", samples.address, as_version_6(conditions.source_ranges))
    if conditions.hosts:
        yield acl_lines(f"{name}_host", "var(txn.host)", "str", conditions.hosts)
    if conditions.paths:
        yield _path_tests(f"{name}_path", conditions.paths)
    for index, header in enumerate(conditions.headers):
        sample = samples.header(header.name)
        if header.regex:
            yield acl_lines(f"{name}_length{index}", sample, "len", [f"0:{LONGEST_TEXT}"])
        yield _header_tests(f"{name}_header{index}", sample, header)


def _path_tests(name: str, paths: Sequence[PathMatch]) -> Iterator[str]:
    exact = [path.value for path in paths if path.kind is PathKind.EXACT]
    # Of whole segments, by the slash that is added to the path.
    prefixes = [path.value.rstrip("/") + "/" for path in paths if path.kind is PathKind.PREFIX]
    regexes = [read_pattern(path.value).text for path in paths if path.kind is PathKind.REGEX]
    yield from acl_lines(name, "path,concat(/)", "beg", prefixes)
    yield from acl_lines(name, "path", "str", exact)
    yield from acl_lines(name, "path", "reg", regexes)


def _header_tests(name: str, sample: str, header: HeaderMatch) -> Iterator[str]:
    if header.regex:
        return acl_lines(name, sample, "reg", [read_pattern(header.regex).text])
    return acl_lines(name, sample, "str", header.values)
