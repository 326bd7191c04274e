# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task registry_health: parameters in, the verdict on a registry out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import _kube
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.examination import (
    examine_until_healthy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import Report
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.table import table_lines
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import (
    RoundTrip,
    Target,
    registry_of_url,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import (
    Certificate,
    certificates_of_pem,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import OciError, SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import require_repository
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import is_ip_address
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_spec import (
    ARGUMENT_SPEC,
)

__all__ = ("ARGUMENT_SPEC", "run")


class ParameterError(ArtifactsError):
    """One or more parameters cannot be used; the message names each with its value and what is allowed."""


class SecretError(ArtifactsError):
    """A secret that a parameter names is missing, or does not hold what it should."""


class RegistryUnhealthyError(ArtifactsError):
    """At least one check failed; the result holds all of them."""


def run(parameters: dict[str, Any], *, check_mode: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    """Check a registry; in check mode without the round trip.

    :raises ParameterError: before anything was asked of anybody
    :raises SecretError: a named secret cannot be used
    :raises RegistryUnhealthyError: a check failed and ``fail_when_unhealthy`` is true
    """
    del progress
    faults = list(_faults(parameters))
    if faults:
        raise ParameterError("; ".join(faults))
    deadline = Deadline.after(parameters["timeout"])
    target = _target(parameters, check_mode)
    try:
        report = examine_until_healthy(target, parameters["retries"], parameters["delay"], deadline)
    except OciError as error:
        raise ParameterError(error.message) from error
    result = _result(report)
    if not report.healthy and parameters.get("fail_when_unhealthy"):
        told = "; ".join(f"{fault.name}: {fault.message}" for fault in report.faults)
        raise RegistryUnhealthyError(f"the registry {target.registry} is unhealthy: {told}", result)
    return result


def _faults(parameters: Mapping[str, Any]) -> list[str]:
    """All that is wrong with the parameters, each as one sentence."""
    faults = [
        _syntax_fault("url", registry_of_url, parameters["url"]),
        _syntax_fault("round_trip_repository", require_repository, parameters.get("round_trip_repository")),
        _syntax_fault("ca", lambda text: certificates_of_pem(text.encode()), parameters["ca"]),
    ]
    if parameters["address"] and not is_ip_address(parameters["address"]):
        faults.append(f"address: {parameters['address']!r} is not an IPv4 or IPv6 address")
    if parameters["ca_path"] and not Path(parameters["ca_path"]).exists():
        faults.append(f"ca_path: {parameters['ca_path']} does not exist")
    for name, least in (("timeout", 0.1), ("retries", 0), ("delay", 0)):
        # Not the other way round: NaN is less than nothing.
        if not least <= parameters[name] <= 86400:
            faults.append(f"{name}: {parameters[name]} is not between {least} and 86400")
    if (parameters["username"] is None) != (parameters["password"] is None):
        faults.append("username and password: give both or neither")
    if ":" in (parameters["username"] or ""):
        faults.append("username: a colon is not allowed (RFC 7617)")
    if parameters["username"] is not None and parameters["credentials_secret"] is not None:
        faults.append("username and credentials_secret: give one of them")
    return [fault for fault in faults if fault is not None]


def _syntax_fault(name: str, read: Callable[[str], object], value: str | None) -> str | None:
    if value is None:
        return None
    try:
        read(value)
    except SyntaxFault as error:
        return f"{name}: {error.message}"
    return None


def _target(parameters: Mapping[str, Any], check_mode: bool) -> Target:
    ca_path, ca = parameters["ca_path"], parameters["ca"]
    expected = None
    if parameters["certificate_secret"] is not None:
        data = _secret(parameters, "certificate_secret")
        expected = _first_certificate(data, _secret_name(parameters, "certificate_secret"))
        if ca_path is None and ca is None and data.get("ca.crt"):
            ca = data["ca.crt"].decode("ascii", "replace")
    round_trip = None
    if parameters.get("round_trip"):
        refused = "check mode: nothing is pushed" if check_mode else None
        round_trip = RoundTrip(parameters["round_trip_repository"], refused)
    return Target(
        registry=registry_of_url(parameters["url"]),
        trust=Trust(Path(ca_path) if ca_path else None, ca or None, parameters["validate_certs"]),
        address=parameters["address"] or None,
        credentials=_credentials(parameters),
        token_hosts=tuple(parameters["token_hosts"]),
        min_days_left=parameters["min_days_left"],
        expected_certificate=expected,
        certificate_secret=_secret_name(parameters, "certificate_secret"),
        round_trip=round_trip,
    )


def _credentials(parameters: Mapping[str, Any]) -> Credentials | None:
    if parameters["credentials_secret"] is None:
        if parameters["username"] is None:
            return None
        return Credentials(parameters["username"], parameters["password"])
    data = _secret(parameters, "credentials_secret")
    shown = _secret_name(parameters, "credentials_secret")
    missing = [key for key in ("username", "password") if not data.get(key)]
    if missing:
        raise SecretError(f"credentials_secret: secret {shown} has no key {' and no key '.join(missing)}")
    try:
        return Credentials(data["username"].decode(), data["password"].decode())
    except UnicodeDecodeError:
        raise SecretError(f"credentials_secret: secret {shown}: username or password is not UTF-8") from None


def _first_certificate(data: Mapping[str, bytes], shown: str) -> bytes:
    try:
        return certificates_of_pem(data.get("tls.crt", b""))[0]
    except SyntaxFault as error:
        raise SecretError(f"certificate_secret: secret {shown}, key tls.crt: {error.message}") from error


def _secret(parameters: Mapping[str, Any], option: str) -> dict[str, bytes]:
    """The data of the secret that an option names. Raises SecretError and KubeError."""
    wanted = parameters[option]
    client = _kube.connect(parameters["kubeconfig"], parameters["context"])
    found = client.get("v1", "Secret", wanted["namespace"], wanted["name"])
    if found is None:
        raise SecretError(f"{option}: there is no secret {_secret_name(parameters, option)}")
    try:
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    except binascii.Error:
        shown = _secret_name(parameters, option)
        raise SecretError(f"{option}: the data of secret {shown} is not base64") from None


def _secret_name(parameters: Mapping[str, Any], option: str) -> str:
    wanted = parameters[option]
    return f"{wanted['namespace']}/{wanted['name']}" if wanted is not None else ""


def _result(report: Report) -> dict[str, Any]:
    return {
        "changed": bool(report.leftovers),
        "healthy": report.healthy,
        "checks": [
            {
                "name": check.name,
                "status": check.status.value,
                "latency_ms": check.latency_ms,
                "message": check.message,
            }
            for check in report.checks
        ],
        "capabilities": report.capabilities,
        "certificate": _certificate(report.certificate),
        "leftovers": list(report.leftovers),
        "table": table_lines(report.checks),
    }


def _certificate(certificate: Certificate | None) -> dict[str, Any]:
    if certificate is None:
        return {}
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "not_after": certificate.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "days_left": certificate.days_left(),
        "dns_names": list(certificate.dns_names),
        "ip_addresses": list(certificate.ip_addresses),
        "sha256": certificate.sha256,
    }
