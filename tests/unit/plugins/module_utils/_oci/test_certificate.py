# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import (
    certificates_of_pem,
    read_certificate,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault

BEGIN = datetime(1999, 1, 1, tzinfo=UTC)
KEY = ed25519.Ed25519PrivateKey.generate()


def issue(name: str, not_after: datetime, dns_names: list[str]) -> x509.Certificate:
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "o")]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if dns_names:
        names = [x509.DNSName(dns_name) for dns_name in dns_names]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return builder.sign(KEY, None)


CERTIFICATE = issue("n", datetime(2031, 1, 1, tzinfo=UTC), ["a.test"])
DER = CERTIFICATE.public_bytes(serialization.Encoding.DER)


@given(
    name=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=16),
    lifetime=st.integers(366 * 86400, 8000 * 365 * 86400).map(lambda seconds: timedelta(seconds=seconds)),
    dns_names=st.lists(st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}){0,3}", fullmatch=True), max_size=5),
)
def test_the_same_facts_as_a_full_parser(name: str, lifetime: timedelta, dns_names: list[str]) -> None:
    original = issue(name, BEGIN + lifetime, dns_names)
    facts = read_certificate(original.public_bytes(serialization.Encoding.DER))
    assert facts.subject == facts.issuer == f"CN={name}, O=o"
    assert facts.not_before == original.not_valid_before_utc
    assert facts.not_after == original.not_valid_after_utc
    assert facts.dns_names == tuple(dns_names)
    assert facts.sha256 == original.fingerprint(hashes.SHA256()).hex()
    assert facts.self_issued


def test_days_left_are_whole_days() -> None:
    facts = read_certificate(DER)
    assert facts.days_left(facts.not_after - timedelta(days=3)) == 3
    assert facts.days_left(facts.not_after - timedelta(days=3, seconds=-1)) == 2
    assert facts.days_left(facts.not_after + timedelta(seconds=1)) == -1


@given(position=st.integers(0, len(DER) - 1), octets=st.binary(max_size=4), dropped=st.integers(0, 4))
def test_any_damage_is_read_or_refused(position: int, octets: bytes, dropped: int) -> None:
    damaged = DER[:position] + octets + DER[position + dropped :]
    try:
        read_certificate(damaged)
    except SyntaxFault:
        return


def test_pem_with_text_around_it() -> None:
    pem = CERTIFICATE.public_bytes(serialization.Encoding.PEM)
    assert certificates_of_pem(b"leaf\n" + pem + b"chain\n" + pem.replace(b"\n", b"\r\n")) == (DER, DER)


@pytest.mark.parametrize("text", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----"])
def test_pem_refused(text: bytes) -> None:
    with pytest.raises(SyntaxFault):
        certificates_of_pem(text)
