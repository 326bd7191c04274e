# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a node tells is what the registry has, though the digests differ.

A runtime knows an image by its configuration. It keeps all digests that it was pulled by and tells one of
them, which may be an older one, or one of another repository (containerd, store of images). So a digest that
differs is looked up: where it stands for the same configuration, the node has the present image.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import differing
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    Reference,
    parse_reference,
)

Key = tuple[str, str]
Lookup = Callable[[Iterable[tuple[Reference, str]]], Mapping[Key, Resolution]]


@dataclass(frozen=True)
class Recognized:
    """What became of digests that differ from the registry's.

    :ivar resolved: what the registries have, by reference, with the digests that stand for the same
    :ivar held: what the digests that were looked up are, by digest
    """

    resolved: dict[str, Resolved]
    held: dict[str, Resolved]


def accept_same_images(
    matrix: Matrix,
    expected: Mapping[str, Resolved],
    secrets: Mapping[str, str],
    architectures: Mapping[str, str],
    lookup: Lookup,
    renewed: Collection[str],
) -> Recognized:
    """Mark cells as cached that hold the present image under another digest.

    :param expected: what the registries have, by reference
    :param secrets: the pull secret of each reference
    :param architectures: of each node
    :param lookup: asks registries, by reference and pull secret
    :param renewed: references whose pods were started anew for what the registry has: they have pulled it, so
        that a digest which nobody knows any more is one of its own
    :returns: ``expected``, with the digests found, and all that was looked up
    """
    told = {name: images for name, images in differing(matrix).items() if name in expected}
    questions = {
        (name, image): question
        for name, images in told.items()
        for image in images
        if (question := _question(name, image, secrets)) is not None
    }
    answers = lookup(questions.values()) if questions else {}
    same: dict[str, set[str]] = {}
    held: dict[str, Resolved] = {}
    for (name, image), (reference, secret) in questions.items():
        answer = answers.get((str(reference), secret))
        nodes = told[name][image]
        if isinstance(answer, Resolved):
            held[str(reference.digest)] = answer
        if _is_same(expected[name], answer, {architectures.get(node, "") for node in nodes}, name in renewed):
            same.setdefault(name, set()).add(str(reference.digest))
    for name, digests in same.items():
        matrix.accept(name, digests)
    resolved = {
        name: replace(found, same=found.same | same[name]) if name in same else found
        for name, found in expected.items()
    }
    return Recognized(resolved, held)


def _question(name: str, image: str, secrets: Mapping[str, str]) -> tuple[Reference, str] | None:
    try:
        reference = parse_reference(image)
    except SyntaxFault:
        return None
    of_same_registry = reference.registry == parse_reference(name).registry
    return reference, secrets.get(name, "") if of_same_registry else ""


def _is_same(expected: Resolved, answer: Resolution | None, architectures: set[str], renewed: bool) -> bool:
    verdicts = (
        {expected.holds_same_as(answer, architecture) for architecture in architectures}
        if isinstance(answer, Resolved)
        else {None}
    )
    if False in verdicts:
        return False
    return renewed or verdicts == {True}
