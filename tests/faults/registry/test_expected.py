# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be in a registry, looked for in a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    image_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import Cleanup, upload_blob
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import Check, Registry, Start
from tests.faults.registry.test_real_registry import message, statuses

Push = Callable[..., dict[str, str]]


@pytest.fixture
def registry(start_registry: Start) -> Registry:
    return start_registry()


@pytest.fixture
def push(registry: Registry) -> Push:
    """Pushes an index of one image for each platform under each tag; gives the digests of the layers."""

    def call(
        repository: str, tags: list[str], platforms: tuple[str, ...] = ("linux/amd64",)
    ) -> dict[str, str]:
        transport = Transport(client_context(Trust(verify=False)))
        client = Client(parse_url(registry.url).origin, transport)
        deadline = Deadline.after(30)
        layers, entries = {}, []
        for platform in platforms:
            system, architecture = platform.split("/")
            config = json.dumps({"os": system, "architecture": architecture}).encode()
            layer = f"layer of {platform} in {repository}".encode()
            for blob in (config, layer):
                upload_blob(client, repository, blob, deadline, Cleanup(deadline))
            image = image_manifest(Descriptor.of(OCI_CONFIG, config), (Descriptor.of(OCI_LAYER, layer),))
            client.put_manifest(repository, str(digest_of(image)), OCI_MANIFEST, image, deadline)
            layers[platform] = str(digest_of(layer))
            named = {"platform": {"os": system, "architecture": architecture}}
            entries.append(Descriptor.of(OCI_MANIFEST, image).as_json() | named)
        for tag in tags:
            document = {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": entries,
                "annotations": {"t": tag},
            }
            content = json.dumps(document).encode() if len(platforms) > 1 else image
            kind = OCI_INDEX if len(platforms) > 1 else OCI_MANIFEST
            assert client.put_manifest(repository, tag, kind, content, deadline).status == 201
        transport.close()
        return layers

    return call


def blob_file(registry: Registry, digest: str) -> Path:
    encoded = digest.removeprefix("sha256:")
    return registry.storage / f"docker/registry/v2/blobs/sha256/{encoded[:2]}/{encoded}/data"


def test_all_is_there(registry: Registry, check: Check, push: Push) -> None:
    push("shop/web", ["1", "2"], ("linux/amd64", "linux/arm64"))
    push("shop/batch", ["x"])
    result = check(
        url=registry.url,
        expect=[
            {"repository": "shop/web", "tags": ["2", "1"], "platforms": ["linux/arm64", "linux/x86_64"]},
            {"repository": "shop/batch", "all_tags": True, "platforms": ["linux/amd64"]},
            {"repository": "shop/web"},
        ],
        deep=True,
        catalog=True,
        max_latency_ms=5000,
    )
    assert result["healthy"], result
    assert [found["reference"] for found in result["references"]] == [
        "shop/web:2",
        "shop/web:1",
        "shop/batch:x",
        "shop/web",
    ]
    assert result["references"][0]["platforms"] == ["linux/amd64", "linux/arm64"]
    assert result["references"][0]["media_type"] == OCI_INDEX
    assert result["references"][2]["platforms"] == ["linux/amd64"]
    assert {statuses(result)[name] for name in ("blobs", "catalog", "referrers", "latency")} == {"ok"}
    assert (result["capabilities"]["catalog"], result["capabilities"]["referrers"]) == (True, False)
    assert "2 repositories" in message(result, "catalog")


def test_what_is_missing_is_told(registry: Registry, check: Check, push: Push) -> None:
    push("shop/web", ["1"], ("linux/amd64", "linux/arm64"))
    result = check(
        url=registry.url,
        expect=[
            {"repository": "shop/web", "tags": ["1"], "platforms": ["linux/s390x"]},
            {"repository": "shop/web", "tags": [f"gone-{number}" for number in range(20)]},
            {"repository": "shop/absent", "all_tags": True},
        ],
    )
    told = message(result, "expected_references")
    assert result["failed"]
    assert told.startswith(
        "22 of 22 faulty: shop/web:1: not for linux/s390x, only for: linux/amd64, linux/arm64"
    )
    assert told.endswith("and 12 more")
    assert result["references"][-1]["reference"] == "shop/absent"
    assert "no such repository" in result["references"][-1]["message"]
    listed = [line for line in result["table"] if "shop/web" in line]
    assert len(listed) == 10
    assert max(len(line) for line in result["table"]) < 300


