# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Late values."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import core
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.late import (
    CREATE_ONLY,
    DATA_FROM,
    ROLLOUT_HASH,
    ROLLOUT_ON,
    DataFrom,
    LateValueError,
    fill,
    keep,
    parse_late,
    rollout_hash,
)

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
FIELDS = st.from_regex(r"[-._a-zA-Z0-9]{1,20}", fullmatch=True)


@given(st.lists(st.tuples(FIELDS, st.booleans(), NAMES, NAMES, FIELDS), max_size=4))
def test_what_was_written_is_read(entries: list[tuple[str, bool, str, str, str]]) -> None:
    text = ", ".join(f"{f}{'?' if o else ''}=secret/{n}/{s}#{k}" for f, o, n, s, k in entries)
    late = parse_late("ConfigMap", "here", {DATA_FROM: text})
    assert late.data_from == tuple(DataFrom(f, o, core("Secret", n, s), k) for f, o, n, s, k in entries)


@given(
    st.text(),
    st.sampled_from([ROLLOUT_ON, DATA_FROM, CREATE_ONLY]),
    st.sampled_from(["Deployment", "ConfigMap"]),
)
def test_any_text_is_read_or_refused(text: str, annotation: str, kind: str) -> None:
    try:
        late = parse_late(kind, "here", {annotation: text})
    except LateValueError:
        return
    assert all(key.name for key in late.sources)


@pytest.mark.parametrize(
    ("kind", "annotation", "text", "told"),
    [
        ("Deployment", ROLLOUT_ON, "pod/x", "secret/NAME"),
        ("ConfigMap", ROLLOUT_ON, "secret/x", "Deployment"),
        ("Secret", DATA_FROM, "a=secret/n/s#k", "ConfigMap only"),
        ("ConfigMap", DATA_FROM, "a=secret/s#k", "KEY=secret/NAMESPACE/NAME#SECRETKEY"),
        ("Secret", CREATE_ONLY, "yes", '"true" and "false"'),
    ],
)
def test_refusals_tell_what_is_allowed(kind: str, annotation: str, text: str, told: str) -> None:
    with pytest.raises(LateValueError, match=told):
        parse_late(kind, "here", {annotation: text})


def source(kind: str, name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "resourceVersion": "1"}, "data": data}


@given(st.dictionaries(FIELDS, st.text()), st.dictionaries(FIELDS, st.text()))
def test_the_hash_follows_the_data_and_nothing_else(one: dict[str, str], other: dict[str, str]) -> None:
    first = [source("Secret", "a", one), source("ConfigMap", "b", other)]
    moved = [source("ConfigMap", "b", dict(reversed(other.items()))), source("Secret", "a", one)]
    moved[0]["metadata"]["resourceVersion"] = "2"
    assert rollout_hash(first) == rollout_hash(moved)
    swapped = rollout_hash([source("Secret", "a", other), source("ConfigMap", "b", one)])
    assert (swapped == rollout_hash(first)) == (one == other)


def test_filling_does_not_touch_what_was_given() -> None:
    late = parse_late("Deployment", "here", {ROLLOUT_ON: "secret/a"})
    given_object = {"spec": {"template": {"metadata": {"annotations": {"own": "1"}}}}}
    filled = fill(given_object, late, {core("Secret", "here", "a"): source("Secret", "a", {})})
    assert set(filled["spec"]["template"]["metadata"]["annotations"]) == {"own", ROLLOUT_HASH}
    assert given_object == {"spec": {"template": {"metadata": {"annotations": {"own": "1"}}}}}


def test_optional_and_needed_keys() -> None:
    key = core("Secret", "n", "s")
    secret = source("Secret", "s", {"here": base64.b64encode(b"text").decode(), "bytes": "/w=="})
    late = parse_late("ConfigMap", "n", {DATA_FROM: "a=secret/n/s#here,b?=secret/n/s#none"})
    assert fill({}, late, {key: secret})["data"] == {"a": "text"}
    for field, told in (("none", "has no key none"), ("bytes", "is no UTF-8 text")):
        needed = parse_late("ConfigMap", "n", {DATA_FROM: f"a=secret/n/s#{field}"})
        with pytest.raises(LateValueError, match=told):
            fill({}, needed, {key: secret})


def test_keeping_takes_the_live_values() -> None:
    workload = parse_late("Deployment", "n", {ROLLOUT_ON: "secret/a"})
    live = {"spec": {"template": {"metadata": {"annotations": {ROLLOUT_HASH: "old", "other": "x"}}}}}
    kept = keep({"spec": {"template": {}}}, workload, live)
    assert kept["spec"]["template"]["metadata"]["annotations"] == {ROLLOUT_HASH: "old"}
    filled = parse_late("ConfigMap", "n", {DATA_FROM: "a=secret/n/s#k"})
    assert keep({}, filled, {"data": {"a": "old", "b": "x"}}) == {"data": {"a": "old"}}
    assert keep({}, filled, None) == {}
