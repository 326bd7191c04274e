# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import socket
import urllib.parse

import pytest

from tests.faults.package_server.packages import (
    CATALOGUE,
    CONTENT,
    DIGEST,
    SECRET_KEY,
    SHELLS,
    Packages,
    wait_until,
)

PACKAGE = "/pkg/mypackage/latest"


@pytest.fixture(name="served", params=["folder", "s3"])
def _served(request: pytest.FixtureRequest, packages: Packages) -> Packages:
    """From either kind of storage, nothing of it fetched beforehand."""
    if request.param == "s3":
        packages.serve_s3()
    assert packages.fetch().code == 0
    packages.start()
    return packages


def test_a_package_is_served_with_length_and_file_name(served: Packages) -> None:
    response = served.ask(PACKAGE)
    assert (response.code, response.body) == (200, CONTENT)
    assert response.headers["content-length"] == str(len(CONTENT))
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["accept-ranges"] == "bytes"
    name = "mypackage-123456.deb"
    assert (
        response.headers["content-disposition"] == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    )
    assert "x-checksum-sha256" not in response.headers
    assert "server" not in response.headers


def test_head_tells_the_same_without_a_body(served: Packages) -> None:
    got, head = served.ask(PACKAGE), served.ask(PACKAGE, "HEAD")
    assert (head.code, head.body) == (200, b"")
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


