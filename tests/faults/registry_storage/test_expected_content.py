# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be in a registry: tags, platforms, digests, and every blob below them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Result
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_storage.depots import Depots, Registry, expected
from tests.faults.registry_storage.images import digest

Start = Callable[[Depots], Registry]
STORAGES: dict[str, Start] = {
    "files": lambda depots: depots.start(),
    "s3": lambda depots: depots.start_on_s3(redirects=False),
    "s3-redirects": lambda depots: depots.start_on_s3(redirects=True, login=True),
}


@pytest.fixture(params=list(STORAGES))
def registry(request: pytest.FixtureRequest, depots: Depots) -> Registry:
    return STORAGES[str(request.param)](depots)


def references(result: Result) -> dict[str, str]:
    return {entry["reference"]: entry["status"] for entry in result["references"]}


def test_index_with_its_platforms(registry: Registry, check: Check) -> None:
    pusher = registry.pusher
    platforms = ("linux/amd64", "linux/arm64", "linux/arm/v7")
    images = {platform: pusher.image("a/b", "one", platform=platform) for platform in platforms}
    index = pusher.index("a/b", "all", images)
    result = check(
        url=registry.url,
        expect=[expected("a/b", tags=("all",), platforms=platforms)],
        deep=True,
        **registry.credentials,
    )
    assert result["healthy"], result
    assert statuses(result)["expected_references"] == "ok"
    assert statuses(result)["blobs"] == "ok"
    (entry,) = result["references"]
    assert entry["digest"] == index.digest
    assert entry["media_type"] == index.media_type
    assert sorted(entry["platforms"]) == sorted(platforms)
    assert entry["status"] == "ok"


@pytest.mark.parametrize("docker", [False, True])
def test_platform_that_is_missing(depots: Depots, check: Check, docker: bool) -> None:
    registry = depots.start()
    image = registry.pusher.image("a/b", "single", docker=docker)
    registry.pusher.index("a/b", "list", {"linux/amd64": image}, docker=docker)
    for tag in ("single", "list"):
        there = check(url=registry.url, expect=[expected("a/b", tags=(tag,), platforms=("linux/amd64",))])
        assert there["healthy"], there
        result = check(url=registry.url, expect=[expected("a/b", tags=(tag,), platforms=("linux/s390x",))])
        assert statuses(result)["expected_references"] == "fail"
        assert "linux/s390x" in message(result, "expected_references")
        assert "fail" in references(result).values()


def test_tag_and_repository_that_are_missing(depots: Depots, check: Check) -> None:
    registry = depots.start()
    registry.pusher.image("a/b", "there")
    result = check(
        url=registry.url,
        expect=[expected("a/b", tags=("there", "missing")), expected("no/such", tags=("any",))],
    )
    assert statuses(result)["expected_references"] == "fail"
    assert sorted(references(result).values()) == ["fail", "fail", "ok"]
    assert "missing" in message(result, "expected_references")


def test_all_tags_of_many_pages(depots: Depots, check: Check) -> None:
    # The registry gives no page longer than this.
    registry = depots.start(sections={"catalog": {"maxentries": 10}})
    image = registry.pusher.image("a/b", "first")
    for number in range(250):
        registry.pusher.manifest("a/b", f"tag-{number}", image)
    result = check(
        url=registry.url, expect=[expected("a/b", all_tags=True, platforms=("linux/amd64",))], catalog=True
    )
    assert result["healthy"], result
    assert len(result["references"]) == 251
    assert {entry["digest"] for entry in result["references"]} == {image.digest}
    assert set(references(result).values()) == {"ok"}


def test_all_tags_of_nothing_is_no_success(depots: Depots, check: Check) -> None:
    result = check(url=depots.start().url, expect=[expected("no/such", all_tags=True)])
    assert statuses(result)["expected_references"] == "fail"
    assert "no/such" in message(result, "expected_references")


def test_blob_that_garbage_collection_took(registry: Registry, check: Check) -> None:
    image = registry.pusher.image("a/b", "tag", layers=(b"kept", b"lost"))
    parameters = {"url": registry.url, "expect": [expected("a/b", tags=("tag",))], **registry.credentials}
    assert check(**parameters, deep=True)["healthy"]
    registry.blob(digest(b"lost")).unlink()
    assert check(**parameters)["healthy"]
    result = check(**parameters, deep=True)
    assert result["failed"]
    assert statuses(result)["expected_references"] == "ok"
    assert statuses(result)["blobs"] == "fail"
    told = message(result, "blobs")
    assert digest(b"lost")[:19] in told
    assert "garbage" in told
    assert image.blobs[1][:19] not in told


def test_configuration_that_is_missing(registry: Registry, check: Check) -> None:
    image = registry.pusher.image("a/b", "tag")
    registry.blob(image.blobs[0]).unlink()
    result = check(
        url=registry.url, expect=[expected("a/b", tags=("tag",))], deep=True, **registry.credentials
    )
    assert statuses(result)["blobs"] == "fail"
    assert image.blobs[0][:19] in message(result, "blobs")


def test_blob_of_another_size(registry: Registry, check: Check) -> None:
    registry.pusher.image("a/b", "tag", layers=(b"written to the end",))
    registry.blob(digest(b"written to the end")).write_bytes(b"written to")
    result = check(
        url=registry.url, expect=[expected("a/b", tags=("tag",))], deep=True, **registry.credentials
    )
    assert statuses(result)["blobs"] == "fail"
    assert "10" in message(result, "blobs")
    assert "18" in message(result, "blobs")


