# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import (
    LINES,
    parse_version,
    read_version,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.6", "0.6.3"), ("0.7", "0.7.5"), ("0.8", "0.8.0"), ("0.9.1", "0.9.1"), ("0.10", "0.10.0")],
)
def test_a_line_stands_for_its_newest(text: str, number: str) -> None:
    faults: list[Fault] = []
    version = read_version(text, "version", faults)
    assert faults == []
    assert str(version) == number
    assert version is not None
    assert version.image == f"ghcr.io/trow-registry/trow:{number}"


@pytest.mark.parametrize(
    "text", ["", "0.5", "0.11", "1.0.0", "v0.10", "0.010", "0.10.0-rc1", "0.10 ", "0.\u0661", "latest"]
)
def test_others_are_refused(text: str) -> None:
    faults: list[Fault] = []
    assert read_version(text, "version", faults) is None
    assert "allowed: 0.6, 0.7, 0.8, 0.9, 0.10, or one of these such as 0.10.0" in faults[0].message


@pytest.mark.parametrize("value", [0.1, 0.9, 10, True, ["0.10"]])
def test_what_is_no_text_is_told_to_be_quoted(value: object) -> None:
    faults: list[Fault] = []
    assert read_version(value, "version", faults) is None
    assert "put it into quotes" in faults[0].message


def test_only_one_version_cannot_log_in() -> None:
    failing = [
        f"{line.name}.{patch}"
        for line in LINES
        for patch in range(9)
        if not (version := parse_version(f"{line.name}.{patch}")) or not version.login_works
    ]
    assert failing == ["0.6.4"]


def test_the_database_grows_with_the_versions() -> None:
    versions = [parse_version(text) for text in ("0.6.3", "0.7.1", "0.7.2", "0.8.0", "0.9.4", "0.10.0")]
    assert [version.schema for version in versions if version] == [0, 1, 2, 3, 3, 3]
    assert [version.limits_proxied for version in versions if version] == [
        False,
        False,
        True,
        True,
        True,
        True,
    ]
