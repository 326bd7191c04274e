# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of what is given."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import read_wanted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["apiVersion", "kind", "metadata", "data", "stringData", "name", "namespace", "annotations"]
)


def obj(kind: str = "ConfigMap", name: str = "x", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "n"}, **more}


@given(st.lists(JSON | st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON, max_size=4), max_size=5)))
def test_whatever_is_given_is_an_object_or_a_fault(entries: list[Any]) -> None:
    wanted = read_wanted(entries, entries)
    assert len(wanted.objects) + len(wanted.faults) >= len(entries)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("text", r"objects\[0\] is no mapping"),
        ({}, r"objects\[0\] \(empty\) has no apiVersion"),
        (obj(name=""), "has no metadata.name"),
        (obj(data={"a": object()}), "JSON cannot express"),
        (obj("Secret", stringData={"a": 1}), "stringData.a is no string; quote it"),
        (obj("Secret", data=["a"]), "data is no mapping"),
        ({**obj(), "metadata": {"name": "x", "annotations": {"a": 1}}}, "annotation a must be a string"),
        ({**obj(), "metadata": {"name": "x", "annotations": ["a"]}}, "metadata.annotations is no mapping"),
        ({**obj(), "metadata": {"name": "x", "namespace": 1}}, "metadata.namespace that is no string"),
    ],
)
def test_faults(entry: object, told: str) -> None:
    wanted = read_wanted([entry], [])
    assert not wanted.objects
    with pytest.raises(AssertionError, match=told):
        raise AssertionError("\n".join(wanted.faults))


def test_twice_is_a_fault() -> None:
    assert "more than once" in read_wanted([obj(), obj()], []).faults[0]
    assert "in objects and in absent" in read_wanted([obj()], [obj()]).faults[0]


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_plain_texts_of_a_secret_become_data(texts: dict[str, str]) -> None:
    (one,) = read_wanted([obj("Secret", stringData=texts, data={"kept": "a2VwdA=="})], []).objects
    assert "stringData" not in one.body
    decoded = {name: base64.b64decode(value).decode() for name, value in one.body["data"].items()}
    assert decoded == {"kept": "kept", **texts}


def test_what_was_given_is_not_touched_and_steering_annotations_go() -> None:
    given_object = obj("Secret", stringData={"a": "b"}, status={})
    given_object["metadata"]["annotations"] = {"artifacts.clusterdepot.io/create-only": "true", "own": "1"}
    (one,) = read_wanted([given_object], []).objects
    assert one.late.create_only
    assert one.body["metadata"]["annotations"] == {"own": "1"}
    assert given_object["stringData"] == {"a": "b"}
    assert len(given_object["metadata"]["annotations"]) == 2
