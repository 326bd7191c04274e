# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On which nodes a DaemonSet's pods belong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node, read_node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    Verdict,
    eligible,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def node(*taints: tuple[str, str, str], name: str = "n1", **labels: str) -> Node:
    return read_node(
        {
            "metadata": {"name": name, "labels": {"kubernetes.io/os": "linux", **labels}},
            "spec": {
                "taints": [{"key": key, "value": value, "effect": effect} for key, value, effect in taints]
            },
        }
    )


def daemonset(
    selector: Any = None, terms: Any = None, tolerations: Any = None, **more: Any
) -> dict[str, Any]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    spec: dict[str, Any] = {"nodeSelector": selector or {"kubernetes.io/os": "linux"}, **more}
    if terms is not None:
        spec["affinity"] = {"nodeAffinity": required}
    if tolerations is not None:
        spec["tolerations"] = tolerations
    return {"metadata": {"name": "cache"}, "spec": {"template": {"spec": spec}}}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


def wanted(found_on: Node, obj: dict[str, Any]) -> bool:
    return eligible(found_on, obj).verdict is Verdict.WANTED


def test_selector_must_match_whole() -> None:
    assert wanted(node(pool="a"), daemonset({"pool": "a"}))
    assert not wanted(node(pool="b"), daemonset({"pool": "a"}))
    assert not wanted(node(), daemonset({"pool": "a"}))
    assert wanted(node(), {"spec": {}})


@pytest.mark.parametrize(
    ("requirement", "labels", "holds"),
    [
        (expression("kubernetes.io/arch", "In", "amd64", "arm64"), {"kubernetes.io/arch": "arm64"}, True),
        (expression("kubernetes.io/arch", "In", "amd64"), {"kubernetes.io/arch": "arm64"}, False),
        (expression("kubernetes.io/arch", "In", "amd64"), {}, False),
        (expression("a", "NotIn", "x"), {"a": "y"}, True),
        (expression("a", "NotIn", "x"), {}, True),
        (expression("a", "NotIn", "x"), {"a": "x"}, False),
        (expression("a", "Exists"), {"a": ""}, True),
        (expression("a", "Exists"), {}, False),
        (expression("a", "DoesNotExist"), {}, True),
        (expression("a", "DoesNotExist"), {"a": ""}, False),
        (expression("a", "Gt", "4"), {"a": "5"}, True),
        (expression("a", "Gt", "5"), {"a": "5"}, False),
        (expression("a", "Lt", "5"), {"a": "4"}, True),
        (expression("a", "Lt", "x"), {"a": "4"}, False),
        (expression("a", "Lt", "5"), {}, False),
        (expression("a", "Like", "5"), {"a": "5"}, False),
    ],
)
def test_operators_of_affinity(requirement: dict[str, Any], labels: dict[str, str], holds: bool) -> None:
    assert wanted(node(**labels), daemonset(terms=[{"matchExpressions": [requirement]}])) is holds


def test_one_term_of_several_is_enough_but_all_of_its_expressions_count() -> None:
    one, other = expression("a", "Exists"), expression("b", "Exists")
    assert wanted(node(b=""), daemonset(terms=[{"matchExpressions": [one]}, {"matchExpressions": [other]}]))
    assert not wanted(node(b=""), daemonset(terms=[{"matchExpressions": [one, other]}]))


def test_a_term_without_expressions_and_a_list_without_terms_match_nothing() -> None:
    assert not wanted(node(), daemonset(terms=[{}]))
    assert not wanted(node(), daemonset(terms=[]))


def test_fields_match_the_name() -> None:
    terms = [{"matchFields": [expression("metadata.name", "In", "n1")]}]
    assert wanted(node(name="n1"), daemonset(terms=terms))
    assert not wanted(node(name="n2"), daemonset(terms=terms))


@pytest.mark.parametrize(
    "taint",
    [
        ("node.kubernetes.io/not-ready", "", "NoSchedule"),
        ("node.kubernetes.io/not-ready", "", "NoExecute"),
        ("node.kubernetes.io/unreachable", "", "NoSchedule"),
        ("node.kubernetes.io/unreachable", "", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "", "NoSchedule"),
        ("anything", "", "PreferNoSchedule"),
    ],
)
def test_taints_that_no_daemonset_minds(taint: tuple[str, str, str]) -> None:
    assert wanted(node(taint), daemonset())


def test_a_taint_that_is_not_tolerated_excludes_with_its_reason() -> None:
    taint = ("node-role.kubernetes.io/control-plane", "", "NoSchedule")
    found = eligible(node(taint), daemonset())
    assert found.verdict is Verdict.EXCLUDED
    assert found.reason == "taint node-role.kubernetes.io/control-plane:NoSchedule is not tolerated"


def test_a_node_of_other_labels_is_not_wanted_rather_than_excluded() -> None:
    found = eligible(node(("gpu", "", "NoSchedule"), pool="b"), daemonset({"pool": "a"}))
    assert found.verdict is Verdict.NOT_WANTED


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "operator": "Equal", "value": "yes"}, True),
        ({"key": "gpu", "operator": "Equal", "value": "no"}, False),
        ({"key": "cpu", "operator": "Exists"}, False),
        ({"value": "yes"}, False),
        ({"key": "gpu", "operator": "Fits", "value": "yes"}, False),
    ],
)
def test_tolerations(toleration: dict[str, str], tolerated: bool) -> None:
    assert wanted(node(("gpu", "yes", "NoSchedule")), daemonset(tolerations=[toleration])) is tolerated


@given(JSON, JSON, JSON)
def test_nothing_that_a_daemonset_holds_raises(selector: Any, terms: Any, tolerations: Any) -> None:
    fields = ("key", "operator", "values", "value", "effect")
    mappings = [dict.fromkeys(fields, tolerations), {"matchExpressions": [dict.fromkeys(fields, terms)]}]
    for obj in (
        daemonset(selector, terms, tolerations),
        daemonset(terms=mappings, tolerations=mappings),
        {"spec": terms},
    ):
        found = eligible(node(("gpu", "yes", "NoSchedule")), obj)
        assert (found.reason == "") is (found.verdict is Verdict.WANTED)
