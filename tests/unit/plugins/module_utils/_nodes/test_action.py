# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import dataclasses
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import (
    DEFAULT_NAMESPACES,
    DEFAULT_TIME_LIMIT,
    NAMESPACES,
    Action,
    read_action,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.catalogue import Entry
from tests.unit.plugins.module_utils._nodes.json_like import json_like

SCRIPT = "#!/bin/sh\ntrue\n"
KNOWN = (
    Entry("tool", "v2", "b/tool-2.deb", "b" * 64),
    Entry("tool", "v1", "b/tool-1.deb", None),
    Entry("agent", "latest", "agent.deb", "a" * 64),
)
FULL: dict[str, Any] = {
    "name": "install-tool",
    "script": SCRIPT,
    "absent_script": "#!/bin/sh\nfalse\n",
    "arguments": ["install", "myaccount1"],
    "packages": ["tool/v2", "agent/latest", "tool/v2"],
    "variables": {"B": "2", "A": 1},
    "namespaces": ["net", "mount"],
    "time_limit": 60,
    "force": True,
}
KEYS = [*FULL, "scripts"]


def action(**changes: Any) -> Action:
    found, faults = read_action({**FULL, **changes}, KNOWN)
    assert faults == []
    assert found is not None
    return found


def faults_of(raw: object, known: tuple[Entry, ...] | None = KNOWN, removes: bool = False) -> list[str]:
    found, faults = read_action(raw, known, removes=removes)
    assert (found is None) is bool(faults)
    return [str(fault) for fault in faults]


def test_all_of_it() -> None:
    assert action() == Action(
        name="install-tool",
        script=SCRIPT,
        arguments=("install", "myaccount1"),
        packages=("agent/latest", "tool/v2"),
        entries=(KNOWN[2], KNOWN[0]),
        variables=(("A", "1"), ("B", "2")),
        namespaces=("mount", "net"),
        time_limit=60,
        force=True,
    )


@pytest.mark.parametrize("rest", [{}, dict.fromkeys(key for key in KEYS if key not in ("name", "script"))])
def test_what_is_not_given(rest: dict[str, Any]) -> None:
    found, faults = read_action({"name": "a", "script": SCRIPT, **rest})
    assert faults == []
    assert found == Action("a", SCRIPT, ("a", ""))
    assert found.namespaces == DEFAULT_NAMESPACES == ("mount",)
    assert found.time_limit == DEFAULT_TIME_LIMIT


def test_without_packages_all_of_the_catalogue_counts() -> None:
    found = action(packages=None)
    assert found.packages == ()
    assert found.entries == (KNOWN[2], KNOWN[1], KNOWN[0])
    assert action(packages=[]).entries == ()


def test_a_catalogue_that_is_not_known_leaves_the_names() -> None:
    found, faults = read_action({**FULL, "packages": ["a/b"]})
    assert faults == []
    assert found is not None
    assert (found.packages, found.entries) == (("a/b",), ())


def test_one_of_several_scripts_by_its_key() -> None:
    raw = {"name": "a", "scripts": {"install": SCRIPT, "other": ""}, "arguments": ["install"]}
    found, faults = read_action(raw)
    assert faults == []
    assert found == Action("a", SCRIPT, ("install", ""))
    assert faults_of({**raw, "arguments": ["gone"]}) == [
        "scripts: there is no script 'gone'; there are: 'install', 'other'"
    ]
    assert faults_of({**raw, "arguments": ["other"]}) == ["scripts[other]: the script is empty"]
    assert faults_of({**raw, "script": SCRIPT}) == ["scripts: is given beside 'script'; allowed: one of them"]
    assert [fault.partition(":")[0] for fault in faults_of({**raw, "arguments": 5})] == ["arguments"]
    assert faults_of({**raw, "scripts": SCRIPT}) == [
        f"scripts: {SCRIPT!r} is not a mapping of keys to the texts of scripts"
    ]
    assert faults_of({**raw, "scripts": {10**5000: SCRIPT}}) == [
        "scripts: there is no script 'install'; there are: none"
    ]


def test_a_removal_runs_the_absent_script_or_nothing() -> None:
    found, faults = read_action(FULL, KNOWN, removes=True)
    assert faults == []
    assert found == dataclasses.replace(action(), script="#!/bin/sh\nfalse\n", removes=True)
    found, faults = read_action({"name": "a"}, removes=True)
    assert faults == []
    assert found == Action("a", "", ("a", ""), removes=True)
    assert faults_of({"name": "a"}) == [
        "script: is missing; allowed: the text of a script, or 'scripts' by their keys"
    ]


def test_all_faults_at_once() -> None:
    raw = {
        "name": "Install",
        "script": "",
        "absent_script": "a\0",
        "arguments": ["-x", "My_Account"],
        "packages": ["tool", "tool/v3"],
        "variables": {"PATH": "x"},
        "namespaces": ["mount", "user"],
        "time_limit": 0,
        "force": "yes",
        "retries": 3,
    }
    keys = (
        "name, script, scripts, absent_script, arguments, packages, variables, namespaces, time_limit, force"
    )
    name_rule = "1 to 40 lower-case letters, digits and '-', with a letter or digit at both ends"
    key_rule = "1 to 253 letters, digits, '-', '_' and '.', a letter, digit or '_' first"
    package_rule = "name/tag, each of 1 to 128 letters, digits and '._+~-', a letter or digit first"
    assert faults_of(raw) == [
        f"action: the key 'retries' is not known; allowed: {keys}",
        f"name: 'Install' is not the name of an action: {name_rule}",
        f"arguments[0]: '-x' is not the key of a script: {key_rule}",
        "arguments[1]: 'My_Account' is not a storage account: 3 to 24 lower-case letters and digits",
        "script: the script is empty",
        "absent_script: the script holds what cannot be stored: a NUL, or half a surrogate pair",
        f"packages[0]: 'tool' is not a package: {package_rule}",
        "packages: 'tool/v3' is not in the catalogue; there are: 'agent/latest', 'tool/v1', 'tool/v2'",
        "variables: the variable 'PATH' is set for each script; allowed: any other name",
        "namespaces[1]: 'user' is not a namespace; allowed: mount, uts, ipc, net, pid",
        "time_limit: 0 is not a time limit: a whole number of seconds from 1 to 86400",
        "force: 'yes' is not a boolean; allowed: true, false",
    ]


def test_a_place_is_told_with_what_is_before_it() -> None:
    _found, faults = read_action({"name": "a"}, where="actions[2]")
    assert [fault.where for fault in faults] == ["actions[2].script"]
    assert read_action({"x": 1}, where="actions[2]")[1][0].where == "actions[2]"
    assert faults_of([]) == ["action: a list is not a mapping with the keys of an action"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": None}, "name: is missing: 1 to 40 lower-case letters"),
        ({"name": "a" * 41}, "name: 'a"),
        ({"name": "-a"}, "name: '-a' is not"),
        ({"name": "a.b"}, "name: 'a.b' is not"),
        ({"name": "a\n"}, "name: 'a\\n' is not"),
        ({"name": 7}, "name: 7 is not a string"),
        ({"arguments": []}, "arguments: a list of 0 is not a list of the action"),
        ({"arguments": "install"}, "arguments: 'install' is not a list"),
        ({"arguments": ["a", "b", "c"]}, "arguments: a list of 3 is not"),
        ({"arguments": [".."]}, "arguments[0]: '..' is not"),
        ({"arguments": [None]}, "arguments[0]: nothing is not a string"),
        ({"arguments": ["a", 5]}, "arguments[1]: 5 is not a string"),
        ({"packages": "a/../b"}, "packages: 'a/../b' is not a package"),
        ({"packages": {}}, "packages: a mapping is not a list of packages"),
        ({"namespaces": []}, "namespaces: the list of namespaces is empty"),
        ({"namespaces": ["net"]}, "namespaces: 'mount' is missing"),
        ({"time_limit": True}, "time_limit: true is not"),
        ({"time_limit": "60"}, "time_limit: '60' is not"),
        ({"time_limit": 86401}, "time_limit: 86401 is not"),
    ],
)
def test_single_faults(changes: dict[str, Any], fault: str) -> None:
    told = faults_of({**FULL, **changes})
    assert told
    assert told[0].startswith(fault)


