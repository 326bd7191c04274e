# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the network up to ``/v2/``: at the name as it resolves, and at each address behind it on its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.api_checks import check_api
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.certificate_checks import (
    Served,
    check_days_left,
    check_equals_secret,
    check_tls,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Status,
    Stopwatch,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import Target
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import OciError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import Origin

_MOST_ADDRESSES = 64
# For the client that the first answers come from: of those it matters how they fare at once.
FIRST_PATIENCE = Patience(tries=5, only_when_asked=True)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one came: the checks in their order, the served certificate, and the answer to ``/v2/``."""

    checks: tuple[CheckResult, ...]
    served: Served | None
    answer: Response | None
    received: datetime


def reach(target: Target, transport: Transport, anonymous: Client, deadline: Deadline) -> Reached:
    """Connection, TLS, the certificate's end and whether it is that of the secret, API."""
    connection = _check_connection(target, transport, deadline)
    reachable = connection.status is Status.OK
    served: Served | None = None
    if reachable:
        tls, served = check_tls(target, transport, deadline)
    else:
        tls = skipped("tls", "no connection")
    checks = [connection, tls]
    if target.registry.scheme == "https":
        checks += [check_days_left(target, served), check_equals_secret(target, served)]
    answer: Response | None = None
    if not reachable:
        api = skipped("api", "no connection")
    elif tls.status is Status.FAIL:
        api = skipped("api", "no trusted TLS connection")
    else:
        api, answer = check_api(anonymous, deadline)
    return Reached((*checks, api), served, answer, datetime.now(UTC))


def reach_every_address(target: Target, transport: Transport, deadline: Deadline) -> list[CheckResult]:
    """The same for each address, under names such as ``tls[198.18.0.1]``.

    Each has its share of the time that is left, and so has what is done afterwards.
    """
    checks: list[CheckResult] = []
    try:
        addresses = transport.addresses(target.registry, deadline)[:_MOST_ADDRESSES]
    except OciError:
        # The check of the connection has told it.
        return checks
    context = client_context(target.trust)
    for position, address in enumerate(addresses):
        share = max(0.0, deadline.at - time.monotonic()) / (len(addresses) - position + 1)
        part = Deadline(time.monotonic() + share, deadline.seconds)
        pinned = replace(target, address=address.host)
        own = Transport(context, {target.registry.host: address.host})
        try:
            reached = reach(pinned, own, Client(target.registry, own, patience=FIRST_PATIENCE), part)
        finally:
            own.close()
        for check in reached.checks:
            late = check.status is Status.FAIL and part.passed
            told = f"{check.message} (this address had {share:.1f} s of it)" if late else check.message
            checks.append(replace(check, name=f"{check.name}[{address.host}]", message=told))
    return checks


def _check_connection(target: Target, transport: Transport, deadline: Deadline) -> CheckResult:
    """Does the name resolve, and does something accept connections there?"""
    watch = Stopwatch("connection")
    plain = Origin("http", target.registry.host, target.registry.port)
    try:
        transport.connect(plain, deadline).close()
        # The one that accepted comes first from now on.
        accepted, *others = transport.addresses(plain, deadline)
    except OciError as error:
        return watch.fail(error.message)
    shown = f"{accepted.host}{' (given, not resolved)' if target.address is not None else ''}"
    told = f", the first of {1 + len(others)} addresses that did" if others else ""
    return watch.ok(f"{shown} accepts connections on port {target.registry.port}{told}")
