# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as a change, and what is shown of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.difference import (
    CHANGED,
    HIDDEN,
    differs,
    shown,
)

# Long enough not to occur in the rest of an object by chance.
SECRETS = st.dictionaries(st.sampled_from("abcd"), st.text(min_size=12, max_size=20, alphabet="QRSTUVWXYZ"))


def secret(data: dict[str, str], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", **metadata}, "data": data}


def test_what_the_server_writes_is_no_change() -> None:
    owner = {"manager": "m", "operation": "Apply", "fieldsV1": {"f:data": {}}}
    status = {"manager": "x", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}}
    before = secret({}, resourceVersion="1", managedFields=[{**owner, "time": "1"}])
    after = secret({}, resourceVersion="2", generation=2, managedFields=[status, {**owner, "time": "2"}])
    assert not differs(before, {**after, "status": {"a": 1}})
    nobody = {"manager": "before-first-apply", "operation": "Update", "fieldsV1": {"f:metadata": {}}}
    assert not differs(before, secret({}, managedFields=[owner, nobody]))
    assert differs(before, secret({}, managedFields=[]))
    assert differs(before, secret({"a": "b"}, managedFields=[owner]))


@given(SECRETS, SECRETS)
def test_no_secret_value_is_shown_and_each_change_is(old: dict[str, str], new: dict[str, str]) -> None:
    left, right = shown(secret(old), secret(new))
    assert left is not None
    assert right is not None
    text = json.dumps([left, right])
    assert not any(value in text for value in [*old.values(), *new.values()])
    assert set(left["data"].values()) <= {HIDDEN}
    assert {name for name, value in right["data"].items() if value == CHANGED} == {
        name for name in new if old.get(name) != new[name]
    }
    assert (left == right) == (old == new)


@given(SECRETS)
def test_creation_and_deletion_hide_as_well(data: dict[str, str]) -> None:
    for sides in (shown(None, secret(data)), shown(secret(data), None)):
        assert not any(value in json.dumps(sides) for value in data.values())


def test_kubectls_copy_is_left_out() -> None:
    copy = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": "hunter2"}'}
    assert "hunter2" not in json.dumps(shown(secret({}, annotations=copy), None))


def test_only_the_filled_keys_of_a_config_map_are_hidden() -> None:
    before = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"ca": "old", "plain": "1"}}
    after = {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"ca": "new", "plain": "2"}}
    left, right = shown(before, after, ["ca"])
    assert (left or {})["data"] == {"ca": HIDDEN, "plain": "1"}
    assert (right or {})["data"] == {"ca": CHANGED, "plain": "2"}


def test_of_an_immutable_config_map_only_the_sizes_are_shown() -> None:
    made = {"apiVersion": "v1", "kind": "ConfigMap", "immutable": True, "data": {"a.cfg": "ä" * 10}}
    _before, after = shown(None, made)
    assert after is not None
    assert after["data"] == {"a.cfg": "(immutable, 20 octets)"}
    before, _after = shown(made, None)
    assert before == after
    assert made["data"] == {"a.cfg": "ä" * 10}
