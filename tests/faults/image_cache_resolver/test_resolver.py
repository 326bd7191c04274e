# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolution,
    Resolved,
    Unresolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolver import (
    Access,
    read_endpoint,
    registry_origin,
    resolve_all,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.docker_config import (
    credentials_of_config,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from devcluster.ports import free_port
from tests.faults.image_cache_resolver.conftest import Resolve
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import PASSWORD, USERNAME, Registry, Start
from tests.faults.registry.hostile_server import hostile_server
from tests.faults.registry_storage.images import OCI_MANIFEST, Image, Pusher, digest

NAME = "depot.test"


@dataclass(frozen=True)
class Depot:
    """A plain registry and what is in it: an index of two platforms under two tags, and one image alone."""

    registry: Registry
    push: Pusher
    amd64: Image
    arm64: Image
    index: Image

    @property
    def access(self) -> dict[str, Access]:
        return {NAME: at(self.registry.url)}


def at(url: str, credentials: Mapping[str, Credentials] | None = None) -> Access:
    origin, prefix = read_endpoint(url)
    return Access(endpoint=origin, prefix=prefix, credentials=credentials or {})


@pytest.fixture
def depot(start_registry: Start) -> Depot:
    registry = start_registry()
    return fill(registry, Pusher(registry.port))


def fill(registry: Registry, push: Pusher, repository: str = "shop/web") -> Depot:
    amd64 = push.image(repository, "amd64", layers=(b"shared", b"only amd64"))
    arm64 = push.image(repository, "arm64", platform="linux/arm64/v8", layers=(b"shared", b"arm64, longer"))
    index = push.index(repository, "1", {"linux/amd64": amd64, "linux/arm64/v8": arm64})
    push.manifest(repository, "2", index)
    return Depot(registry, push, amd64, arm64, index)


def layers_of(image: Image) -> tuple[tuple[str, int], ...]:
    document = json.loads(image.manifest)
    return tuple((blob["digest"], blob["size"]) for blob in (document["config"], *document["layers"]))


def platform_image(image: Image) -> PlatformImage:
    return PlatformImage(image.digest, layers_of(image), json.loads(image.manifest)["config"]["digest"])


def test_index_of_two_platforms(depot: Depot, resolve: Resolve) -> None:
    found = resolve(f"{NAME}/shop/web:1", access=depot.access)
    assert found == {
        f"{NAME}/shop/web:1": Resolved(
            depot.index.digest,
            {
                "linux/amd64": platform_image(depot.amd64),
                "linux/arm64": platform_image(depot.arm64),
            },
        )
    }


def test_single_image_has_the_platform_of_its_configuration(depot: Depot, resolve: Resolve) -> None:
    (found,) = resolve(f"{NAME}/shop/web:arm64", access=depot.access).values()
    own = platform_image(depot.arm64)
    assert found == Resolved(depot.arm64.digest, {"linux/arm64": own})


def test_digest_instead_of_a_tag(depot: Depot, resolve: Resolve) -> None:
    text = f"{NAME}/shop/web@{depot.index.digest}"
    (found,) = resolve(text, access=depot.access).values()
    assert isinstance(found, Resolved)
    assert found.digest == depot.index.digest
    assert found.architectures() == {"amd64", "arm64"}


def test_artifact_whose_configuration_is_none_of_an_image(depot: Depot, resolve: Resolve) -> None:
    depot.push.blob("shop/chart", b"{}")
    manifest = json.loads(depot.amd64.manifest) | {"layers": []}
    manifest["config"] = {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": digest(b"{}"),
        "size": 2,
    }
    artifact = Image(OCI_MANIFEST, json.dumps(manifest).encode())
    depot.push.manifest("shop/chart", "1", artifact)
    (found,) = resolve(f"{NAME}/shop/chart:1", access=depot.access).values()
    own = platform_image(artifact)
    assert found == Resolved(artifact.digest, {"": own})


def test_attestations_and_windows_are_left_out(depot: Depot, resolve: Resolve) -> None:
    windows = depot.push.image("shop/web", "windows", platform="windows/amd64")
    named = {"linux/amd64": depot.amd64, "windows/amd64": windows, "unknown/unknown": depot.arm64}
    depot.push.index("shop/web", "mixed", named)
    depot.push.index("shop/web", "other", {"windows/amd64": windows})
    texts = [f"{NAME}/shop/web:{tag}" for tag in ("mixed", "other", "windows")]
    mixed, other, single = resolve(*texts, access=depot.access).values()
    assert isinstance(mixed, Resolved)
    assert set(mixed.platforms) == {"linux/amd64"}
    assert other == single == Unresolved("it is not for Linux, only for windows/amd64")


def test_platform_that_no_node_can_have_is_not_told(depot: Depot, resolve: Resolve) -> None:
    depot.push.index("shop/web", "odd", {"linux/amd64": depot.amd64, "linux/a b\n": depot.arm64})
    (found,) = resolve(f"{NAME}/shop/web:odd", access=depot.access).values()
    assert isinstance(found, Resolved)
    assert set(found.platforms) == {"linux/amd64"}


def test_at_most_32_platforms(depot: Depot, resolve: Resolve) -> None:
    many = {f"linux/arm/v{number}": depot.arm64 for number in range(40)}
    depot.push.index("shop/web", "many", many)
    (found,) = resolve(f"{NAME}/shop/web:many", access=depot.access).values()
    assert isinstance(found, Resolved)
    assert len(found.platforms) == 32


def test_layers_of_the_architectures_that_count(depot: Depot, resolve: Resolve) -> None:
    wanted = frozenset({"arm64"})
    (found,) = resolve(f"{NAME}/shop/web:1", access=depot.access, architectures=wanted).values()
    assert isinstance(found, Resolved)
    assert found.platforms["linux/amd64"] == PlatformImage(depot.amd64.digest, ())
    assert found.platforms["linux/arm64"].layers == layers_of(depot.arm64)


def test_index_that_lacks_an_image(depot: Depot, resolve: Resolve) -> None:
    answer = depot.push.ask("DELETE", f"/v2/shop/web/manifests/{depot.arm64.digest}")
    assert answer.status == 202
    (found,) = resolve(f"{NAME}/shop/web:1", access=depot.access).values()
    assert isinstance(found, Resolved)
    assert found.platforms["linux/arm64"] == PlatformImage(depot.arm64.digest, ())
    assert found.platforms["linux/amd64"].layers


def test_tag_that_does_not_exist(depot: Depot, resolve: Resolve) -> None:
    texts = [f"{NAME}/shop/web:none", f"{NAME}/no/such:1", f"{NAME}/shop/web:1"]
    tag, repository, good = resolve(*texts, access=depot.access).values()
    for found in (tag, repository):
        assert isinstance(found, Unresolved)
        assert found.message.startswith("HTTP 404 (")
        assert "no such tag" in found.message
    assert isinstance(good, Resolved)


def test_damaged_manifest(depot: Depot, resolve: Resolve) -> None:
    stored = [path for path in depot.registry.stored() if path.read_bytes() == depot.index.manifest]
    assert stored
    for path in stored:
        path.write_bytes(depot.index.manifest + b" ")
    (found,) = resolve(f"{NAME}/shop/web@{depot.index.digest}", access=depot.access).values()
    assert isinstance(found, Unresolved)


@pytest.mark.parametrize("part", ["manifest", "configuration"])
def test_bytes_of_another_digest(depot: Depot, resolve: Resolve, part: str) -> None:
    """Served by a fake: a real registry checks what it gives."""
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    manifest = json.loads(depot.amd64.manifest)
    manifest["config"] |= {"digest": digest(config), "size": len(config)}
    body = json.dumps(manifest).encode()
    told = digest(body)
    if part == "manifest":
        body += b" "
    else:
        config = config.replace(b"amd64", b"arm64")

    def answer(connection: socket.socket, request: bytes) -> None:
        content, kind = (body, OCI_MANIFEST) if b"/manifests/" in request else (config, "text/plain")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
        head += f"Docker-Content-Digest: {told}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + content)

    with hostile_server(answer) as url:
        (found,) = resolve(f"{NAME}/shop/web:1", access={NAME: at(url)}).values()
    assert isinstance(found, Unresolved)
    assert f"the {part}: the bytes received have digest sha256:" in found.message


def test_endpoint_with_a_path(depot: Depot, resolve: Resolve) -> None:
    fill(depot.registry, depot.push, "mirror/hub/library/web")
    access = {"docker.io": at(f"{depot.registry.url}/v2/mirror/hub/")}
    (found,) = resolve("docker.io/library/web:1", access=access).values()
    assert isinstance(found, Resolved)
    assert found.digest == depot.index.digest


def test_credentials_of_a_docker_config(start_registry: Start, resolve: Resolve) -> None:
    registry = start_registry(login=True)
    depot = fill(registry, Pusher(registry.port, USERNAME, PASSWORD))
    login = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    wrong = base64.b64encode(f"{USERNAME}:another-password".encode()).decode()
    credentials = {
        name: credentials_of_config(
            json.dumps({"auths": {NAME: {"auth": encoded}}}).encode(), registry_origin(NAME)
        )
        for name, encoded in (("right", login), ("wrong", wrong))
    }
    text = f"{NAME}/shop/web:1"
    wanted = [(text, name) for name in ("right", "wrong", "empty", "")]
    found = resolve(*wanted, access={NAME: at(registry.url, credentials)})
    right = found[f"{text} right"]
    assert isinstance(right, Resolved)
    assert right.digest == depot.index.digest
    messages = {name: message(found[f"{text} {name}".strip()]) for name in ("wrong", "empty", "")}
    assert all("HTTP 401" in told for told in messages.values()), messages
    assert messages["empty"].endswith("the pull secret empty has none for this registry")
    assert messages[""].endswith("no pull secret is named for it")
    assert "another-password" not in str(found)
    assert PASSWORD not in str(found)


@pytest.mark.parametrize("place", ["error", "media type"])
def test_secret_that_a_server_echoes_is_not_told(resolve: Resolve, place: str) -> None:
    """A fake: no real registry tells a password."""

    def answer(connection: socket.socket, request: bytes) -> None:
        lines = request.decode().splitlines()
        sent = next((line for line in lines if line.lower().startswith("authorization")), "")
        status, document = "401 No", json.dumps({"errors": [{"code": "DENIED", "message": sent}]})
        if sent and place == "media type":
            status, document = "200 OK", json.dumps({"mediaType": sent})
        head = f"HTTP/1.1 {status}\r\nWWW-Authenticate: Basic realm=x\r\nContent-Type: {OCI_MANIFEST}\r\n"
        connection.sendall(f"{head}Content-Length: {len(document)}\r\n\r\n{document}".encode())

    credentials = {"mine": Credentials(USERNAME, PASSWORD)}
    with hostile_server(answer) as url:
        found = resolve((f"{NAME}/a:1", "mine"), access={NAME: at(url, credentials)})
    told = message(found[f"{NAME}/a:1 mine"])
    assert "Authorization: Basic ****" in told
    assert base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode() not in told


def test_https_with_an_authority_of_its_own(
    start_registry: Start, authority: Authority, resolve: Resolve
) -> None:
    registry = start_registry(certificate=authority.issue())
    text = f"127.0.0.1:{registry.port}/a:1"
    trusted = Access(trust=Trust(ca=authority.pem.decode()))
    name = parse_reference(text).registry
    assert "HTTP 404" in message(resolve(text, access={name: trusted})[text])
    told = message(resolve(text, access={})[text])
    assert "certificate" in told
    missing = Access(trust=Trust(ca="no certificate"))
    assert "CA" in message(resolve(text, access={name: missing})[text])


def test_registry_that_is_down(depot: Depot, resolve: Resolve) -> None:
    down = at(f"http://127.0.0.1:{free_port()}")
    texts = [f"down.test/a:{tag}" for tag in range(30)]
    began = time.monotonic()
    found = resolve(*texts, f"{NAME}/shop/web:1", access=depot.access | {"down.test": down})
    assert time.monotonic() - began < 5
    assert all("no connection to 127.0.0.1" in message(found[text]) for text in texts)
    assert isinstance(found[f"{NAME}/shop/web:1"], Resolved)


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of what takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_registry_that_never_answers_is_given_up(depot: Depot, resolve: Resolve, silent: str) -> None:
    texts = [f"silent.test/a:{tag}" for tag in range(50)]
    good = [f"{NAME}/shop/web:{tag}" for tag in ("1", "2", "amd64")]
    began = time.monotonic()
    found = resolve(*texts, *good, access=depot.access | {"silent.test": at(silent)}, answer_seconds=1)
    # Fifty images take no longer than eight, which are asked for at once.
    assert 1 <= time.monotonic() - began < 6
    assert all("the time limit of 1 s was over" in message(found[text]) for text in texts)
    assert all(isinstance(found[text], Resolved) for text in good)


def test_deadline_holds_for_a_registry_that_never_answers(
    depot: Depot, resolve: Resolve, silent: str
) -> None:
    began = time.monotonic()
    access = depot.access | {"silent.test": at(silent)}
    found = resolve("silent.test/a:1", f"{NAME}/shop/web:1", access=access, seconds=1)
    assert 1 <= time.monotonic() - began < 6
    assert "the time limit of 1 s was over" in message(found["silent.test/a:1"])
    assert isinstance(found[f"{NAME}/shop/web:1"], Resolved)


def test_deadline_holds_for_a_registry_that_drips(resolve: Resolve) -> None:
    """A fake, since it is an octet every tenth of a second."""

    def answer(connection: socket.socket, request: bytes) -> None:
        del request
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _octet in range(200):
            connection.sendall(b" ")
            time.sleep(0.1)

    with hostile_server(answer) as url:
        began = time.monotonic()
        texts = [f"{NAME}/a:{tag}" for tag in range(20)]
        found = resolve(*texts, access={NAME: at(url)}, seconds=2)
        assert 2 <= time.monotonic() - began < 8
    assert all(isinstance(result, Unresolved) for result in found.values())


def test_name_that_is_no_host(resolve: Resolve) -> None:
    text = f"{'a' * 70}.test/a:1"
    assert "no valid host" in message(resolve(text, access={})[text])


def test_many_images_and_their_progress(depot: Depot) -> None:
    tags = [f"t{number}" for number in range(200)]
    for tag in tags:
        depot.push.manifest("shop/web", tag, depot.index)
    lines: list[str] = []
    wanted = [(parse_reference(f"{NAME}/shop/web:{tag}"), "") for tag in tags]
    found = resolve_all(wanted, depot.access, Deadline.after(20), lines.append)
    assert {result.digest for result in found.values() if isinstance(result, Resolved)} == {
        depot.index.digest
    }
    assert len(found) == 200
    assert lines[-1] == "asked the registries about 200 of 200 images"


def test_nothing_wanted() -> None:
    assert resolve_all([], {}, Deadline.after(1), print) == {}


@pytest.mark.parametrize(
    ("text", "origin", "prefix"),
    [
        ("https://mirror.test", "https://mirror.test", ""),
        ("http://mirror.test:5000/v2/", "http://mirror.test:5000", ""),
        ("https://mirror.test/v2/hub", "https://mirror.test", "hub"),
        ("https://mirror.test/team/hub/", "https://mirror.test", "team/hub"),
    ],
)
def test_endpoint(text: str, origin: str, prefix: str) -> None:
    assert read_endpoint(text) == (parse_url(origin).origin, prefix)


@pytest.mark.parametrize("text", ["mirror.test", "https://mirror.test/A", "https://mirror.test/a?b=c", ""])
def test_endpoint_that_cannot_be_used(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_endpoint(text)


def test_docker_hub_is_at_another_name() -> None:
    assert str(registry_origin("docker.io")) == "https://registry-1.docker.io"
    assert str(registry_origin("quay.io:8443")) == "https://quay.io:8443"
    for text in ("quay.io/team", "https://quay.io", "quay.io?a", ""):
        with pytest.raises(SyntaxFault):
            registry_origin(text)


def message(found: Resolution) -> str:
    assert isinstance(found, Unresolved)
    assert found.message.isprintable()
    assert len(found.message) <= 300
    return found.message
