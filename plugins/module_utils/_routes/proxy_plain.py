# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short way for the many requests that nothing but one look-up has to be asked about.

What is not plainly allowed goes the long way, where it gets the same Location or the reason why not. So this
may know less than the guards, and never more.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import Program
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import quoted
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings

# Segments with nothing encoded, none of which begins like a dot segment or a path of the router's own.
_PLAIN = r"^(?:/(?![._])[^\x00-\x20\x7f-\xff%\\#?/]*+)++(?:\?[!-~]*+)?$"


def has_short_way(rules: Program, settings: RouterSettings) -> bool:
    """Whether one look-up by path alone decides.

    No route asks for more, all answer with the same code and the whole path, and nothing has to be known of
    the client.
    """
    every = list(rules.rules)
    return bool(every) and not (
        settings.oci
        or settings.trusted_proxies
        or rules.conditionals
        or rules.searches_paths
        or any(entry.host for entry in rules.maps)
        or any(rule.cut for rule in every)
        or len({rule.code for rule in every}) > 1
    )


def short_way(lookup: str, redirect: str) -> Iterator[str]:
    """The lines, which need the ACL ``method_allowed``.

    :param lookup: sets txn.rule where a route has the path
    :param redirect: answers with what txn.rule says
    """
    yield f"acl plain url -m reg -- {quoted(_PLAIN)}"
    yield f"{lookup} if method_allowed plain"
    yield f"{redirect} if {{ var(txn.rule) -m found }}"