def test_many_packages_are_not_all_named() -> None:
    many = tuple(Entry("tool", f"v{number:02}", "p", None) for number in range(25))
    (told,) = faults_of({**FULL, "packages": ["x/y"]}, many)
    assert told.endswith("'tool/v19' and 5 more")


def test_the_hash_is_fixed() -> None:
    """A change of it would make every node run every action again."""
    canonical = (
        '{"arguments":["a",""],"entries":[["tool","v1","t.deb",""]],"namespaces":["mount"],"packages":["tool/v1"],'
        '"removes":false,"script":"echo \\u00fc","variables":"VARIABLES","version":1}'
    )
    slow = hashlib.scrypt(b'[["A","1"]]', salt=b"actions.clusterdepot.io", n=16384, r=8, p=1).hex()
    canonical = canonical.replace("VARIABLES", slow)
    made = Action(
        "a",
        "echo ü",
        ("a", ""),
        packages=("tool/v1",),
        entries=(Entry("tool", "v1", "t.deb", None),),
        variables=(("A", "1"),),
    )
    assert made.content_hash == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    "changes",
    [
        {"script": "true"},
        {"arguments": ["other", "myaccount1"]},
        {"arguments": ["install"]},
        {"packages": ["tool/v2"]},
        {"packages": ["tool/v1", "agent/latest"]},
        {"packages": None},
        {"variables": {"A": "1"}},
        {"variables": {"A": "1", "B": "3"}},
        {"namespaces": ["mount"]},
    ],
)
def test_what_makes_it_other_work(changes: dict[str, Any]) -> None:
    assert action(**changes).content_hash != action().content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"time_limit": 61},
        {"force": False},
        {"name": "other-name"},
        {"absent_script": "true"},
        {"variables": {"A": "1", "B": 2}},
        {"packages": ("agent/latest", "tool/v2")},
        {"namespaces": ["mount", "net", "mount"]},
    ],
)
def test_what_leaves_it_the_same_work(changes: dict[str, Any]) -> None:
    assert action(**changes).content_hash == action().content_hash


