# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import (
    Desired,
    read_wanted,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    INGRESS_CLASSES,
    Facts,
    lists_to_read,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight_ingress import (
    ingress_warnings,
)

API = "networking.k8s.io/v1"
MADE = {"apiVersion": API, "kind": "IngressClass", "metadata": {"name": "made"}}


def desired(*objects: dict[str, Any]) -> tuple[Desired, ...]:
    wanted = read_wanted(objects, [])
    assert not wanted.faults
    return wanted.objects


def ingress(spec: dict[str, Any], api_version: str = API) -> dict[str, Any]:
    metadata = {"name": "i", "namespace": "n"}
    return {"apiVersion": api_version, "kind": "Ingress", "metadata": metadata, "spec": spec}


def facts(*classes: dict[str, Any]) -> Facts:
    return Facts("https://x", {}, {}, {INGRESS_CLASSES: classes})


@pytest.mark.parametrize(
    ("spec", "known"),
    [({"ingressClassName": "meant"}, "the cluster has none"), ({"ingressClassName": "meant"}, "made")],
)
def test_an_unknown_class_is_told_with_those_there_are(spec: dict[str, Any], known: str) -> None:
    found = facts(MADE) if known == "made" else facts()
    (warning,) = ingress_warnings(desired(ingress(spec)), found)
    assert '"meant"' in warning
    assert warning.endswith(f"known: {known}")


def test_a_known_one_or_one_of_the_set_is_not_told() -> None:
    wanted = desired(ingress({"ingressClassName": "made"}))
    assert ingress_warnings(wanted, facts(MADE)) == []
    assert ingress_warnings((*wanted, *desired(MADE)), facts()) == []


def test_nothing_is_told_where_classes_could_not_be_read() -> None:
    unread = Facts("https://x", {}, {}, {})
    assert ingress_warnings(desired(ingress({"ingressClassName": "made"})), unread) == []


@pytest.mark.parametrize(
    "other",
    [
        ingress({}),
        ingress({"ingressClassName": ["no text"]}),
        ingress({"ingressClassName": "meant"}, "traefik.example/v1"),
    ],
)
def test_what_asks_for_no_class_reads_none(other: dict[str, Any]) -> None:
    assert INGRESS_CLASSES not in lists_to_read(desired(other))
    assert ingress_warnings(desired(other), facts()) == []


def test_an_ingress_with_a_class_has_them_read() -> None:
    assert INGRESS_CLASSES in lists_to_read(desired(ingress({"ingressClassName": "meant"})))