def test_a_blob_that_was_collected_or_cut(registry: Registry, check: Check, push: Push) -> None:
    layers = push("shop/web", ["1"], ("linux/amd64", "linux/arm64"))
    expect = [{"repository": "shop/web", "tags": ["1"]}]
    blob_file(registry, layers["linux/arm64"]).unlink()
    assert check(url=registry.url, expect=expect)["healthy"]
    result = check(url=registry.url, expect=expect, deep=True)
    assert statuses(result)["expected_references"] == "ok"
    assert "garbage collection" in message(result, "blobs")
    assert f"for linux/arm64: {layers['linux/arm64']}" in message(result, "blobs")
    only = [{"repository": "shop/web", "tags": ["1"], "platforms": ["linux/amd64"]}]
    assert check(url=registry.url, expect=only, deep=True)["healthy"]


def test_more_tags_than_a_page_holds(registry: Registry, check: Check, push: Push) -> None:
    push("many", [f"t{number}" for number in range(1050)])
    result = check(url=registry.url, expect=[{"repository": "many", "all_tags": True}])
    assert result["healthy"], result
    assert len({found["reference"] for found in result["references"]}) == 1050


def test_every_address(start_registry: Start, check: Check) -> None:
    registry = start_registry()
    result = check(url=f"http://localhost:{registry.port}", every_address=True)
    assert statuses(result)["api[127.0.0.1]"] == "ok"
    assert statuses(result)["tls[127.0.0.1]"] == "skipped"


def test_docker_config(start_registry: Start, check: Check, tmp_path: Path) -> None:
    registry = start_registry(login=True)
    file = tmp_path / "config.json"
    entry = {"username": "alice", "password": "correct horse battery staple"}
    file.write_text(json.dumps({"auths": {f"http://127.0.0.1:{registry.port}/v2/": entry}}))
    result = check(url=registry.url, docker_config=str(file))
    assert statuses(result)["credentials"] == "ok"
    assert statuses(result)["wrong_credentials_refused"] == "ok"
    file.write_text(json.dumps({"auths": {"other.test": entry}}))
    refused = check(url=registry.url, docker_config=str(file))
    assert "it has: other.test" in refused["msg"]


@pytest.mark.parametrize("size", [1, 1024, 5_000_000])
@pytest.mark.parametrize("delete", [True, False])
def test_round_trips_of_any_size(start_registry: Start, check: Check, size: int, delete: bool) -> None:
    registry = start_registry(delete=delete)
    result = check(url=registry.url, round_trip=True, round_trip_size=size)
    assert result["healthy"], result
    assert result["changed"] is not delete
    again = check(url=registry.url, round_trip=True, round_trip_size=size)
    assert again["leftovers"] == []


def test_new_parameters_that_are_bad(start_registry: Start, check: Check) -> None:
    refused = check(
        url=start_registry().url,
        connections=0,
        round_trip_size=0,
        client_key="/x",
        expect=[{"repository": "A"}],
    )
    for name in ("connections", "round_trip_size", "client_key", "expect[0].repository"):
        assert f"{name}: " in refused["msg"]


def test_a_registry_that_asks_who_we_are(
    start_registry: Start, check: Check, authority: Authority, tmp_path: Path
) -> None:
    registry = start_registry(certificate=authority.issue(), client_authority=authority.pem)
    for name, issuer in (("own", authority), ("other", Authority("another"))):
        certificate, key = issuer.issue(dns_names=("client.test",))
        (tmp_path / f"{name}.pem").write_bytes(certificate + key)
    known = {"url": registry.url, "ca": authority.pem.decode()}
    assert check(**known, client_cert=str(tmp_path / "own.pem"))["healthy"]
    for wrong in ({}, {"client_cert": str(tmp_path / "other.pem")}):
        told = check(**known, **wrong)["msg"]
        assert "client_cert" in told
    (tmp_path / "broken.pem").write_text("nothing")
    assert "client_cert" in check(**known, client_cert=str(tmp_path / "broken.pem"))["msg"]
