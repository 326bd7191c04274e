# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    Toleration,
    Verdict,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    LONGEST_KEPT_OUTPUT,
    Record,
    Selection,
    annotation_key,
    is_done,
    judge,
    machine_of,
    read_record,
    read_selection,
    write_record,
)
from tests.unit.plugins.module_utils._nodes.json_like import json_like

READY = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
ALL = Selection()


def node(
    *taints: str,
    image: str = "Ubuntu 24.04.1 LTS",
    system: str = "linux",
    ready: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A node as the API server gives it.

    :param taints: key:effect
    """
    listed = [dict(zip(("key", "effect"), taint.split(":"), strict=True)) for taint in taints]
    return {
        "metadata": {"name": "n1", "labels": labels or {}, **more.pop("metadata", {})},
        "spec": {"taints": listed, **more},
        "status": {
            "conditions": [ready or READY],
            "nodeInfo": {"operatingSystem": system, "osImage": image},
        },
    }


def refusal(found_on: dict[str, Any], selection: Selection = ALL) -> str:
    found = judge(found_on, selection)
    assert (found.verdict is Verdict.WANTED) is (found.reason == "")
    assert found.verdict is not Verdict.NOT_WANTED
    return found.reason


def tolerating(**toleration: str) -> Selection:
    selection, faults = read_selection({"tolerations": [toleration]})
    assert faults == []
    return selection


@pytest.mark.parametrize(
    "image",
    [
        "Ubuntu 24.04.1 LTS",
        "Debian GNU/Linux 12 (bookworm)",
        "Flatcar Container Linux by Kinvolk 3975.2.2 (Oklo)",
        "Fedora CoreOS 41.20250117.3.0",
        "Azure Linux 3.0",
        "Talosian Linux",
        "",
    ],
)
def test_systems_that_can_do_it(image: str) -> None:
    assert refusal(node(image=image)) == ""


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("Talos (v1.11.2)", "it has no shell, and is changed by its own API only"),
        (
            "Bottlerocket OS 1.47.0 (aws-k8s-1.34)",
            "its root file system is read-only, and it has no shell for scripts",
        ),
        (
            "Container-Optimized OS from Google",
            "its root file system is read-only, and it has no package manager",
        ),
    ],
)
def test_systems_that_cannot(image: str, reason: str) -> None:
    assert refusal(node(image=image)) == f"it runs {image}: {reason}"


def test_linux_only() -> None:
    assert refusal(node(system="windows")) == "its operating system is windows; actions run on Linux only"
    assert refusal(node(system="")) == "it tells no operating system; actions run on Linux only"
    assert refusal(node(system="", labels={"kubernetes.io/os": "linux"})) == ""


def test_not_ready() -> None:
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "KubeletNotReady",
        "message": "no network\x1b yet",
    }
    assert refusal(node(ready=condition)) == "it is not ready: KubeletNotReady: no network yet"
    assert refusal(node(ready={"type": "Ready", "status": "Unknown"})) == "it is not ready"
    assert refusal(node(ready={"type": "DiskPressure", "status": "True"})) == "it is not ready"
    deleted = {"deletionTimestamp": "2026-11-21T09:00:00Z"}
    assert refusal(node(metadata=deleted)) == "it is being deleted"


def test_labels_come_before_all_else() -> None:
    selection = Selection((("pool", "a"), ("zone", "1")))
    assert refusal(node(labels={"pool": "a", "zone": "1", "more": ""}), selection) == ""
    for labels in ({"pool": "a"}, {"pool": "b", "zone": "1"}, {}):
        found = judge(node(labels=labels, image="Talos (v1.11.2)"), selection)
        assert found.verdict is Verdict.NOT_WANTED
        assert found.reason == "its labels are not those that are selected"


@pytest.mark.parametrize("more", [{}, {"taints": []}])
def test_cordoned(more: dict[str, Any]) -> None:
    cordoned = node("node.kubernetes.io/unschedulable:NoSchedule", unschedulable=True, **more)
    assert refusal(cordoned) == "it is cordoned"
    assert refusal(cordoned, tolerating(operator="Exists")) == ""
    assert refusal(cordoned, tolerating(key="node.kubernetes.io/unschedulable", operator="Exists")) == ""
    assert refusal(cordoned, tolerating(key="gpu", operator="Exists")) == "it is cordoned"


def test_taints() -> None:
    tainted = node("soft:PreferNoSchedule", "gpu:NoExecute")
    assert refusal(tainted) == "taint gpu:NoExecute is not tolerated"
    assert refusal(tainted, tolerating(key="gpu", operator="Exists")) == ""
    assert refusal(tainted, tolerating(key="gpu", operator="Exists", effect="NoSchedule")) != ""
    assert refusal(node("node.kubernetes.io/disk-pressure:NoSchedule")) != ""


def test_a_node_that_is_not_ready_is_refused_whatever_is_tolerated() -> None:
    down = node("node.kubernetes.io/unreachable:NoExecute", ready={"type": "Ready", "status": "Unknown"})
    assert refusal(down, tolerating(operator="Exists")) == "it is not ready"


def test_done_is_the_same_content_that_ended_with_0() -> None:
    def annotated(value: str, action: str = "install") -> dict[str, Any]:
        return node(metadata={"annotations": {annotation_key(action): value}})

    done = write_record(Record("ab", 0, "2026-11-21T09:00:00Z", run="uid"))
    assert annotation_key("install") == "actions.clusterdepot.io/install"
    assert json.loads(done) == {
        "hash": "ab",
        "code": 0,
        "finished": "2026-11-21T09:00:00Z",
        "machine": "",
        "run": "uid",
        "seconds": None,
        "output": "",
    }
    assert is_done(annotated(done), "install", "ab")
    assert not is_done(annotated(done), "install", "ac")
    assert not is_done(annotated(done), "other", "ab")
    assert not is_done(annotated(write_record(Record("ab", 1, ""))), "install", "ab")
    assert not is_done(node(), "install", "ab")


def test_a_record_has_the_duration_and_the_end_of_the_output() -> None:
    record = Record("ab", 3, "", "m1", "uid", 4.5, "first\nlast")
    found = node(metadata={"annotations": {annotation_key("a"): write_record(record)}})
    assert read_record(found, "a") == record
    written = '{"hash": "ab", "code": 3, "seconds": "long", "output": "' + "x" * 400 + '\\u001b[0m"}'
    found["metadata"]["annotations"][annotation_key("a")] = written
    read = read_record(found, "a")
    assert read is not None
    assert (read.seconds, len(read.output)) == (None, LONGEST_KEPT_OUTPUT)
    assert read.output.endswith("x [0m")


def test_the_daemonset_controller_lets_pods_onto_nodes_that_others_keep_off() -> None:
    cordoned = node("node.kubernetes.io/unschedulable:NoSchedule", unschedulable=True)
    selection = Selection((("pool", "a"),), ()).of_daemonset()
    assert selection.selector == (("pool", "a"),)
    assert refusal(cordoned, ALL.of_daemonset()) == ""
    full = node("node.kubernetes.io/disk-pressure:NoSchedule", "node.kubernetes.io/not-ready:NoExecute")
    assert refusal(full, ALL.of_daemonset()) == ""
    # What nobody hears of has not run it either.
    down = node("node.kubernetes.io/unreachable:NoExecute", ready={"type": "Ready", "status": "Unknown"})
    assert refusal(down, ALL.of_daemonset()) == "it is not ready"
    tainted = node("gpu:NoSchedule")
    assert refusal(tainted, ALL.of_daemonset()) == "taint gpu:NoSchedule is not tolerated"
    assert refusal(tainted, tolerating(key="gpu", operator="Exists").of_daemonset()) == ""


@pytest.mark.parametrize(
    ("then", "now", "done"),
    [("m1", "m1", True), ("m1", "m2", False), ("m1", "", False), ("", "m1", False), ("", "", True)],
)
def test_what_was_done_on_another_machine_of_that_name_was_not_done(then: str, now: str, done: bool) -> None:
    written = write_record(Record("ab", 0, "", then))
    found = node(metadata={"annotations": {annotation_key("a"): written}})
    found["status"]["nodeInfo"]["machineID"] = now
    assert machine_of(found) == now
    assert is_done(found, "a", "ab") is done


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ab",
        "null",
        "[]",
        '{"hash": "ab"}',
        '{"hash": 1, "code": 0}',
        '{"hash": "ab", "code": false}',
        "[" * 9999,
    ],
)
def test_an_annotation_that_is_no_record(value: str) -> None:
    assert read_record(node(metadata={"annotations": {annotation_key("a"): value}}), "a") is None
    assert not is_done(node(metadata={"annotations": {annotation_key("a"): value}}), "a", "ab")


@given(st.builds(Record, st.text(), st.integers(-(10**9), 10**9), st.text(), st.text(), st.text()))
def test_records_are_read_as_they_were_written(record: Record) -> None:
    written = write_record(record)
    assert "\n" not in written
    assert read_record(node(metadata={"annotations": {annotation_key("a"): written}}), "a") == record


def test_reading_a_selection() -> None:
    raw = {
        "selector": {"pool": "a", "kubernetes.io/os": "linux"},
        "tolerations": [
            {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
            {"operator": "Exists", "key": None},
        ],
    }
    expected = Selection(
        (("kubernetes.io/os", "linux"), ("pool", "a")),
        (Toleration("gpu", "", "yes", "NoSchedule"), Toleration("", "Exists", "", "")),
    )
    assert read_selection(raw) == (expected, [])


@pytest.mark.parametrize("raw", [None, {}, {"selector": None, "tolerations": None}, {"tolerations": []}])
def test_all_nodes(raw: object) -> None:
    assert read_selection(raw) == (Selection(), [])


def test_all_faults_of_a_selection_at_once() -> None:
    raw = {
        "selector": {"kubernetes.io/os": "windows", "pool": 5},
        "tolerations": [
            "gpu",
            {"key": "gpu", "operator": "In", "effect": "Never"},
            {"value": "x"},
            {"key": "gpu", "operator": "Exists", "value": "x"},
            {"key": True, "tolerationSeconds": 5},
        ],
        "names": [],
    }
    found, faults = read_selection(raw)
    assert found == Selection()
    keys, effects = "key, operator, value, effect", "NoSchedule, PreferNoSchedule, NoExecute, or none"
    assert [str(fault) for fault in faults] == [
        "nodes: the key 'names' is not known; allowed: selector, tolerations",
        "nodes.selector: the label kubernetes.io/os has the value 'windows'; actions run on linux only",
        "nodes.selector: the label pool has the value 5, which is not a string: put it in quotes",
        "nodes.tolerations[0]: 'gpu' is not a mapping with the keys key, operator, value, effect",
        "nodes.tolerations[1]: the operator 'In' is not known; allowed: Equal, Exists",
        f"nodes.tolerations[1]: the effect 'Never' is not known; allowed: {effects}",
        "nodes.tolerations[2]: without a key only the operator Exists is allowed",
        "nodes.tolerations[3]: the operator Exists has no value",
        f"nodes.tolerations[4]: the key 'tolerationSeconds' is not known; allowed: {keys}",
        "nodes.tolerations[4].key: true is not a string: put it in quotes",
    ]
    assert [str(fault) for fault in read_selection({"tolerations": "gpu"})[1]] == [
        "nodes.tolerations: 'gpu' is not a list of tolerations"
    ]
    assert [str(fault) for fault in read_selection(["a"], "x")[1]] == [
        "x: a list is not a mapping with the keys selector, tolerations"
    ]


WORDS = ["linux", "Exists", "Equal", "NoSchedule", "gpu"]


@given(json_like(["selector", "tolerations", "key", "operator", "effect", "kubernetes.io/os"], WORDS))
def test_reading_never_raises(raw: Any) -> None:
    for value in (raw, {"selector": raw}, {"tolerations": raw}, {"tolerations": [raw]}):
        selection, faults = read_selection(value)
        assert isinstance(selection, Selection)
        assert faults or value is None or isinstance(value, dict)


@given(
    json_like(
        ["metadata", "spec", "status", "taints", "conditions", "type", "status", "annotations"],
        [*WORDS, "Ready"],
    )
)
def test_no_node_raises(raw: Any) -> None:
    parts = (
        "labels",
        "annotations",
        "taints",
        "conditions",
        "nodeInfo",
        "osImage",
        "operatingSystem",
        "type",
    )
    for value in (raw, dict.fromkeys(("metadata", "spec", "status"), dict.fromkeys(parts, raw))):
        seen = value if isinstance(value, dict) else {}
        assert judge(seen, tolerating(operator="Exists")).verdict in Verdict
        assert not is_done(seen, "a", "ab")