def test_manifest_with_changed_bytes(depots: Depots, check: Check) -> None:
    registry = depots.start()
    image = registry.pusher.image("a/b", "tag")
    stored = registry.blob(image.digest)
    stored.write_bytes(stored.read_bytes().replace(b'"schemaVersion": 2', b'"schemaVersion":  2'))
    result = check(url=registry.url, expect=[expected("a/b", tags=("tag",))])
    assert statuses(result)["expected_references"] == "fail"
    assert "digest" in message(result, "expected_references")


def test_image_of_an_index_that_is_missing(depots: Depots, check: Check) -> None:
    registry = depots.start()
    images = {
        name: registry.pusher.image("a/b", "x", platform=name) for name in ("linux/amd64", "linux/arm64")
    }
    registry.pusher.index("a/b", "all", images)
    registry.blob(images["linux/arm64"].digest).unlink()
    result = check(url=registry.url, expect=[expected("a/b", tags=("all",))], deep=True)
    assert result["failed"]
    assert images["linux/arm64"].digest[:19] in result["msg"]


@pytest.mark.parametrize("deep", [False, True])
def test_platform_whose_image_was_deleted(depots: Depots, check: Check, deep: bool) -> None:
    registry = depots.start()
    images = {
        name: registry.pusher.image("a/b", "x", platform=name) for name in ("linux/amd64", "linux/arm64")
    }
    registry.pusher.index("a/b", "all", images)
    gone = images["linux/arm64"].digest
    assert registry.pusher.ask("DELETE", f"/v2/a/b/manifests/{gone}").status == 202

    def ask(*platforms: str) -> Result:
        wanted = expected("a/b", tags=("all",), platforms=platforms)
        return check(url=registry.url, expect=[wanted], deep=deep)

    assert ask("linux/amd64")["healthy"]
    result = ask("linux/amd64", "linux/arm64")
    assert statuses(result)["blobs" if deep else "expected_references"] == "fail"
    (entry,) = result["references"]
    assert entry["status"] == "fail"
    assert f"for linux/arm64: manifest {gone}: HTTP 404" in entry["message"]
    assert "--delete-untagged" in entry["message"]
    assert "linux/arm64" in entry["platforms"]


def test_blobs_that_many_images_lack(depots: Depots, check: Check) -> None:
    registry = depots.start()
    for number in range(12):
        registry.pusher.image("a/b", f"t{number:02}", layers=(b"shared", f"own {number}".encode()))
    registry.pusher.image("a/b", "whole", layers=(b"elsewhere",))
    for number in range(12):
        registry.blob(digest(f"own {number}".encode())).unlink()
    registry.blob(digest(b"shared")).unlink()
    result = check(url=registry.url, expect=[expected("a/b", all_tags=True)], deep=True)
    assert message(result, "blobs").startswith("13 of ")
    assert message(result, "blobs").endswith("and 3 more")
    assert statuses(result)["expected_references"] == "ok"
    found = {entry["reference"]: entry for entry in result["references"]}
    assert (found.pop("a/b:whole")["status"], len(found)) == ("ok", 12)
    for number in range(12):
        entry = found[f"a/b:t{number:02}"]
        assert entry["status"] == "fail"
        # One of them was asked for once, and is missing to all.
        assert digest(b"shared") in entry["message"]
        assert digest(f"own {number}".encode()) in entry["message"]


def test_platform_of_an_image_that_names_none(depots: Depots, check: Check) -> None:
    registry = depots.start()
    registry.pusher.image("a/b", "nowhere", platform="/")
    registry.pusher.image("a/b", "arm", platform="linux/arm64")
    wanted = expected("a/b", tags=("nowhere", "arm"), platforms=("linux/amd64",))
    nowhere, arm = check(url=registry.url, expect=[wanted])["references"]
    assert nowhere["message"] == "not for linux/amd64, only for: none is named"
    assert (arm["status"], arm["platforms"]) == ("fail", ["linux/arm64"])


def test_layers_by_sha512(registry: Registry, check: Check) -> None:
    registry.pusher.image("a/b", "tag", layers=(b"one", b"two"), algorithm="sha512")
    result = check(
        url=registry.url, expect=[expected("a/b", tags=("tag",))], deep=True, **registry.credentials
    )
    assert result["healthy"], result
    assert statuses(result)["blobs"] == "ok"


def test_docker_configuration_gives_the_login(depots: Depots, check: Check, tmp_path: Path) -> None:
    registry = depots.start(login=True)
    registry.pusher.image("a/b", "tag")
    path = tmp_path / "config.json"
    entry = {"username": USERNAME, "password": PASSWORD}
    path.write_text(json.dumps({"auths": {f"127.0.0.1:{registry.port}": entry}}))
    result = check(
        url=registry.url, docker_config=str(path), expect=[expected("a/b", tags=("tag",))], deep=True
    )
    assert result["healthy"], result
    for name in ("credentials", "anonymous_refused", "wrong_credentials_refused", "blobs"):
        assert statuses(result)[name] == "ok"
    assert PASSWORD not in json.dumps(result)
