# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.script import (
    LARGEST_SCRIPT,
    LARGEST_VARIABLE,
    LARGEST_VARIABLES,
    RESERVED_VARIABLES,
    read_script,
    read_variables,
)
from tests.unit.plugins.module_utils._nodes.json_like import json_like

LINE_ENDS = "has lines that end with a carriage return, which a shell takes for a part of the last word"
OPTIONS = "has '-eu' in its first line, which is not used: write it into a line of its own, with 'set'"


def script_faults(script: object) -> list[str]:
    faults: list[Fault] = []
    text = read_script(script, "script", faults)
    assert (text is None) is bool(faults)
    assert text is None or text == script
    return [str(fault) for fault in faults]


def variable_faults(variables: object) -> list[str]:
    faults: list[Fault] = []
    read_variables(variables, "variables", faults)
    return [str(fault) for fault in faults]


@pytest.mark.parametrize(
    "script",
    [
        "true",
        "#!/bin/sh\ntrue\n",
        "#!/usr/bin/env bash\nset -xe\n",
        "#! /usr/bin/env -S LANG=C bash\ntrue",
        "#!/bin/busybox sh\n",
        "#!/bin/sh -\ntrue",
        "# no interpreter\nprintf '\\r'\n",
        "echo ü\n",
    ],
)
def test_scripts_of_a_shell(script: str) -> None:
    assert script_faults(script) == []


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (5, "script: 5 is not a string"),
        ("", "script: the script is empty"),
        (" \n", "script: the script is empty"),
        ("a\0b", "script: the script holds what cannot be stored: a NUL, or half a surrogate pair"),
        ("a\ud800", "script: the script holds what cannot be stored: a NUL, or half a surrogate pair"),
        (
            "#!/bin/sh\r\ntrue\r\n",
            f"script: the script {LINE_ENDS}",
        ),
        (
            "#!/usr/bin/env python3\n",
            "script: the script asks for 'python3' in its first line; it is run by bash, or by sh without it",
        ),
        ("#!\n", "script: the script asks for '' in its first line; it is run by bash, or by sh without it"),
        (
            "#!/bin/bash -eu\n",
            f"script: the script {OPTIONS}",
        ),
    ],
)
def test_what_would_not_run_as_it_reads(script: object, fault: str) -> None:
    assert script_faults(script) == [fault]


def test_the_largest_script_is_counted_in_octets() -> None:
    assert script_faults("ü" * (LARGEST_SCRIPT // 2)) == []
    size = LARGEST_SCRIPT + 2
    assert script_faults("ü" * (LARGEST_SCRIPT // 2 + 1)) == [
        f"script: the script has {size} octets; allowed: {LARGEST_SCRIPT}"
    ]


def test_variables_are_sorted_and_numbers_become_strings() -> None:
    faults: list[Fault] = []
    raw = {"B": 8080, "_a": "two\nlines", "A1": "", "N": -1}
    expected = (("A1", ""), ("B", "8080"), ("N", "-1"), ("_a", "two\nlines"))
    assert read_variables(raw, "variables", faults) == expected
    assert read_variables(None, "variables", faults) == ()
    assert faults == []


def test_all_faults_of_variables_at_once() -> None:
    raw: dict[object, object] = {
        "1A": "",
        "A-B": "",
        3: "",
        "PATH": "/",
        "UID": "0",
        "ON": True,
        "VERSION": 1.10,
        "NOTHING": None,
        "LIST": ["secret"],
        "NUL": "a\0",
        "HUGE": 10**5000,
    }
    rule = "is no name: 1 to 128 letters, digits and '_', not a digit first"
    assert variable_faults(raw) == [
        f"variables: the variable '1A' {rule}",
        f"variables: the variable 'A-B' {rule}",
        f"variables: the variable 3 {rule}",
        "variables: the variable 'PATH' is set for each script; allowed: any other name",
        "variables: the variable 'UID' is bash's own and cannot be set; allowed: any other name",
        "variables: the variable 'ON' is a bool, not a string: put it in quotes",
        "variables: the variable 'VERSION' is a float, not a string: put it in quotes",
        "variables: the variable 'NOTHING' is nothing, not a string: put it in quotes",
        "variables: the variable 'LIST' is a list, not a string: put it in quotes",
        "variables: the variable 'NUL' holds what no variable can: a NUL, or half a surrogate pair",
        "variables: the variable 'HUGE' is a huge number: put it in quotes",
    ]
    assert variable_faults("secret") == ["variables: a str is not a mapping of variables to their values"]


@pytest.mark.parametrize("name", sorted(RESERVED_VARIABLES))
def test_what_the_runner_sets_cannot_be_set(name: str) -> None:
    assert len(variable_faults({name: "x"})) == 1


def test_variables_have_a_largest_size() -> None:
    half = LARGEST_VARIABLES // 2 - 1
    assert variable_faults({"A": "x" * half, "B": "x" * half}) == []
    assert variable_faults({"A": "x" * half, "B": "x" * (half + 1)}) == [
        f"variables: they hold {LARGEST_VARIABLES + 1} octets; allowed: {LARGEST_VARIABLES} in all"
    ]


def test_one_variable_is_as_long_as_a_program_can_be_given() -> None:
    longest = {"NAME": "ü" * ((LARGEST_VARIABLE - len("NAME=")) // 2)}
    assert variable_faults(longest) == []
    subprocess.run(["true"], env=longest, check=True)
    longer = {"NAME": f"{longest['NAME']}ü"}
    sizes = f"{LARGEST_VARIABLE + 2} octets with its name; allowed: {LARGEST_VARIABLE}"
    told = [f"variables: the variable 'NAME' has {sizes}, more in a file of the storage"]
    assert variable_faults(longer) == told
    with pytest.raises(OSError, match="Argument list too long"):
        subprocess.run(["true"], env=longer, check=False)


@given(st.text(min_size=8), st.sampled_from(["A", "1", "PATH", "PPID"]))
def test_no_fault_shows_a_value(value: str, name: str) -> None:
    secret = f"hunter2 {value}"
    for raw in ({name: f"{secret}\0"}, {name: [secret]}, {name: secret}, secret, [secret]):
        assert not any("hunter2" in fault for fault in variable_faults(raw))
    assert not any("hunter2" in fault for fault in script_faults(f"password={secret}\0"))


@given(json_like(["A", "PATH", "1"], ["A"]))
def test_nothing_raises(raw: Any) -> None:
    script_faults(raw)
    faults: list[Fault] = []
    found = read_variables(raw, "variables", faults)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in found)


@given(st.text())
def test_no_script_raises(text: str) -> None:
    script_faults(text)
    script_faults(f"#!{text}")
