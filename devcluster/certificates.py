# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's certificates: one authority, and a certificate for every part that needs one."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=3650)
# A clock that is corrected backwards after start must not make certificates "not yet valid".
BACKDATING = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Subject:
    """Who a certificate is for. Kubernetes reads the group from the organization."""

    name: str
    group: str = ""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Authority:
    """A certificate that may sign others, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def authority(folder: Path, name: str) -> Authority:
    """Reads the authority of this name from the folder, or makes it there."""
    certificate_file, key_file = folder / f"{name}.crt", folder / f"{name}.key"
    if not certificate_file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _sign(Subject(name), key, None)
        _write(certificate_file, key_file, certificate, key)
    loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{key_file} is not an elliptic curve key")
    return Authority(x509.load_pem_x509_certificate(certificate_file.read_bytes()), loaded)


def issue(folder: Path, file: str, subject: Subject, issuer: Authority) -> None:
    """Makes FILE.crt and FILE.key in the folder, for server and client use; kept where they exist."""
    certificate_file, key_file = folder / f"{file}.crt", folder / f"{file}.key"
    if certificate_file.exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    _write(certificate_file, key_file, _sign(subject, key, issuer), key)


def _sign(subject: Subject, key: ec.EllipticCurvePrivateKey, issuer: Authority | None) -> x509.Certificate:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, subject.name)]
    if subject.group:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.group))
    name = x509.Name(attributes)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATING)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
        return builder.sign(key, hashes.SHA256())
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = builder.add_extension(both, critical=False)
    names = _alternative_names(subject.dns_names, subject.addresses)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def _alternative_names(dns_names: Sequence[str], addresses: Sequence[str]) -> list[x509.GeneralName]:
    return [
        *(x509.DNSName(name) for name in dns_names),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]


def _write(
    certificate_file: Path, key_file: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    """The certificate comes last and in one step: where it is, the pair is whole."""
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    temporary = certificate_file.with_suffix(".new")
    temporary.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    temporary.rename(certificate_file)
