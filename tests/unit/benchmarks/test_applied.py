# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a field manager applied, taken out of the whole object."""

from __future__ import annotations

from typing import Any

from benchmarks.applied import applied_by, extract

OURS = "clusterdepot.artifacts"


def live(kind: str, fields: dict[str, Any], manager: str = OURS, operation: str = "Apply") -> dict[str, Any]:
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": "one",
            "namespace": "space",
            "uid": "u",
            "labels": {"ours": "1", "theirs": "2"},
            "managedFields": [entry],
        },
        "spec": {"given": 1, "default": 2},
        "status": {"ready": True},
    }


def test_only_own_fields_and_the_address_remain() -> None:
    fields = {"f:metadata": {"f:labels": {"f:ours": {}}}, "f:spec": {"f:given": {}}}
    assert applied_by(OURS, [live("ConfigMap", fields)]) == [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "one", "namespace": "space", "labels": {"ours": "1"}},
            "spec": {"given": 1},
        }
    ]


def test_objects_of_other_managers_are_left_out() -> None:
    assert applied_by(OURS, [live("Secret", {}, manager="cert-manager")]) == []
    assert applied_by(OURS, [live("Secret", {}, operation="Update")]) == []


def test_a_subresource_is_no_object() -> None:
    scaled = live("Deployment", {"f:spec": {"f:given": {}}})
    scaled["metadata"]["managedFields"][0]["subresource"] = "scale"
    assert applied_by(OURS, [scaled]) == []


def test_namespaces_come_first_and_workloads_last() -> None:
    kinds = ("Deployment", "Secret", "DaemonSet", "Namespace", "Certificate")
    found = applied_by(OURS, [live(kind, {"f:spec": {"f:given": {}}}) for kind in kinds])
    assert [one["kind"] for one in found] == ["Namespace", "Secret", "Certificate", "Deployment", "DaemonSet"]


def test_an_entry_without_entries_is_the_whole_value() -> None:
    value = {"list": [{"a": 1}], "empty": {}, "other": 0}
    assert extract(value, {"f:list": {}, "f:empty": {}}) == {"list": [{"a": 1}], "empty": {}}


def test_elements_are_found_by_their_keys_and_keep_their_order() -> None:
    value = [
        {"port": 2, "protocol": "TCP", "name": "b", "default": 1},
        {"port": 3, "protocol": "TCP", "name": "theirs"},
        {"port": 1, "protocol": "TCP", "name": "a"},
    ]
    own: dict[str, Any] = {".": {}, "f:port": {}, "f:name": {}}
    fields = {'k:{"port":1,"protocol":"TCP"}': own, 'k:{"port":2,"protocol":"TCP"}': own}
    assert extract(value, fields) == [{"port": 2, "name": "b"}, {"port": 1, "name": "a"}]


def test_members_of_a_set_are_found_by_their_value() -> None:
    assert extract(["a", "theirs", "b"], {'v:"b"': {}, 'v:"a"': {}}) == ["a", "b"]


def test_a_field_that_is_gone_is_left_out() -> None:
    assert extract({"a": 1}, {"f:a": {}, "f:b": {}}) == {"a": 1}


def test_a_name_with_colons_and_dots_is_taken_as_it_is() -> None:
    assert extract({"f:a.b/c": 1}, {"f:f:a.b/c": {}}) == {"f:a.b/c": 1}
