# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content digests (OCI image-spec 1.1, descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from .errors import DigestMismatch, SyntaxFault

_GRAMMAR = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[+._-][a-z0-9]+)*):(?P<encoded>[A-Za-z0-9=_-]+)\Z")
_HEXADECIMAL = re.compile(r"[0-9a-f]+\Z")
_REGISTERED = {"sha256": 64, "sha512": 128}
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Digest:
    """An algorithm and the encoded hash of the exact bytes."""

    algorithm: str
    encoded: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"

    @property
    def verifiable(self) -> bool:
        """Whether the algorithm is one of the registered ones, so that ``verify`` can be called."""
        return self.algorithm in _REGISTERED

    def verify(self, content: bytes, what: str) -> None:
        """Raises DigestMismatch where ``content`` has another digest; ``what`` names it in the message."""
        found = digest_of(content, self.algorithm)
        if found != self:
            raise DigestMismatch(f"{what}: the bytes received have digest {found}, expected {self}")


def parse_digest(text: str) -> Digest:
    """Reads ``algorithm:encoded``.

    Registered algorithms must have exactly their length in lower-case hexadecimal.

    Raises SyntaxFault.
    """
    match = _GRAMMAR.match(text) if len(text) <= _LONGEST else None
    if match is None:
        raise SyntaxFault("not a digest: expected algorithm:hash, such as sha256: and 64 hexadecimal digits")
    digest = Digest(match["algorithm"], match["encoded"])
    length = _REGISTERED.get(digest.algorithm)
    if length is not None and (len(digest.encoded) != length or not _HEXADECIMAL.match(digest.encoded)):
        raise SyntaxFault(f"not a {digest.algorithm} digest: expected {length} lower-case hexadecimal digits")
    return digest


def digest_of(content: bytes, algorithm: str = "sha256") -> Digest:
    """The digest of these bytes. Raises SyntaxFault for an algorithm that is not registered."""
    if algorithm not in _REGISTERED:
        raise SyntaxFault(f"digest algorithm {algorithm} is not one of {', '.join(_REGISTERED)}")
    return Digest(algorithm, hashlib.new(algorithm, content).hexdigest())
