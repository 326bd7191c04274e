# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values of a list of images: each is read, or refused with one Fault that shows it.

Source of the rules for names and labels: Kubernetes, "Object Names and IDs" and "Labels and Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown, text_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import (
    Platform,
    parse_platform,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    Reference,
    parse_reference,
)

# As the label kubernetes.io/arch of nodes has them.
ARCHITECTURES = ("amd64", "arm64", "arm", "386", "ppc64le", "riscv64", "s390x")

_DEFAULT_TAG = "latest"

_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\Z")
_LONGEST_SUBDOMAIN = 253
_LABEL_PART = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\Z")
_LONGEST_LABEL_PART = 63
_LABEL_RULE = "at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends"


def read_reference(text: str, where: str, faults: list[Fault]) -> Reference | None:
    """The canonical reference, with the tag ``latest`` where neither tag nor digest is given."""
    try:
        reference = parse_reference(text)
    except SyntaxFault as error:
        faults.append(Fault(where, f"{shown(text)} is not an image reference: {error.message}"))
        return None
    if reference.digest is None:
        return reference if reference.tag is not None else replace(reference, tag=_DEFAULT_TAG)
    if not reference.digest.verifiable:
        faults.append(
            Fault(
                where,
                f"{shown(text)} has a digest that container runtimes do not know; allowed: sha256, sha512",
            )
        )
        return None
    return reference


def read_secret_name(value: object, where: str, faults: list[Fault]) -> str | None:
    """The name of a secret; empty where none is given."""
    if value is None or value == "":
        return ""
    name = text_of(value, where, faults)
    if name is not None and not is_subdomain(name):
        faults.append(
            Fault(
                where,
                f"{shown(name)} is not the name of a secret: at most 253 lower-case letters, digits, '-' and "
                "'.', with a letter or digit at both ends of each part",
            )
        )
        return None
    return name


def read_architecture(text: str, where: str, faults: list[Fault]) -> str | None:
    """The architecture behind its name, also as ``uname -m`` has it (x86_64)."""
    architecture = _of_linux(text)
    if architecture is not None and architecture.architecture in ARCHITECTURES:
        return architecture.architecture
    faults.append(Fault(where, f"{shown(text)} is not an architecture; allowed: {', '.join(ARCHITECTURES)}"))
    return None


def read_platform(text: str, where: str, faults: list[Fault]) -> str | None:
    """The architecture of ``linux/architecture``."""
    allowed = ", ".join(f"linux/{name}" for name in ARCHITECTURES)
    try:
        platform = parse_platform(text)
    except SyntaxFault:
        faults.append(Fault(where, f"{shown(text)} is not a platform; allowed: {allowed}"))
        return None
    if platform.os != "linux":
        reason = f"the cache runs on Linux nodes only; allowed: {allowed}"
    elif platform.architecture not in ARCHITECTURES:
        reason = f"no such architecture; allowed: {allowed}"
    elif platform.variant and platform != _of_linux(platform.architecture):
        # The label kubernetes.io/arch has none, so such nodes cannot be selected.
        reason = f"nodes do not tell their variant, and choose it themselves; allowed: {allowed}"
    else:
        return platform.architecture
    faults.append(Fault(where, f"{shown(text)}: {reason}"))
    return None


def read_labels(value: object, where: str, faults: list[Fault]) -> tuple[tuple[str, str], ...] | None:
    """The labels that nodes must have, sorted; none where the value is None."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        faults.append(Fault(where, f"{shown(value)} is not a mapping of labels to their values"))
        return None
    before = len(faults)
    for key, content in value.items():
        reason = _label_fault(key, content)
        if reason is not None:
            faults.append(Fault(where, reason))
    if len(faults) > before:
        return None
    return tuple(sorted((str(key), str(content)) for key, content in value.items()))


def is_subdomain(text: str) -> bool:
    """Whether it is a DNS subdomain (RFC 1123), as the names of most Kubernetes objects are."""
    return len(text) <= _LONGEST_SUBDOMAIN and _SUBDOMAIN.match(text) is not None


def _label_fault(key: object, content: object) -> str | None:
    if not isinstance(key, str) or not _is_label_key(key):
        return f"{shown(key)} is not a label: [prefix/]name, the prefix a DNS name, the name {_LABEL_RULE}"
    if not isinstance(content, str):
        return f"the label {key} has the value {shown(content)}, which is not a string: put it in quotes"
    if content and not _is_label_part(content):
        return f"the label {key} has the value {shown(content)}; allowed: {_LABEL_RULE}; or none"
    if key == "kubernetes.io/os" and content != "linux":
        return f"the label {key} has the value {shown(content)}: the cache runs on Linux nodes only"
    return None


def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return (not slash or is_subdomain(prefix)) and _is_label_part(name)


def _is_label_part(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL_PART and _LABEL_PART.match(text) is not None


def _of_linux(architecture: str) -> Platform | None:
    if "/" in architecture:
        return None
    try:
        return parse_platform(f"linux/{architecture}")
    except SyntaxFault:
        return None
