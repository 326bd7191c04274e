# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, in their order: what needs an earlier one that failed is skipped, with the reason."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.api_checks import (
    WRONG_CREDENTIALS,
    check_anonymous,
    check_credentials,
    check_no_credentials,
    check_wrong_credentials,
    schemes_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.capability_checks import (
    check_catalog,
    check_referrers,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.expected_images import (
    check_expected,
    skip_expected,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.reachability import (
    FIRST_PATIENCE,
    Reached,
    reach,
    reach_every_address,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.redaction import CurrentRedaction
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Report,
    Status,
    not_asked,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.round_trip import (
    RoundTripOutcome,
    check_round_trip,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import Target
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.time_checks import (
    check_clock,
    check_latency,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport

_CAPABILITIES = (
    "authentication",
    "catalog",
    "push",
    "delete",
    "delete_blob",
    "referrers",
    "mount",
    "chunked_upload",
    "range",
)
_EARLIER_FAILED = "not tried, since an earlier check failed"
_PATIENCE = Patience(tries=5)


@dataclass(frozen=True, slots=True)
class _Clients:
    """The registry as seen with the credentials, with none, and with wrong ones (None: not to be tried)."""

    own: Client
    anonymous: Client
    wrong: Client | None
    redaction: CurrentRedaction

    @classmethod
    def of(cls, target: Target, transport: Transport) -> _Clients:
        """All over the same connections."""
        registry, hosts, given = target.registry, target.token_hosts, target.credentials
        wrong = None
        if given is not None and target.wrong_credentials:
            made_up = given.with_secret(secrets.token_urlsafe(24))
            wrong = Client(registry, transport, made_up, hosts)
        own = Client(registry, transport, given, hosts, _PATIENCE)
        anonymous = Client(registry, transport, None, hosts, FIRST_PATIENCE)
        clients = tuple(client for client in (own, anonymous, wrong) if client is not None)
        redaction = CurrentRedaction(lambda: frozenset[str]().union(*(one.secrets for one in clients)))
        return cls(own, anonymous, wrong, redaction)

    @property
    def all(self) -> tuple[Client, ...]:
        """Those that there are."""
        return tuple(client for client in (self.own, self.anonymous, self.wrong) if client is not None)


def examine(target: Target, deadline: Deadline, wrong: CheckResult | None = None) -> Report:
    """Checks the registry once. Raises TlsFailed where trust or client certificate cannot be read.

    ``wrong``: how a made-up password fared before, so that none is sent again.
    """
    pinned = {} if target.address is None else {target.registry.host: target.address}
    trust = target.trust
    # What a user gave is read at once, so that its faults are told; the system's roots only when needed.
    given = target.registry.scheme == "https" or trust.private or trust.client_cert is not None
    transport = Transport(client_context(trust) if given else (lambda: client_context(trust)), pinned)
    clients = _Clients.of(target, transport)
    try:
        report = _run_checks(target, clients, transport, wrong, deadline)
    finally:
        transport.close()
    return _shown(report, clients)


def examine_until_healthy(target: Target, retries: int, delay: float, deadline: Deadline) -> Report:
    """Checks again, ``delay`` seconds apart, until it is healthy, ``retries`` are used up, or time is over.

    What any of the attempts left behind is in the report. Where the time limit cuts the last one off, the
    report is that of the one before, which tells more. Raises as examine does.
    """
    left: dict[str, None] = {}
    wrong: CheckResult | None = None
    whole: Report | None = None
    for attempt in range(retries + 1):
        report = examine(target, deadline, wrong)
        left.update(dict.fromkeys(report.leftovers))
        wrong = wrong or next((check for check in report.checks if _told_of_wrong(check)), None)
        if report.healthy:
            break
        if deadline.passed and whole is not None:
            report = whole
            break
        whole = report
        if attempt == retries or time.monotonic() + delay >= deadline.at:
            break
        time.sleep(delay)
    return replace(report, leftovers=tuple(left), tries=attempt + 1)


def _told_of_wrong(check: CheckResult) -> bool:
    # A failure may be gone with the next try: the answer got lost, or everybody was let in.
    return check.name == WRONG_CREDENTIALS and check.status in (Status.OK, Status.WARN)


def _run_checks(
    target: Target, clients: _Clients, transport: Transport, wrong: CheckResult | None, deadline: Deadline
) -> Report:
    reached = reach(target, transport, clients.anonymous, deadline)
    checks = list(reached.checks)
    if target.every_address:
        checks += reach_every_address(target, transport, deadline)
    checks.append(check_clock(reached.answer, reached.received, reached.served))
    checks += _login_checks(target, clients, reached, wrong, deadline)
    capabilities: dict[str, bool | str | None] = dict.fromkeys(_CAPABILITIES)
    if reached.answer is not None:
        capabilities["authentication"] = ",".join(schemes_of(reached.answer)) or "none"
    usable = reached.answer is not None and checks[-3].status is not Status.FAIL
    if usable:
        expected = check_expected(
            clients.own, target.expected, target.deep, target.connections, clients.redaction, deadline
        )
    else:
        expected = skip_expected(target.expected, target.deep, _EARLIER_FAILED)
    catalog, capabilities["catalog"] = check_catalog(clients.own, target.catalog, usable, deadline)
    if target.expected:
        referrers, capabilities["referrers"] = check_referrers(clients.own, expected.image, deadline)
    else:
        referrers = not_asked("referrers")
    latency = check_latency(clients.anonymous, target.max_latency_ms, usable, deadline)
    checks += [*expected.checks, catalog, referrers, latency]
    trip = _round_trip(target, clients.own, usable, deadline)
    capabilities |= trip.capabilities
    return Report(
        (*checks, trip.result),
        reached.served.facts if reached.served is not None else None,
        capabilities,
        trip.leftovers,
        _versions(reached),
        expected.references,
    )


def _login_checks(
    target: Target, clients: _Clients, reached: Reached, wrong: CheckResult | None, deadline: Deadline
) -> tuple[CheckResult, CheckResult, CheckResult]:
    answer, given = reached.answer, target.credentials is not None
    if given:
        credentials = check_credentials(clients.own, answer, deadline)
    else:
        credentials = check_no_credentials(clients.anonymous, answer, deadline)
    anonymous = check_anonymous(clients.anonymous, answer, given, deadline)
    if wrong is None:
        wrong = check_wrong_credentials(clients.wrong, answer, credentials if given else None, deadline)
    return credentials, anonymous, wrong


def _versions(reached: Reached) -> dict[str, str]:
    if reached.answer is None:
        return {}
    headers = {"api_version": "Docker-Distribution-Api-Version", "server": "Server"}
    found = {name: reached.answer.header(header) for name, header in headers.items()}
    return {name: value for name, value in found.items() if value}


def _round_trip(target: Target, client: Client, usable: bool, deadline: Deadline) -> RoundTripOutcome:
    name = "round_trip"
    if target.round_trip is None:
        return RoundTripOutcome(not_asked(name))
    if target.round_trip.refused is not None:
        return RoundTripOutcome(skipped(name, target.round_trip.refused))
    if not usable:
        return RoundTripOutcome(skipped(name, _EARLIER_FAILED))
    return check_round_trip(client, target.round_trip, deadline)


def _shown(report: Report, clients: _Clients) -> Report:
    """The report without any secret that a server echoed; its references have none any more."""
    redaction = clients.redaction()
    warnings = dict.fromkeys(text for client in clients.all for text in client.warnings)
    certificate = report.certificate
    if certificate is not None:
        certificate = replace(
            certificate,
            subject=redaction.text(certificate.subject),
            issuer=redaction.text(certificate.issuer),
            dns_names=tuple(redaction.text(name) for name in certificate.dns_names),
        )
    return replace(
        report,
        certificate=certificate,
        leftovers=tuple(redaction.text(text) for text in report.leftovers),
        checks=tuple(redaction.check(check) for check in report.checks),
        versions={name: redaction.text(value)[:200] for name, value in report.versions.items()},
        warnings=tuple(redaction.text(text) for text in warnings),
    )
