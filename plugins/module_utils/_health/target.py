# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import Platform
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import Origin, parse_url


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The repository to push to, pull from and delete in; and why that is not done although asked for.

    ``size``: octets of content.
    """

    repository: str
    size: int = 1024
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be in a repository: these tags (or digests), or all that it lists, for each platform."""

    repository: str
    tags: tuple[str, ...] = ()
    all_tags: bool = False
    platforms: tuple[Platform, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One registry and what is expected of it.

    ``address``: connect there instead of resolving the name. ``expected_certificate``: DER form of what the
    secret ``certificate_secret`` (``namespace/name``) holds. ``ca_shown``: how messages name the roots in
    ``trust``. ``min_days_left`` and ``fail_days_left``:
    days below which a certificate's end is a warning, or a failure. ``max_latency_ms``: above it, slowness is
    a warning. ``connections``: how many at once for what is ``expected``; ``deep``: its blobs as well.
    """

    registry: Origin
    trust: Trust = field(default_factory=Trust)
    address: str | None = None
    credentials: Credentials | None = None
    token_hosts: tuple[str, ...] = ()
    wrong_credentials: bool = True
    every_address: bool = False
    min_days_left: int = 7
    fail_days_left: int = 0
    max_latency_ms: int | None = None
    expected: tuple[Expected, ...] = ()
    deep: bool = False
    connections: int = 8
    catalog: bool = False
    expected_certificate: bytes | None = None
    certificate_secret: str = ""
    ca_shown: str = "the CA given"
    round_trip: RoundTrip | None = None


def registry_of_url(text: str) -> Origin:
    """The registry behind a URL whose path is empty, ``/``, ``/v2`` or ``/v2/``.

    Raises SyntaxFault.
    """
    url = parse_url(text)
    if url.target not in ("/", "/v2", "/v2/"):
        raise SyntaxFault(
            f"the path {url.target.partition('?')[0]} is not allowed: a registry is at the root of its host"
        )
    return url.origin
