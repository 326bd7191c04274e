# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket

import pytest

from tests.faults.package_server.packages import (
    CATALOGUE,
    CONTENT,
    DIGEST,
    SECRET_KEY,
    SHELLS,
    Fetched,
    Packages,
)

WRONG = "0" * 64


def refused(packages: Packages, fetched: Fetched) -> str:
    """The sentences of a container that has failed and left nothing to serve."""
    assert fetched.code == 1
    assert not (packages.shared / "packages.map").exists()
    assert not (packages.shared / "work").exists()
    assert list(packages.stage.glob("by-name*")) == []
    assert SECRET_KEY not in fetched.message
    return fetched.message.strip()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrong_checksum_is_refused(packages: Packages, shell: str) -> None:
    packages.shell = shell
    packages.write_catalogue(f"{CATALOGUE}sha256 = '{WRONG}'\n")
    said = refused(packages, packages.fetch())
    found = f"the file mypackage-123456.deb has the sha256 {DIGEST}"
    assert said == f"mypackage/latest: {found}, but the catalogue says {WRONG}"


def test_all_packages_that_cannot_be_had_are_told_at_once(packages: Packages) -> None:
    packages.write_catalogue(f"{CATALOGUE}sha256='{WRONG}'\n[a.b]\npath='gone'\nsha256='{WRONG}'\n")
    said = refused(packages, packages.fetch())
    assert "mypackage/latest: the file" in said
    assert "a/b: the storage has no file gone" in said


@pytest.mark.parametrize("shell", SHELLS)
def test_packages_that_are_not_in_the_catalogue_are_told_with_what_there_is(
    packages: Packages, shell: str
) -> None:
    packages.shell = shell
    said = refused(packages, packages.fetch("mypackage/latest mypackage/lates my.ackage/latest"))
    assert said == (
        "packages.toml has no package mypackage/lates; packages.toml has no package my.ackage/latest;"
        " it has: mypackage/latest"
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_a_malformed_catalogue_is_told_with_line_numbers(packages: Packages, shell: str) -> None:
    packages.shell = shell
    packages.write_catalogue(f"{CATALOGUE}nonsense\n[a.b]\n")
    assert refused(packages, packages.fetch()).splitlines() == [
        "packages.toml line 3: is not understood: write [name.tag], path = '...' or sha256 = '...'",
        "packages.toml line 4: this package has no path: add path = '...' below it",
    ]


def test_a_catalogue_with_nul_octets_is_no_text(packages: Packages) -> None:
    packages.put("packages.toml", CATALOGUE.encode() + b"# \0 [a.b]\n")
    assert refused(packages, packages.fetch()) == "packages.toml is not text: it holds NUL octets"


@pytest.mark.parametrize("storage", ["folder", "s3"])
def test_a_missing_catalogue_is_told(packages: Packages, storage: str) -> None:
    if storage == "s3":
        packages.serve_s3()
    (packages.storage / "packages.toml").unlink()
    said = refused(packages, packages.fetch())
    assert said == f"the storage has no packages.toml in {packages.remote}"


@pytest.mark.parametrize("storage", ["folder", "s3"])
def test_missing_files_and_folders_are_told(packages: Packages, storage: str) -> None:
    if storage == "s3":
        packages.serve_s3()
    packages.put("folder/file", CONTENT)
    packages.write_catalogue("[a.gone]\npath = 'gone'\n[a.folder]\npath = 'folder'\n")
    said = refused(packages, packages.fetch("a/gone a/folder"))
    assert said == "a/gone: the storage has no file gone; a/folder: the storage has no file folder"
    assert not (packages.stage / "fetched").exists()


def test_a_catalogue_that_is_given_is_taken_instead(packages: Packages) -> None:
    packages.write_catalogue("nonsense\n")
    assert packages.fetch("mine/1", given="[mine.1]\npath = 'mypackage-123456.deb'\n").code == 0
    assert (packages.stage / "by-name/mine/1/mypackage-123456.deb").read_bytes() == CONTENT


def test_an_empty_catalogue_has_no_packages(packages: Packages) -> None:
    assert packages.fetch(given="").code == 0
    assert (packages.shared / "packages.map").read_bytes() == b""


def test_wrong_credentials_are_told(packages: Packages) -> None:
    packages.serve_s3("not " + SECRET_KEY)
    fetched = packages.fetch(limit=15)
    said = refused(packages, fetched)
    assert said.startswith("the storage cannot be read: ")
    assert "403" in said
    assert fetched.seconds < 15


def test_a_storage_that_is_not_there_is_told(packages: Packages) -> None:
    packages.use_s3("http://127.0.0.1:1")
    fetched = packages.fetch(limit=15)
    said = refused(packages, fetched)
    assert said.startswith("the storage cannot be read: ")
    assert "connection refused" in said
    assert fetched.seconds < 16


@pytest.mark.parametrize("shell", SHELLS)
def test_a_storage_that_never_answers_costs_the_time_limit_and_no_more(
    packages: Packages, shell: str
) -> None:
    packages.shell = shell
    with socket.create_server(("127.0.0.1", 0)) as silent:
        packages.use_s3(f"http://127.0.0.1:{silent.getsockname()[1]}")
        fetched = packages.fetch(limit=2)
    assert refused(packages, fetched) == "the storage cannot be read: no answer within 2 seconds"
    assert fetched.seconds < 8


def test_a_storage_that_stops_in_mid_file_costs_the_time_limit(packages: Packages) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        packages.use_s3(f"http://127.0.0.1:{silent.getsockname()[1]}")
        fetched = packages.fetch("mypackage/latest", given=CATALOGUE, limit=2)
    assert refused(packages, fetched) == (
        "mypackage/latest: the file mypackage-123456.deb cannot be fetched: no answer within 2 seconds"
    )


def test_names_cannot_be_options_or_commands(packages: Packages) -> None:
    path = "--config $(touch x) `touch x` ; *"
    packages.put(path, CONTENT)
    assert packages.fetch("a/1", given=f"[a.1]\npath = '{path}'\n").code == 0
    assert (packages.stage / "by-name" / "a" / "1" / path).read_bytes() == CONTENT
