# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests that differ, and yet stand for the image that the registry has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolution,
    Resolved,
    Unresolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.same_image import (
    Key,
    Recognized,
    accept_same_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import Reference
from tests.unit.plugins.module_utils._image_cache.fleet import (
    NEW,
    OLD,
    A,
    matrix,
    node,
    pin,
    pod,
    runs,
    shard,
)

REPOSITORY = "docker.io/library/x"
CONFIG, OTHER_CONFIG = f"sha256:{'c' * 64}", f"sha256:{'d' * 64}"


def index(digest: str, **configs: str) -> Resolved:
    return Resolved(
        digest,
        {
            f"linux/{name}": PlatformImage(f"sha256:{name:0>64}", (), config)
            for name, config in configs.items()
        },
    )


class Registry:
    """Answers with what it is given, and notes what it was asked."""

    def __init__(self, answers: Mapping[str, Resolution]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str]] = []

    def __call__(self, wanted: Iterable[tuple[Reference, str]]) -> dict[Key, Resolution]:
        found: dict[Key, Resolution] = {}
        for reference, secret in wanted:
            self.asked.append((str(reference), secret))
            if str(reference) in self._answers:
                found[str(reference), secret] = self._answers[str(reference)]
        return found


def one_node_with(digest: str) -> Matrix:
    return matrix([node("n1")], [shard("s", pin("pa", A))], [pod("n1", "s", runs("pa", digest))], a=NEW)


def recognize(
    found: Matrix, expected: Resolved, registry: Registry, renewed: Iterable[str] = ()
) -> Recognized:
    return accept_same_images(found, {A: expected}, {A: "pull"}, {"n1": "amd64"}, registry, set(renewed))


def accept(found: Matrix, expected: Resolved, registry: Registry, renewed: Iterable[str] = ()) -> Resolved:
    return recognize(found, expected, registry, renewed).resolved[A]


def test_another_digest_of_the_same_configuration_is_the_same_image() -> None:
    registry = Registry({f"{REPOSITORY}@{OLD}": index(OLD, amd64=CONFIG, arm64=OTHER_CONFIG)})
    found = one_node_with(OLD)
    assert found.percent_cached() == 0.0
    accepted = accept(found, index(NEW, amd64=CONFIG, arm64=CONFIG), registry)
    assert accepted.same == {OLD}
    assert accepted.accepts(OLD)
    assert found.percent_cached() == 100.0
    assert registry.asked == [(f"{REPOSITORY}@{OLD}", "pull")]


def test_a_digest_of_another_configuration_is_outdated_even_after_a_renewal() -> None:
    registry = Registry({f"{REPOSITORY}@{OLD}": index(OLD, amd64=OTHER_CONFIG)})
    for renewed in ((), (A,)):
        found = one_node_with(OLD)
        accepted = accept(found, index(NEW, amd64=CONFIG), registry, renewed)
        assert accepted.same == frozenset()
        assert found.percent_cached() == 0.0


def test_what_a_node_has_instead_is_told() -> None:
    older, expected = index(OLD, amd64=OTHER_CONFIG), index(NEW, amd64=CONFIG)
    registry = Registry({f"{REPOSITORY}@{OLD}": older})
    assert recognize(one_node_with(OLD), expected, registry).held == {OLD: older}
    assert recognize(one_node_with(OLD), expected, Registry({})).held == {}


def test_a_digest_that_nobody_knows_counts_only_after_a_renewal() -> None:
    for answers in ({}, {f"{REPOSITORY}@{OLD}": Unresolved("no such digest")}):
        before, after = one_node_with(OLD), one_node_with(OLD)
        assert accept(before, index(NEW, amd64=CONFIG), Registry(answers)).same == frozenset()
        assert before.percent_cached() == 0.0
        assert accept(after, index(NEW, amd64=CONFIG), Registry(answers), {A}).same == {OLD}
        assert after.percent_cached() == 100.0


def test_nobody_is_asked_where_nothing_differs() -> None:
    registry = Registry({})
    found = one_node_with(NEW)
    expected = index(NEW, amd64=CONFIG)
    assert accept(found, expected, registry) == expected
    assert registry.asked == []


def test_the_pull_secret_goes_to_its_own_registry_only() -> None:
    pods = [pod("n1", "s", {**runs("pa", OLD), "imageID": f"quay.io/other/name@{OLD}"})]
    found = matrix([node("n1")], [shard("s", pin("pa", A))], pods, a=NEW)
    registry = Registry({})
    accept(found, index(NEW, amd64=CONFIG), registry)
    assert registry.asked == [(f"quay.io/other/name@{OLD}", "")]
