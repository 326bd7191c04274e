# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about an X.509 certificate (RFC 5280), verified or not.

The standard library decodes only certificates that it has verified; the interesting ones are those that it
refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from . import der
from .errors import SyntaxFault

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")
_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
_NAME_DNS = 0x82
_NAME_IP_ADDRESS = 0x87
_VERSION_FIELD = 0xA0
_EXTENSIONS_FIELD = 0xA3
_BMP_STRING = 0x1E
_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person asks of a certificate.

    Times are UTC; ``sha256`` is over the DER form, lower-case hexadecimal.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    sha256: str
    self_issued: bool

    def days_left(self, now: datetime | None = None) -> int:
        """Whole days from ``now`` (by default the clock's) until it expires; negative once it has."""
        return (self.not_after - (now or datetime.now(UTC))) // timedelta(days=1)

    @property
    def names(self) -> str:
        """The names and addresses it is valid for, as messages show them."""
        return ", ".join((*self.dns_names, *self.ip_addresses)) or "no name at all"


def certificates_of_pem(content: bytes) -> tuple[bytes, ...]:
    """The DER form of every certificate in a PEM text, in its order.

    Raises SyntaxFault where there is none, or one is no base64.
    """
    found: list[bytes] = []
    for match in _PEM.finditer(content):
        try:
            found.append(base64.b64decode(b"".join(match[1].split()), validate=True))
        except binascii.Error as error:
            raise SyntaxFault("a certificate in the PEM text is not base64") from error
    if not found:
        raise SyntaxFault("no certificate (-----BEGIN CERTIFICATE-----) in the PEM text")
    return tuple(found)


def read_certificate(content: bytes) -> Certificate:
    """Reads one certificate in DER form. Raises SyntaxFault."""
    outer = der.read_only_element(content, der.SEQUENCE).children()
    if not outer:
        raise SyntaxFault("DER: empty certificate")
    fields = outer[0].expect(der.SEQUENCE).children()
    if fields and fields[0].tag == _VERSION_FIELD:
        fields = fields[1:]
    if len(fields) < 6:
        raise SyntaxFault("DER: a certificate has at least six fields")
    issuer, validity, subject = (field.expect(der.SEQUENCE) for field in fields[2:5])
    times = validity.children()
    if len(times) != 2:
        raise SyntaxFault("DER: a validity has two times")
    dns_names, ip_addresses = _alternative_names(fields[6:])
    return Certificate(
        subject=_name(subject),
        issuer=_name(issuer),
        not_before=_time(times[0]),
        not_after=_time(times[1]),
        dns_names=dns_names,
        ip_addresses=ip_addresses,
        sha256=hashlib.sha256(content).hexdigest(),
        self_issued=issuer.encoded == subject.encoded,
    )


def _name(name: der.Element) -> str:
    parts: list[str] = []
    for relative in name.children():
        for attribute in relative.expect(der.SET).children():
            pair = attribute.expect(der.SEQUENCE).children()
            if len(pair) != 2:
                raise SyntaxFault("DER: an attribute of a name is a pair")
            identifier = der.object_identifier(pair[0].expect(der.OBJECT_IDENTIFIER).content)
            encoding = "utf-16-be" if pair[1].tag == _BMP_STRING else "utf-8"
            parts.append(
                f"{_ATTRIBUTES.get(identifier, identifier)}={pair[1].content.decode(encoding, 'replace')}"
            )
    return ", ".join(parts)


def _time(element: der.Element) -> datetime:
    """RFC 5280 section 4.1.2.5: always UTC with seconds; two-digit years from 50 on mean 19xx."""
    text = element.content.decode("ascii", "replace")
    if element.tag == der.UTC_TIME:
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    elif element.tag != der.GENERALIZED_TIME:
        raise SyntaxFault("DER: not a time")
    if not re.fullmatch(r"[0-9]{14}Z", text):
        raise SyntaxFault("DER: a time is not in the form that certificates must use")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise SyntaxFault("DER: a time does not exist") from error


def _alternative_names(optional_fields: list[der.Element]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    dns_names: list[str] = []
    ip_addresses: list[str] = []
    for field in optional_fields:
        if field.tag != _EXTENSIONS_FIELD:
            continue
        for extension in der.read_only_element(field.content, der.SEQUENCE).children():
            parts = extension.expect(der.SEQUENCE).children()
            if len(parts) < 2:
                raise SyntaxFault("DER: an extension has an identifier and a value")
            if (
                der.object_identifier(parts[0].expect(der.OBJECT_IDENTIFIER).content)
                != _SUBJECT_ALTERNATIVE_NAME
            ):
                continue
            value = der.read_only_element(parts[-1].expect(der.OCTET_STRING).content, der.SEQUENCE)
            for name in value.children():
                if name.tag == _NAME_DNS:
                    dns_names.append(name.content.decode("ascii", "replace"))
                elif name.tag == _NAME_IP_ADDRESS and len(name.content) in (4, 16):
                    ip_addresses.append(str(ipaddress.ip_address(name.content)))
    return tuple(dns_names), tuple(ip_addresses)
