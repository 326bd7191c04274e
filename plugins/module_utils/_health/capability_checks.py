# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry may do or not: a list of its repositories, and of what refers to an image."""

from __future__ import annotations

from itertools import islice

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Stopwatch,
    not_asked,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import parse_digest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    AuthenticationFailed,
    OciError,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.paging import repositories
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.referrers import referrers

_NOT_OFFERED = frozenset({400, 401, 403, 404, 405, 501})
_MOST_COUNTED = 1000


def check_catalog(
    client: Client, asked: bool, usable: bool, deadline: Deadline
) -> tuple[CheckResult, bool | None]:
    """The list of repositories, which is no part of the specification; and whether there is one."""
    if not asked:
        return not_asked("catalog"), None
    if not usable:
        return skipped("catalog", "an earlier check failed"), None
    watch = Stopwatch("catalog")
    absent = "not offered, which is no fault: the specification has no such list"
    try:
        count = sum(1 for _name in islice(repositories(client, deadline), _MOST_COUNTED))
    except UnexpectedStatus as error:
        if error.status in _NOT_OFFERED:
            return watch.ok(f"{absent} (HTTP {error.status})"), False
        return watch.fail(error.message), None
    except AuthenticationFailed:
        return watch.ok(f"{absent} to these credentials"), False
    except OciError as error:
        return watch.fail(error.message), None
    return watch.ok(f"{'at least ' if count == _MOST_COUNTED else ''}{count} repositories"), True


def check_referrers(
    client: Client, known: tuple[str, str] | None, deadline: Deadline
) -> tuple[CheckResult, bool | None]:
    """What refers to an image; and whether the registry has an API for that.

    ``known``: the repository and digest of a manifest that is there.
    """
    if known is None:
        return skipped("referrers", "no image is known to ask for"), None
    watch = Stopwatch("referrers")
    repository, digest = known
    try:
        found = referrers(client, repository, parse_digest(digest), deadline)
    except OciError as error:
        return watch.warn(error.message), None
    if found.supported:
        return watch.ok(f"the API is there; {len(found.found)} refer to {repository}@{digest}"), True
    return watch.ok("no API for them, so clients use a tag instead (distribution 3 has none)"), False
