# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references: reading Docker's short forms and the full form, writing the full form.

Sources: OCI distribution-spec 1.1 "Pulling manifests" (the grammar of <name> and <reference>), and the
reference grammar of the distribution project for the registry part. ``parse_reference(str(reference)) ==
reference`` always holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .digest import Digest, parse_digest
from .errors import SyntaxFault
from .urls import is_ip_address

DOCKER_HUB = "docker.io"
_DOCKER_HUB_ALIAS = "index.docker.io"
_DOCKER_HUB_HOST = "registry-1.docker.io"
_LONGEST_REPOSITORY = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_REGISTRY = re.compile(
    rf"(?:(?P<name>{_LABEL}(?:\.{_LABEL})*)|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?\Z"
)
_BARE_IDENTIFIER = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Reference:
    """``registry/repository[:tag][@digest]``; registry is ``host[:port]`` with IPv6 in brackets."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def identifier(self) -> str:
        """What comes after ``/manifests/``: the digest, else the tag, else ``latest``."""
        return str(self.digest) if self.digest is not None else self.tag or "latest"

    @property
    def api_authority(self) -> str:
        """The ``host[:port]`` that serves the API: Docker Hub's differs from its name."""
        return _DOCKER_HUB_HOST if self.registry == DOCKER_HUB else self.registry


def parse_reference(text: str) -> Reference:
    """Reads a reference, short or full; no tag is added.

    A first component is a registry if it has a dot or a colon, is ``localhost``, or has an upper-case letter;
    otherwise Docker Hub is meant, and ``library/`` for a single component. Raises SyntaxFault naming the part
    that is wrong.
    """
    rest, at, digest_text = text.partition("@")
    digest = parse_digest(digest_text) if at else None
    if _BARE_IDENTIFIER.match(rest):
        raise SyntaxFault(f"{_shown(text)}: 64 hexadecimal digits alone are an image ID, not a reference")
    registry, rest = _take_registry(rest)
    repository, colon, tag = rest.partition(":")
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    require_repository(repository)
    if colon:
        require_tag(tag)
    return Reference(registry, repository, tag if colon else None, digest)


def require_repository(repository: str) -> None:
    """Raises SyntaxFault where this is no repository name (distribution-spec 1.1, "Pulling manifests")."""
    if len(repository) > _LONGEST_REPOSITORY:
        raise SyntaxFault(
            f"{_shown(repository)} is not a repository name: longer than {_LONGEST_REPOSITORY} characters"
        )
    if not _REPOSITORY.match(repository):
        raise SyntaxFault(
            f"{_shown(repository)} is not a repository name: lower-case letters and digits, "
            "separated by '.', '_', '__' or '-', in parts separated by '/'"
        )


def require_tag(tag: str) -> None:
    """Raises SyntaxFault where this is no tag (distribution-spec 1.1, "Pulling manifests")."""
    if not _TAG.match(tag):
        raise SyntaxFault(
            f"{_shown(tag)} is not a tag: 1 to 128 letters, digits, '_', '.', '-', not beginning with "
            f"'.' or '-'"
        )


def _take_registry(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    looks_like_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
    if not slash or not looks_like_host:
        return DOCKER_HUB, text
    match = _REGISTRY.match(first)
    valid = match is not None and (
        match["ipv6"] is None or (":" in match["ipv6"] and is_ip_address(match["ipv6"]))
    )
    if match is None or not valid or not 0 < int(match["port"] or 1) < 65536:
        raise SyntaxFault(f"{_shown(first)} is not a registry: expected host or host:port, IPv6 in brackets")
    return (DOCKER_HUB if first == _DOCKER_HUB_ALIAS else first), rest


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