def test_other_content_of_a_package_is_other_work() -> None:
    for changed in (
        Entry("tool", "v2", "b/tool-2.deb", "c" * 64),
        Entry("tool", "v2", "b/tool-2.deb", None),
        Entry("tool", "v2", "b/tool-3.deb", "b" * 64),
    ):
        found, _faults = read_action(FULL, (*KNOWN[1:], changed))
        assert found is not None
        assert found.content_hash != action().content_hash


@pytest.mark.parametrize(
    ("known", "packages", "counts"),
    [
        (None, None, True),
        (None, ["tool/v1"], True),
        ((Entry("tool", "v1", "t.deb", None),), None, True),
        ((Entry("tool", "v1", "t.deb", None), Entry("tool", "v2", "t.deb", "a" * 64)), ["tool/v2"], False),
        ((Entry("tool", "v2", "t.deb", "a" * 64),), None, False),
        ((), None, False),
    ],
)
def test_the_storage_is_part_of_the_work_where_no_checksum_tells_what_is_in_it(
    known: tuple[Entry, ...] | None, packages: list[str] | None, counts: bool
) -> None:
    raw = {"name": "a", "script": "true", "packages": packages}
    places: tuple[tuple[str, ...], ...] = ((), ("s3", "storage:one"), ("s3", "storage:other"))
    read = [read_action(raw, known, storage_place=place)[0] for place in places]
    hashes = {one.content_hash for one in read if one is not None}
    assert len(hashes) == (len(places) if counts else 1)


def test_a_removal_is_other_work_even_with_the_same_script() -> None:
    removal, _faults = read_action({**FULL, "absent_script": SCRIPT}, KNOWN, removes=True)
    assert removal is not None
    assert removal.script == action().script
    assert removal.content_hash != action().content_hash


def test_a_removal_that_runs_nothing_has_no_variables() -> None:
    for absent_script, variables in ((None, ()), ("true", action().variables)):
        removal, faults = read_action({**FULL, "absent_script": absent_script}, KNOWN, removes=True)
        assert faults == []
        assert removal is not None
        assert removal.variables == variables


def test_variables_are_not_shown() -> None:
    assert "hunter2" not in repr(action(variables={"PASSWORD": "hunter2"}))


@settings(deadline=None)
@given(st.permutations(KNOWN), st.permutations(list(FULL)), st.permutations(["A", "B"]))
def test_no_order_matters_to_the_hash(known: list[Entry], keys: list[str], variables: list[str]) -> None:
    raw = {key: FULL[key] for key in keys} | {"variables": {key: FULL["variables"][key] for key in variables}}
    found, faults = read_action({**raw, "packages": None}, known)
    assert faults == []
    assert found is not None
    assert found.content_hash == action(packages=None).content_hash


@given(json_like([*KEYS, "A"], ["install", "tool/v2", "mount", SCRIPT]), st.booleans(), st.booleans())
def test_reading_never_raises_and_leaves_what_it_reads(raw: Any, removes: bool, catalogue: bool) -> None:
    before = copy.deepcopy(raw)
    faults_of(raw, KNOWN if catalogue else None, removes)
    assert repr(raw) == repr(before)


@settings(deadline=None)
@given(
    st.sampled_from(KEYS),
    json_like(["install", "A"], ["install", "tool/v2", "mount", SCRIPT]),
    st.booleans(),
)
def test_what_passes_can_be_hashed(key: str, value: Any, removes: bool) -> None:
    found, faults = read_action({**FULL, key: value}, KNOWN, removes=removes)
    assert (found is None) is bool(faults)
    if found is not None:
        assert len(found.content_hash) == 64
        assert "mount" in found.namespaces
        assert set(found.namespaces) <= set(NAMESPACES)
