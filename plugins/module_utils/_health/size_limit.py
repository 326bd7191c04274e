# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a request may be until something in front of the registry cuts it off."""

from __future__ import annotations

import secrets

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.probe import random_body
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client, push_scope
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    ProtocolFault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Request
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import upload_session

_KIB = 1024
_SMALL = 64 * _KIB
_TOO_LARGE = 413


def largest_body(client: Client, repository: str, failed: int, deadline: Deadline, cleanup: Deadline) -> str:
    """The largest request body that passes, as words, found by halving below ``failed`` octets.

    Nothing is stored: the bodies are sent under a digest that they do not have, so what gets through is
    refused by the registry itself.
    """
    unit = _KIB if failed > _SMALL else 1
    low, high = 0, -(-failed // unit)
    try:
        while high - low > 1:
            middle = (low + high) // 2
            if _passes(client, repository, middle * unit, deadline, cleanup):
                low = middle
            else:
                high = middle
    except OciError as error:
        between = f"between {_shown(low * unit)} and {_shown(high * unit)}"
        return f"the largest that passes is {between} (not found out: {error.message})"
    return f"the largest that passes is {_shown(low * unit)}"


def _passes(client: Client, repository: str, size: int, deadline: Deadline, cleanup: Deadline) -> bool:
    """Raises OciError where even the beginning of an upload fails."""
    absent = digest_of(secrets.token_bytes(32))
    with upload_session(client, repository, deadline, cleanup) as session:
        url = session.url.with_parameter("digest", str(absent))
        headers = (("Content-Type", "application/octet-stream"),)
        request = Request("PUT", url, headers, random_body(size, secrets.randbits(64)))
        try:
            answer = client.send(request, push_scope(repository), deadline)
        except ProtocolFault:
            return False
    return answer.status != _TOO_LARGE


def _shown(size: int) -> str:
    for unit, length in (("GiB", _KIB**3), ("MiB", _KIB**2), ("KiB", _KIB)):
        if size >= length:
            return f"{size} octets ({size / length:.4g} {unit})"
    return f"{size} octets"
