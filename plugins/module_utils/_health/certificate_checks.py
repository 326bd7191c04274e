# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: the chain and the name, the days left, and whether the served certificate is the one in the secret."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Stopwatch,
    not_asked,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import Target
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import (
    Certificate,
    read_certificate,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    SyntaxFault,
    TlsFailed,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport

# OpenSSL's X509_V_ERR numbers (x509_vfy.h).
_NOT_YET_VALID = 9
_EXPIRED = 10
_SELF_SIGNED = 18
# 7: an authority of the same name signed it, as after one was made anew.
_UNKNOWN_ISSUER = frozenset({2, 7, 19, 20, 21})
_WRONG_NAME = frozenset({62, 64})


@dataclass(frozen=True, slots=True)
class Served:
    """The certificate that the server shows: DER form, and its facts where they can be read."""

    encoded: bytes
    facts: Certificate | None


def check_tls(target: Target, transport: Transport, deadline: Deadline) -> tuple[CheckResult, Served | None]:
    """Does TLS work, with a chain to a trusted root and the right name?

    Where it does not, the certificate is fetched once more without verifying, only to tell why. A server that
    asks for nothing but plain http is not asked.
    """
    watch = Stopwatch("tls")
    if target.registry.scheme == "http":
        return skipped("tls", "the URL is http://: nothing is encrypted, credentials included"), None
    try:
        stream = transport.connect(target.registry, deadline)
    except TlsFailed as error:
        served = None if error.verify_code is None else _fetch_unverified(target, deadline)
        return watch.fail(_explain(error, target, served)), served
    except OciError as error:
        return watch.fail(error.message), None
    version = stream.tls_version or "TLS"
    served = _served(stream.peer_certificate)
    stream.close()
    if not target.trust.verify:
        return watch.warn(f"{version}; neither chain nor name was verified (validate_certs is false)"), served
    roots = target.ca_shown if target.trust.private else "the system's CAs"
    return watch.ok(
        f"{version}; the chain leads to {roots}, the name {target.registry.host} is right"
    ), served


def check_days_left(target: Target, served: Served | None) -> CheckResult:
    """Is the certificate valid for long enough?"""
    watch = Stopwatch("certificate_days_left")
    if served is None:
        return skipped("certificate_days_left", "no certificate was received")
    if served.facts is None:
        return watch.warn("the served certificate cannot be read")
    days = served.facts.days_left()
    if served.facts.not_before > datetime.now(UTC):
        return watch.fail(
            f"not valid yet, only from {served.facts.not_before:%Y-%m-%d %H:%M} UTC: the clock here or "
            "at the issuer is wrong"
        )
    until = f"until {served.facts.not_after:%Y-%m-%d %H:%M} UTC"
    if days < 0:
        return watch.fail(
            f"expired ({until}): renew it, then restart what serves it, for registries load it only once"
        )
    if days < target.fail_days_left:
        return watch.fail(f"{days} days left, {until}, fewer than {target.fail_days_left}: renew it")
    if days < target.min_days_left:
        return watch.warn(
            f"{days} days left, {until}, fewer than {target.min_days_left}: "
            "is it renewed, and is the registry restarted afterwards?"
        )
    return watch.ok(f"{days} days left, {until}")


def check_equals_secret(target: Target, served: Served | None) -> CheckResult:
    """Is the served certificate the one in the secret?

    It is not where a registry was not restarted after a renewal.
    """
    name = "certificate_equals_secret"
    watch = Stopwatch(name)
    if target.expected_certificate is None:
        return not_asked(name)
    if served is None:
        return skipped(name, "no certificate was received")
    if served.encoded == target.expected_certificate:
        return watch.ok(f"the served certificate is that of secret {target.certificate_secret}")
    expected = _served(target.expected_certificate)
    held = (
        f" (valid until {expected.facts.not_after:%Y-%m-%d %H:%M} UTC)" if expected and expected.facts else ""
    )
    shown = f" (valid until {served.facts.not_after:%Y-%m-%d %H:%M} UTC)" if served.facts else ""
    return watch.fail(
        f"the server shows another certificate{shown} than secret {target.certificate_secret} "
        f"holds{held}. Likely cause: "
        "it was renewed and the registry not restarted since (it loads it only once); or TLS ends in a "
        "proxy with its own"
    )


def _served(encoded: bytes | None) -> Served | None:
    if encoded is None:
        return None
    try:
        return Served(encoded, read_certificate(encoded))
    except SyntaxFault:
        return Served(encoded, None)


def _fetch_unverified(target: Target, deadline: Deadline) -> Served | None:
    pinned = {} if target.address is None else {target.registry.host: target.address}
    trust = replace(target.trust, verify=False)
    transport = Transport(client_context(trust), pinned)
    try:
        stream = transport.connect(target.registry, deadline)
    except OciError:
        return None
    served = _served(stream.peer_certificate)
    stream.close()
    return served


def _explain(error: TlsFailed, target: Target, served: Served | None) -> str:
    facts = served.facts if served is not None else None
    if facts is None or error.verify_code is None:
        return error.message
    if error.verify_code == _EXPIRED:
        return (
            f"certificate refused: it, or one in its chain, has expired (its own end: "
            f"{facts.not_after:%Y-%m-%d %H:%M} UTC). "
            "Likely cause: not renewed, or renewed and the registry not restarted since; else the clock "
            "here is wrong"
        )
    if error.verify_code == _NOT_YET_VALID:
        return (
            f"certificate refused: valid only from {facts.not_before:%Y-%m-%d %H:%M} UTC. "
            "Likely cause: the clock here or at the issuer is wrong"
        )
    if error.verify_code in _WRONG_NAME:
        return (
            f"certificate refused: it is not valid for {target.registry.host}, only for {facts.names}. "
            f"Likely cause: the name is "
            "missing among the certificate's names (an IP address must be there as IP address), or "
            "another server answers"
        )
    if error.verify_code == _SELF_SIGNED or error.verify_code in _UNKNOWN_ISSUER:
        private = target.trust.private
        roots = f"{target.ca_shown} is not its issuer" if private else "give its CA in ca_path or ca"
        return f"certificate refused: issued by {facts.issuer!r}, which leads to no trusted root: {roots}"
    return f"{error.message} (subject {facts.subject!r}, issuer {facts.issuer!r})"
