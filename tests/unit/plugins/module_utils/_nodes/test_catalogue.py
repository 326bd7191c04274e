# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.catalogue import (
    LONGEST_PATH,
    Catalogue,
    Entry,
    from_variables,
    read_catalogue,
)

DIGEST = "0123456789abcdef" * 4
EXAMPLE = "[mypackage.latest]\npath = 'mypackage-123456.deb'\n"


def test_the_catalogue_of_pkg_serve_is_read_as_it_is() -> None:
    assert read_catalogue(EXAMPLE) == (
        Catalogue((Entry("mypackage", "latest", "mypackage-123456.deb"),)),
        [],
    )


def test_a_checksum_is_kept_in_lower_case() -> None:
    catalogue, faults = read_catalogue(f"{EXAMPLE}sha256 = '{DIGEST.upper()}'\n")
    assert (catalogue.entries[0].sha256, faults) == (DIGEST, [])


def test_packages_of_one_name_stand_together() -> None:
    text = "[a.1]\npath='x'\n[b.1]\npath='y'\n[a.'2.0']\npath='z'\n"
    catalogue, faults = read_catalogue(text)
    assert [(entry.name, entry.tag) for entry in catalogue.entries] == [("a", "1"), ("a", "2.0"), ("b", "1")]
    assert faults == []


@pytest.mark.parametrize("text", ["\ufeff" + EXAMPLE, EXAMPLE.replace("\n", "\r\n"), EXAMPLE[:-1] + "\r"])
def test_editors_of_another_system_do_no_harm(text: str) -> None:
    assert read_catalogue(text) == read_catalogue(EXAMPLE)


def test_nothing_is_a_catalogue_without_packages() -> None:
    assert read_catalogue("") == (Catalogue(), [])
    assert from_variables(None) == (Catalogue(), [])


def test_what_is_no_toml_is_told_with_its_line() -> None:
    catalogue, faults = read_catalogue("[a.b]\npath = 'x'\nnonsense\n")
    assert catalogue == Catalogue()
    assert len(faults) == 1
    assert "line 3" in str(faults[0])


def test_values_that_are_nested_too_deeply_are_a_fault() -> None:
    assert [str(fault) for fault in read_catalogue(f"a = {'[' * 100_000}")[1]] == [
        "packages.toml: is not a catalogue: its values are nested too deeply"
    ]


def test_all_faults_are_told_at_once_and_the_rest_is_read() -> None:
    text = f"""
        [good.one]
        path = 'x'
        [bad.one]
        path = '/etc/passwd'
        [bad.two]
        paths = 'x'
        [bad.three]
        path = 'x'
        sha256 = '{DIGEST[1:]}'
        [".bad".one]
        path = 'x'
        [bad]
        four = 'x'
        [bad.five]
        path = 7
        sha256 = 7
    """
    catalogue, faults = read_catalogue(text)
    assert [entry.name for entry in catalogue.entries] == ["good"]
    assert [fault.where for fault in faults] == [
        "packages.toml[bad][one].path",
        "packages.toml[bad][two]",
        "packages.toml[bad][two]",
        "packages.toml[bad][three].sha256",
        "packages.toml[bad][four]",
        "packages.toml[bad][five].path",
        "packages.toml[bad][five].sha256",
        "packages.toml",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/x",
        "x/",
        "a//b",
        ".",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        "a\nb",
        "a\x7f",
        "a\x00",
        "x" * 1025,
        "\ud800",
    ],
)
def test_a_path_that_leaves_the_storage_or_a_line_is_refused(path: str) -> None:
    catalogue, faults = from_variables({"a": {"b": {"path": path}}})
    assert catalogue == Catalogue()
    assert [fault.where for fault in faults] == ["packages[a][b].path"]


@pytest.mark.parametrize("path", ["x", "a/b.deb", "...", "a b/ü'\"\\%.deb", "~", "x" * LONGEST_PATH])
def test_any_other_path_is_one(path: str) -> None:
    assert from_variables({"a": {"b": {"path": path}}}) == (Catalogue((Entry("a", "b", path),)), [])


@pytest.mark.parametrize("name", ["", ".a", "-a", "a b", "a/b", "ü", "a\n", "x" * 129, 1.5, None, True])
def test_names_and_tags_that_cannot_stand_in_a_url_are_refused(name: object) -> None:
    for raw in ({name: {"b": {"path": "x"}}}, {"a": {name: {"path": "x"}}}):
        catalogue, faults = from_variables(raw)
        assert catalogue == Catalogue()
        assert len(faults) == 1


def test_a_number_as_tag_is_told_to_be_put_in_quotes() -> None:
    assert "put it in quotes" in from_variables({"a": {1.10: {"path": "x"}}})[1][0].message


def test_a_list_says_the_same_as_a_mapping() -> None:
    mapping = {"a": {"1": {"path": "x", "sha256": DIGEST}, "2": {"path": "y"}}, "b": {"1": {"path": "z"}}}
    listed = [
        {"name": "a", "tag": "1", "path": "x", "sha256": DIGEST},
        {"name": "b", "tag": "1", "path": "z", "sha256": None},
        {"name": "a", "tag": "2", "path": "y"},
    ]
    assert from_variables(listed) == from_variables(mapping)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ("x", ["packages"]),
        (7, ["packages"]),
        ({"a": []}, ["packages[a]"]),
        ({"a": {"b": "x"}}, ["packages[a][b]"]),
        ({"a": {"b": {"path": None}}}, ["packages[a][b]"]),
        (["x"], ["packages[0]"]),
        ([{}], ["packages[0]", "packages[0]", "packages[0]"]),
        (
            [{"name": ".", "tag": 1, "path": ["x"], "url": ""}],
            ["packages[0]", "packages[0].name", "packages[0].tag", "packages[0].path"],
        ),
        ([{"name": "a", "tag": "b", "path": "x"}, {"name": "a", "tag": "b", "path": "y"}], ["packages[1]"]),
    ],
)
def test_every_fault_of_variables_has_its_place(raw: Any, where: list[str]) -> None:
    assert [fault.where for fault in from_variables(raw)[1]] == where


def test_the_toml_that_is_written_is_read_as_the_same() -> None:
    catalogue = Catalogue(
        (
            Entry("a", "1.0~rc+1", "x y/ü\"\\'.deb", DIGEST),
            Entry("a", "2", "z"),
            Entry("b", "1", "\U0001f600"),
        )
    )
    assert read_catalogue(catalogue.write_toml()) == (catalogue, [])
    assert tomllib.loads(Catalogue().write_toml()) == {}


def test_lines_of_the_map_have_the_path_as_a_url_has_it() -> None:
    catalogue = Catalogue((Entry("a", "1", "x/y z+ü%.deb"), Entry("b", "2", "x", DIGEST)))
    assert catalogue.write_map() == (f"a\t1\t-\tx/y z+ü%.deb\tx/y%20z+%C3%BC%25.deb\nb\t2\t{DIGEST}\tx\tx\n")
