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
    is_incomplete,
    keep,
    parse_late,
    rollout_hash,
)

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
FIELDS = st.from_regex(r"[-._a-zA-Z0-9]{1,20}", fullmatch=True)


@given(
    st.lists(st.tuples(FIELDS, st.booleans(), NAMES, NAMES, FIELDS), max_size=4),
    st.sampled_from(["ConfigMap", "Secret"]),
)
def test_what_was_written_is_read(entries: list[tuple[str, bool, str, str, str]], kind: str) -> None:
    text = ", ".join(f"{f}{'?' if o else ''}=secret/{n}/{s}#{k}" for f, o, n, s, k in entries)
    late = parse_late(kind, "here", {DATA_FROM: text})
    assert late.secret_fields == {f for f, _o, _n, _s, _k in entries}
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
        ("Deployment", DATA_FROM, "a=secret/n/s#k", "ConfigMap, Secret only"),
        ("Secret", DATA_FROM, "a=configmap/n/s#k", "KEY=secret/NAMESPACE/NAME#SECRETKEY"),
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


@given(st.binary())
def test_a_secret_takes_the_value_as_it_is_stored(value: bytes) -> None:
    encoded = base64.b64encode(value).decode()
    key = core("Secret", "n", "s")
    late = parse_late("Secret", "here", {DATA_FROM: ".dockerconfigjson=secret/n/s#k"})
    given_object = {"kind": "Secret", "data": {"own": "MQ=="}}
    filled = fill(given_object, late, {key: source("Secret", "s", {"k": encoded})})
    assert filled["data"] == {"own": "MQ==", ".dockerconfigjson": encoded}
    assert given_object["data"] == {"own": "MQ=="}


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_data_may_be_null_and_a_missing_key_is_told(kind: str) -> None:
    key = core("Secret", "n", "s")
    late = parse_late(kind, "here", {DATA_FROM: "a=secret/n/s#k"})
    empty = {"kind": kind, "data": None}
    filled = fill(empty, late, {key: source("Secret", "s", {"k": "MQ=="})})
    assert filled["data"] == {"a": "1" if kind == "ConfigMap" else "MQ=="}
    with pytest.raises(LateValueError, match="secret/s in namespace n has no key k, which fills a"):
        fill(empty, late, {key: source("Secret", "s", {})})


def test_a_secret_is_incomplete_until_it_has_all_that_it_needs() -> None:
    late = parse_late("Secret", "here", {DATA_FROM: "a=secret/n/s#k,b?=secret/n/s#l"})
    assert is_incomplete({"kind": "Secret"}, late)
    assert is_incomplete({"kind": "Secret", "data": {"b": "MQ=="}}, late)
    assert not is_incomplete({"kind": "Secret", "data": {"a": "MQ=="}}, late)
    assert not is_incomplete({"kind": "ConfigMap"}, late)
    assert not is_incomplete({"kind": "Secret"}, parse_late("Secret", "here", {}))


def test_keeping_takes_the_live_values() -> None:
    workload = parse_late("Deployment", "n", {ROLLOUT_ON: "secret/a"})
    live = {"spec": {"template": {"metadata": {"annotations": {ROLLOUT_HASH: "old", "other": "x"}}}}}
    kept = keep({"spec": {"template": {}}}, workload, live)
    assert kept["spec"]["template"]["metadata"]["annotations"] == {ROLLOUT_HASH: "old"}
    filled = parse_late("ConfigMap", "n", {DATA_FROM: "a=secret/n/s#k"})
    assert keep({}, filled, {"data": {"a": "old", "b": "x"}}) == {"data": {"a": "old"}}
    assert keep({}, filled, None) == {}
