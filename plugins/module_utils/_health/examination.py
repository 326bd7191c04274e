# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, in their order: what needs an earlier one that failed is skipped, with the reason."""

from __future__ import annotations

import time

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.api_checks import (
    check_anonymous,
    check_api,
    check_credentials,
    check_no_credentials,
    schemes_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.certificate_checks import (
    Served,
    check_days_left,
    check_equals_secret,
    check_tls,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Report,
    Status,
    Stopwatch,
    redacted,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.round_trip import (
    RoundTripOutcome,
    check_round_trip,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import Target
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import OciError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport


def examine(target: Target, deadline: Deadline) -> Report:
    """Checks the registry once. Raises TlsFailed where the trusted roots cannot be read, and nothing else."""
    pinned = {} if target.address is None else {target.registry.host: target.address}
    transport = Transport(client_context(target.trust), pinned)
    own = Client(target.registry, transport, target.credentials, target.token_hosts)
    anonymous = Client(target.registry, transport, None, target.token_hosts)
    try:
        report = _run_checks(target, own, anonymous, deadline)
    finally:
        transport.close()
    secrets = own.secrets | anonymous.secrets
    return Report(
        tuple(redacted(check, secrets) for check in report.checks),
        report.certificate,
        report.capabilities,
        report.leftovers,
    )


def examine_until_healthy(target: Target, retries: int, delay: float, deadline: Deadline) -> Report:
    """Checks again, ``delay`` seconds apart, until it is healthy, ``retries`` are used up, or time is over.

    What any of the attempts left behind is in the report. Raises as examine does.
    """
    left: dict[str, None] = {}
    for attempt in range(retries + 1):
        report = examine(target, deadline)
        left.update(dict.fromkeys(report.leftovers))
        if report.healthy or attempt == retries or time.monotonic() + delay >= deadline.at:
            break
        time.sleep(delay)
    return Report(report.checks, report.certificate, report.capabilities, tuple(left))


def _run_checks(target: Target, own: Client, anonymous: Client, deadline: Deadline) -> Report:
    transport = own.transport
    connection = _check_connection(target, transport, deadline)
    checks = [connection]
    reachable = connection.status is Status.OK
    served: Served | None = None
    if reachable:
        tls, served = check_tls(target, transport, deadline)
    else:
        tls = skipped("tls", "no connection")
    usable = reachable and tls.status is not Status.FAIL
    checks += [tls]
    if target.registry.scheme == "https":
        checks += [check_days_left(target, served), check_equals_secret(target, served)]
    if usable:
        api, answer = check_api(anonymous, deadline)
    else:
        api, answer = skipped("api", "no connection" if not reachable else "no trusted TLS connection"), None
    checks.append(api)
    if target.credentials is None:
        checks.append(check_no_credentials(anonymous, answer, deadline))
    else:
        checks.append(check_credentials(own, answer, deadline))
    checks.append(check_anonymous(anonymous, answer, target.credentials is not None, deadline))
    capabilities: dict[str, bool | str] = {}
    if answer is not None:
        capabilities["authentication"] = ",".join(schemes_of(answer)) or "none"
    trip = _round_trip(target, own, all(check.status is not Status.FAIL for check in checks), deadline)
    return Report(
        (*checks, trip.result),
        served.facts if served is not None else None,
        capabilities | trip.capabilities,
        trip.leftovers,
    )


def _check_connection(target: Target, transport: Transport, deadline: Deadline) -> CheckResult:
    """Does the name resolve, and does something accept connections there?"""
    watch = Stopwatch("connection")
    plain = target.registry.__class__("http", target.registry.host, target.registry.port)
    try:
        addresses = transport.addresses(plain, deadline)
        transport.connect(plain, deadline).close()
    except OciError as error:
        return watch.fail(error.message)
    shown = ", ".join(address.host for address in addresses[:4])
    if target.address is not None:
        return watch.ok(f"{shown} (given, not resolved) accepts connections on port {target.registry.port}")
    return watch.ok(f"{shown} accepts connections on port {target.registry.port}")


def _round_trip(target: Target, client: Client, healthy: bool, deadline: Deadline) -> RoundTripOutcome:
    name = "round_trip"
    if target.round_trip is None:
        return RoundTripOutcome(skipped(name, "not asked for"))
    if target.round_trip.refused is not None:
        return RoundTripOutcome(skipped(name, target.round_trip.refused))
    if not healthy:
        return RoundTripOutcome(skipped(name, "not tried, since an earlier check failed"))
    return check_round_trip(client, target.round_trip.repository, deadline)