def test_ranges_give_parts(served: Packages) -> None:
    part = served.ask(PACKAGE, headers={"Range": "bytes=100-199"})
    assert (part.code, part.body) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    assert served.ask(PACKAGE, headers={"Range": "bytes=-10"}).body == CONTENT[-10:]
    beyond = served.ask(PACKAGE, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (beyond.code, beyond.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")
    several = served.ask(PACKAGE, headers={"Range": "bytes=0-1,5-6"})
    assert several.code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges")


@pytest.mark.parametrize(
    "path", ["/pkg/mypackage/1.0", "/pkg/yours/latest", "/pkg/mypackage", "/pkg/mypackage/latest/"]
)
def test_what_is_not_in_the_catalogue_is_404(packages: Packages, path: str) -> None:
    assert packages.fetch().code == 0
    packages.start()
    for asked in (path, f"{path}?x=/pkg/mypackage/latest"):
        response = packages.ask(asked)
        assert (response.code, response.body) == (404, b"there is no such package\n")


def test_no_path_leads_out_of_the_catalogue(served: Packages) -> None:
    paths = [
        "/",
        "/pkg",
        "/pkg/",
        "/storage/",
        "/storage/packages.toml",
        "/stage/",
        "/packages.toml",
        "/pkg/../packages.toml",
        "/pkg/mypackage/../../storage/packages.toml",
        "/pkg/mypackage/latest/../../../packages.toml",
        "/pkg/mypackage/%2e%2e/%2e%2e/packages.toml",
        "/pkg/mypackage/..%2f..%2fpackages.toml",
        "//storage/packages.toml",
        "/pkg//mypackage/latest",
        "/pkg/mypackage/latest%00",
        "/pkg/mypackage/latest%2500",
        "/pkg/mypackage/latest\\..\\x",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../../../etc/passwd",
        "http://localhost/storage/packages.toml",
        "*",
    ]
    answers = {path: served.ask(path) for path in paths}
    assert {path: answer.code for path, answer in answers.items() if answer.code not in {400, 404}} == {}
    assert not any(b"123456" in answer.body or b"root:" in answer.body for answer in answers.values())


def test_a_query_asks_for_nothing_more(served: Packages) -> None:
    assert served.ask(f"{PACKAGE}?download=zip&sort=size").body == CONTENT


def test_an_encoded_path_is_the_same_path(packages: Packages) -> None:
    packages.write_catalogue("[a.'1.0~rc+1']\npath = 'mypackage-123456.deb'\n")
    assert packages.fetch().code == 0
    packages.start()
    assert packages.ask("/pkg/a/1.0~rc+1").code == 200
    assert packages.ask(f"/pkg/a/{urllib.parse.quote('1.0~rc+1')}").code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE"])
def test_nothing_but_get_and_head_is_answered(packages: Packages, method: str) -> None:
    assert packages.fetch().code == 0
    packages.start()
    for path in (PACKAGE, "/_/healthz", "/storage/x"):
        response = packages.ask(path, method)
        assert (response.code, response.headers["allow"]) == (405, "GET, HEAD")
    assert (packages.storage / "mypackage-123456.deb").read_bytes() == CONTENT


def test_healthz_names_the_instance_and_sees_the_storage_go(packages: Packages) -> None:
    assert packages.fetch().code == 0
    packages.start("this one")
    response = packages.ask("/_/healthz")
    assert (response.code, response.body) == (200, b"ok this one\n")
    packages.processes.stop("storage")
    wait_until(lambda: packages.ask("/_/healthz").code == 503)
    silent = packages.ask(PACKAGE)
    assert (silent.code, silent.body) == (503, b"the storage does not answer\n")


def test_other_addresses_of_the_machine_are_not_listened_on(packages: Packages) -> None:
    assert packages.fetch().code == 0
    packages.start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", packages.port), timeout=5).close()


def test_files_with_odd_names_keep_them(packages: Packages) -> None:
    path = "sub folder/ü 100% \"quoted\" 'x' #1?.deb"
    packages.put(path, b"odd")
    packages.write_catalogue(f'[odd.1]\npath = "{path.replace(chr(34), chr(92) + chr(34))}"\n')
    assert packages.fetch().code == 0
    packages.start()
    response = packages.ask("/pkg/odd/1")
    assert (response.code, response.body) == (200, b"odd")
    plain, encoded = response.headers["content-disposition"].split("; ")[1:]
    assert urllib.parse.unquote(encoded.removeprefix("filename*=UTF-8''")) == path.split("/")[1]
    assert plain == 'filename="___100___quoted___x___1_.deb"'


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("storage", ["folder", "s3"])
def test_a_package_with_a_checksum_is_served_from_the_stage(
    packages: Packages, shell: str, storage: str
) -> None:
    packages.shell = shell
    if storage == "s3":
        packages.serve_s3()
    packages.write_catalogue(f"{CATALOGUE}sha256 = '{DIGEST.upper()}'\n")
    assert packages.fetch().code == 0
    packages.start()
    # What it was verified as stays, whatever becomes of the file in the storage.
    packages.put("mypackage-123456.deb", b"another one")
    response = packages.ask(PACKAGE)
    assert (response.code, response.body) == (200, CONTENT)
    assert response.headers["x-checksum-sha256"] == DIGEST


def test_a_package_that_the_action_names_has_its_checksum_found_out(packages: Packages) -> None:
    assert packages.fetch("mypackage/latest").code == 0
    packages.start()
    assert packages.ask(PACKAGE).headers["x-checksum-sha256"] == DIGEST
    staged = packages.stage / "by-name" / "mypackage" / "latest" / "mypackage-123456.deb"
    assert staged.read_bytes() == CONTENT


def test_new_tags_are_there_without_a_restart(served: Packages) -> None:
    assert served.ask("/pkg/mypackage/new").code == 404
    new = b"new content" * 1000
    served.put("new.deb", new)
    digest = hashlib.sha256(new).hexdigest()
    checked = f"[mypackage.checked]\npath = 'new.deb'\nsha256 = '{digest}'\n"
    served.write_catalogue(f"{CATALOGUE}[mypackage.new]\npath = 'new.deb'\n{checked}")
    wait_until(lambda: served.ask("/pkg/mypackage/new").code == 200)
    assert served.ask("/pkg/mypackage/new").body == new
    assert served.ask("/pkg/mypackage/checked").headers["x-checksum-sha256"] == digest
    served.write_catalogue(CATALOGUE)
    wait_until(lambda: served.ask("/pkg/mypackage/new").code == 404)
    assert served.ask(PACKAGE).code == 200


def test_a_download_goes_on_while_the_catalogue_changes(packages: Packages) -> None:
    large = bytes(1024) * 1024 * 30
    packages.put("large", large)
    packages.write_catalogue("[large.one]\npath = 'large'\n")
    assert packages.fetch().code == 0
    packages.start()
    with socket.create_connection(("127.0.0.1", packages.port), timeout=30) as connection:
        connection.sendall(b"GET /pkg/large/one HTTP/1.0\r\n\r\n")
        received = len(connection.recv(1000))
        packages.write_catalogue(f"{CATALOGUE}[large.one]\npath = 'large'\n")
        wait_until(lambda: packages.ask(PACKAGE).code == 200)
        while octets := connection.recv(1 << 20):
            received += len(octets)
    assert len(large) < received < len(large) + 1000


def test_a_fault_in_a_later_catalogue_leaves_things_as_they_were(packages: Packages) -> None:
    assert packages.fetch().code == 0
    packages.start()
    packages.write_catalogue("nonsense\n")
    wait_until(lambda: "the catalogue stays as it was" in packages.log("storage"))
    assert "packages.toml line 1: is not understood" in packages.log("storage")
    assert packages.ask(PACKAGE).code == 200
    packages.write_catalogue(f"{CATALOGUE}[mypackage.new]\npath = 'mypackage-123456.deb'\n")
    wait_until(lambda: packages.ask("/pkg/mypackage/new").code == 200)


def test_a_file_that_is_gone_and_a_folder_are_404(packages: Packages) -> None:
    packages.put("folder/file", b"x")
    packages.write_catalogue("[a.gone]\npath = 'gone.deb'\n[a.folder]\npath = 'folder'\n")
    assert packages.fetch().code == 0
    packages.start()
    for tag in ("gone", "folder"):
        response = packages.ask(f"/pkg/a/{tag}")
        assert (response.code, response.body) == (
            404,
            b"the storage does not have the file of this package\n",
        )
        assert "content-disposition" not in response.headers


def test_a_storage_that_dies_in_mid_download_cuts_the_file_short(packages: Packages) -> None:
    size = 300 * 1024 * 1024
    with (packages.storage / "large").open("wb") as file:
        file.truncate(size)
    packages.write_catalogue("[large.one]\npath = 'large'\n")
    assert packages.fetch().code == 0
    packages.start()
    with socket.create_connection(("127.0.0.1", packages.port), timeout=30) as connection:
        connection.sendall(b"GET /pkg/large/one HTTP/1.1\r\nHost: x\r\n\r\n")
        head = connection.recv(1000)
        packages.processes.stop("storage")
        received = len(head)
        while octets := connection.recv(1 << 20):
            received += len(octets)
    assert f"content-length: {size}\r\n".encode() in head
    assert received < size


def test_no_secret_of_the_storage_is_written_anywhere(packages: Packages) -> None:
    packages.serve_s3()
    assert packages.fetch("mypackage/latest").code == 0
    packages.start()
    assert packages.ask(PACKAGE).code == 200
    written = [file for file in packages.folder.rglob("*") if file.is_file() and "s3" not in file.parts]
    assert written
    assert not any(SECRET_KEY.encode() in file.read_bytes() for file in written)


@pytest.mark.parametrize("shell", SHELLS)
def test_both_servers_end_when_they_are_told_to(packages: Packages, shell: str) -> None:
    packages.shell = shell
    assert packages.fetch().code == 0
    packages.start()
    for name in ("server", "storage"):
        packages.processes.stop(name)
    with pytest.raises(ConnectionRefusedError):
        packages.ask(PACKAGE)
