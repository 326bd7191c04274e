# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Trow is started with is what the parser of its version takes, whatever a user wishes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import (
    CONFIGURATION_FILE,
    PROXIES_FILE,
    VALIDATION_FILE,
    Start,
    arguments,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import LINES, Version
from tests.unit.plugins.module_utils._trow.command_lines import COMMAND_LINES, SEEN, TAGS, refusal

VERSIONS = [Version(line, line.newest) for line in LINES]


def expanded(argument: str) -> str:
    """The argument as the kubelet gives it to a program, whose variables are all set to V.

    After the Kubernetes API, Container, args; the kubelet reads from left to right.
    """
    return re.sub(r"\$(?:(\$)|\([^)]*\))", lambda match: "$" if match[1] else "V", argument, flags=re.DOTALL)


def test_every_line_is_known_here_and_there() -> None:
    assert list(COMMAND_LINES) == list(TAGS) == [line.name for line in LINES]


@pytest.mark.parametrize(("line", "takes"), SEEN)
def test_the_parser_here_says_what_the_real_ones_said(line: str, takes: tuple[str, ...]) -> None:
    taken = tuple(version for version in COMMAND_LINES if refusal(version, line.split()) is None)
    assert taken == takes


@given(
    version=st.sampled_from(VERSIONS),
    host=st.text(st.characters(codec="ascii"), min_size=1),
    user=st.text(),
    bind=st.sampled_from([""]) | st.ip_addresses().map(str),
    port=st.integers(1, 65535),
    configured=st.booleans(),
    tls=st.booleans(),
)
def test_every_start_is_taken(
    version: Version, host: str, user: str, bind: str, port: int, *, configured: bool, tls: bool
) -> None:
    one = version.line.one_configuration
    names = (CONFIGURATION_FILE,) if one else (VALIDATION_FILE, PROXIES_FILE)
    start = Start(host, port, bind.partition("%")[0], user, names if configured else (), tls=tls)
    argv = [expanded(word) for word in arguments(version, start)]
    assert refusal(version.line.name, argv) is None
    assert sum(host == word.partition("=")[2] for word in argv) >= 1


def test_what_another_line_is_started_with_is_refused() -> None:
    start = Start("registry.example", 8000)
    old, new = arguments(VERSIONS[1], start), arguments(VERSIONS[2], start)
    assert refusal("0.8", old) == "--host=0.0.0.0 is not known"
    assert refusal("0.7", new) == "--bind=[::]:8000 is not known"


@pytest.mark.parametrize(
    ("bind", "old", "new"),
    [
        ("", "--host=0.0.0.0", "--bind=[::]:80"),
        ("10.0.0.1", "--host=10.0.0.1", "--bind=10.0.0.1:80"),
        ("fd00::1", "--host=fd00::1", "--bind=[fd00::1]:80"),
    ],
)
def test_an_address_of_ipv6_is_put_into_brackets_where_a_port_follows(bind: str, old: str, new: str) -> None:
    start = Start("registry.example", 80, bind)
    assert arguments(VERSIONS[0], start)[0] == old
    assert arguments(VERSIONS[-1], start)[0] == new


@pytest.mark.parametrize("user", ["a$(RUST_LOG)", "a$$b", "a$", "$(", "$$(HOME)", "a$b"])
def test_no_variable_is_put_in(user: str) -> None:
    argv = arguments(VERSIONS[-1], Start("registry.example", 80, user=user))
    assert f"--user={user}" in map(expanded, argv)


def test_the_password_is_in_a_file() -> None:
    argv = arguments(VERSIONS[-1], Start("registry.example", 80, user="alice"))
    assert argv[-2:] == ("--user=alice", "--password=file:///etc/trow/password/pass")
