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
    Expected,
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
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.docker_config import (
    credentials_of_config,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    SyntaxFault,
    TlsFailed,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import parse_platform
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_faults import (
    parameter_faults,
)
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
    faults = parameter_faults(parameters)
    if faults:
        raise ParameterError("; ".join(faults))
    deadline = Deadline.after(parameters["timeout"])
    target = _target(parameters, check_mode, deadline)
    try:
        report = examine_until_healthy(target, parameters["retries"], parameters["delay"], deadline)
    except OciError as error:
        raise ParameterError(error.message) from error
    result = _result(report)
    if not report.healthy and parameters.get("fail_when_unhealthy"):
        told = "; ".join(f"{fault.name}: {fault.message}" for fault in report.faults)
        tried = _tried(report, parameters["retries"], parameters["timeout"])
        raise RegistryUnhealthyError(f"the registry {target.registry} is unhealthy{tried}: {told}", result)
    return result


def _tried(report: Report, retries: int, timeout: float) -> str:
    if retries == 0:
        return ""
    if report.tries > retries:
        return f" after {report.tries} tries"
    return f" after {report.tries} of {retries + 1} tries (timeout, {timeout:g} s, allowed no more)"


def _target(parameters: Mapping[str, Any], check_mode: bool, deadline: Deadline) -> Target:
    ca_path, ca = parameters["ca_path"], parameters["ca"]
    ca_shown = "the CA given"
    expected = None
    if parameters["certificate_secret"] is not None:
        data = _secret(parameters, "certificate_secret", deadline)
        expected = _first_certificate(data, _secret_name(parameters, "certificate_secret"))
        if ca_path is None and ca is None and data.get("ca.crt"):
            ca = data["ca.crt"].decode("ascii", "replace")
            ca_shown = f"ca.crt of secret {_secret_name(parameters, 'certificate_secret')}"
            _require_roots(ca, ca_shown)
    round_trip = None
    if parameters.get("round_trip"):
        refused = "check mode: nothing is pushed" if check_mode else None
        round_trip = RoundTrip(parameters["round_trip_repository"], parameters["round_trip_size"], refused)
    return Target(
        registry=registry_of_url(parameters["url"]),
        trust=Trust(
            Path(ca_path) if ca_path else None,
            ca or None,
            parameters["validate_certs"],
            Path(parameters["client_cert"]) if parameters["client_cert"] else None,
            Path(parameters["client_key"]) if parameters["client_key"] else None,
        ),
        address=parameters["address"] or None,
        credentials=_credentials(parameters, deadline),
        token_hosts=tuple(parameters["token_hosts"]),
        wrong_credentials=parameters["wrong_credentials"],
        every_address=parameters["every_address"],
        min_days_left=parameters["min_days_left"],
        fail_days_left=parameters["fail_days_left"],
        max_latency_ms=parameters["max_latency_ms"],
        expected=tuple(_expected(entry) for entry in parameters["expect"]),
        deep=parameters["deep"],
        connections=parameters["connections"],
        catalog=parameters["catalog"],
        expected_certificate=expected,
        certificate_secret=_secret_name(parameters, "certificate_secret"),
        ca_shown=ca_shown,
        round_trip=round_trip,
    )


def _expected(entry: Mapping[str, Any]) -> Expected:
    return Expected(
        entry["repository"],
        tuple(entry.get("tags") or ()),
        bool(entry.get("all_tags")),
        tuple(parse_platform(platform) for platform in entry.get("platforms") or ()),
    )


def _credentials(parameters: Mapping[str, Any], deadline: Deadline) -> Credentials | None:
    if parameters["username"] is not None:
        return Credentials(parameters["username"], parameters["password"])
    if parameters["docker_config"] is not None:
        path = Path(parameters["docker_config"])
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SecretError(f"docker_config: {path} cannot be read: {error.strerror}") from error
        return _of_docker_config(parameters, "docker_config", content)
    if parameters["docker_config_secret"] is not None:
        data = _secret(parameters, "docker_config_secret", deadline)
        shown = _secret_name(parameters, "docker_config_secret")
        if ".dockerconfigjson" not in data:
            raise SecretError(f"docker_config_secret: secret {shown} has no key .dockerconfigjson")
        return _of_docker_config(parameters, "docker_config_secret", data[".dockerconfigjson"])
    if parameters["credentials_secret"] is None:
        return None
    data = _secret(parameters, "credentials_secret", deadline)
    shown = _secret_name(parameters, "credentials_secret")
    missing = [key for key in ("username", "password") if not data.get(key)]
    if missing:
        raise SecretError(f"credentials_secret: secret {shown} has no key {' and no key '.join(missing)}")
    try:
        return Credentials(data["username"].decode(), data["password"].decode())
    except UnicodeDecodeError:
        raise SecretError(f"credentials_secret: secret {shown}: username or password is not UTF-8") from None


def _of_docker_config(parameters: Mapping[str, Any], option: str, content: bytes) -> Credentials:
    try:
        return credentials_of_config(content, registry_of_url(parameters["url"]))
    except SyntaxFault as error:
        raise SecretError(f"{option}: {error.message}") from error


def _first_certificate(data: Mapping[str, bytes], shown: str) -> bytes:
    try:
        return certificates_of_pem(data.get("tls.crt", b""))[0]
    except SyntaxFault as error:
        raise SecretError(f"certificate_secret: secret {shown}, key tls.crt: {error.message}") from error


def _require_roots(pem: str, shown: str) -> None:
    try:
        client_context(Trust(ca=pem))
    except TlsFailed:
        raise SecretError(
            f"certificate_secret: {shown} holds no certificate (PEM) that can be read"
        ) from None


def _secret(parameters: Mapping[str, Any], option: str, deadline: Deadline) -> dict[str, bytes]:
    """The data of the secret that an option names. Raises SecretError and KubeError."""
    wanted = parameters[option]
    client = _kube.connect(parameters["kubeconfig"], parameters["context"], ends_at=deadline.at)
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
        "versions": report.versions,
        "references": [
            {
                "reference": found.reference,
                "digest": found.digest,
                "media_type": found.media_type,
                "platforms": list(found.platforms),
                "status": found.status.value,
                "message": found.message,
            }
            for found in report.references
        ],
        "registry_warnings": list(report.warnings),
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
