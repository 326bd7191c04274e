# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The little of ASN.1 DER (ITU-T X.690) that a certificate takes: tag, length, value, all bounds checked."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import SyntaxFault

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31


@dataclass(frozen=True, slots=True)
class Element:
    """One value: its identifier octet, its content, and all its octets."""

    tag: int
    content: bytes
    encoded: bytes

    def children(self) -> list[Element]:
        """The elements inside this one. Raises SyntaxFault."""
        return read_elements(self.content)

    def expect(self, tag: int) -> Element:
        """This element, if it has that tag. Raises SyntaxFault."""
        if self.tag != tag:
            raise SyntaxFault(f"DER: found tag {self.tag:#04x} where {tag:#04x} belongs")
        return self


def read_elements(content: bytes) -> list[Element]:
    """Every element, one after the other, up to the end. Raises SyntaxFault."""
    elements: list[Element] = []
    position = 0
    while position < len(content):
        element = _read_element(content, position)
        elements.append(element)
        position += len(element.encoded)
    return elements


def read_only_element(content: bytes, tag: int) -> Element:
    """The one element that these bytes are. Raises SyntaxFault."""
    elements = read_elements(content)
    if len(elements) != 1:
        raise SyntaxFault("DER: expected exactly one element")
    return elements[0].expect(tag)


def object_identifier(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content. Raises SyntaxFault."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise SyntaxFault("DER: malformed object identifier")
    numbers: list[int] = []
    value = 0
    for octet in content:
        value = (value << 7) | (octet & 0x7F)
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in (first, numbers[0] - 40 * first, *numbers[1:]))


def _read_element(content: bytes, position: int) -> Element:
    if position + 2 > len(content):
        raise SyntaxFault("DER: ends inside an element's header")
    tag = content[position]
    if tag & 0x1F == 0x1F:
        raise SyntaxFault("DER: tags of several octets occur in no certificate")
    length = content[position + 1]
    start = position + 2
    if length >= 0x80:
        octets = length - 0x80
        if not 1 <= octets <= 4 or start + octets > len(content):
            raise SyntaxFault("DER: malformed length")
        length = int.from_bytes(content[start : start + octets], "big")
        start += octets
    end = start + length
    if end > len(content):
        raise SyntaxFault("DER: an element is longer than what holds it")
    return Element(tag, content[start:end], content[position:end])
