# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for Trow refuses what Trow refuses, and keeps images behind Trow's way of logging in."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shlex
import signal
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from devcluster import images
from devcluster.certificates import Subject, authority, issue
from devcluster.folders import Folders
from devcluster.image_layer import MANIFEST_TYPE
from devcluster.ports import free_port
from tests.faults.devcluster.embedded import wait_until
from tests.faults.devcluster.image_root import START_SECONDS, ImageRoot, configuration
from tests.unit.plugins.module_utils._trow.command_lines import SEEN

VERSIONS = ("0.6.3", "0.7.5", "0.8.0", "0.9.4", "0.10.0")
OCI = "application/vnd.oci.image"
STAND_IN = images.STAND_INS / "trow.sh"
USER, PASSWORD = "us er", """p'"$x ${HOME} \\w"""
# A line that the data of the parser leaves out; Trow 0.10.0 was asked.
REFUSED = ("--bind=01.2.3.4:8",)
# What fails after the parser has let it pass, and how it ends in each of VERSIONS.
LATER = {
    "--config-file /absent": (2, 1, 1, 1, 1),
    "--image-validation-config-file /absent": (1, 2, 2, 2, 2),
    "--proxy-registry-config-file /absent": (1, 2, 2, 2, 2),
    "--user a --password file:///absent": (101, 101, 101, 101, 101),
}
# Lines that a shell script may stumble over; Trow 0.10.0 was asked, and takes all of them.
TAKEN = (
    "--user '' --password b",
    "--user=-x --password b",
    "--user - --password b",
    "--cors a --cors b",
    "-nUx",
)


@pytest.fixture(scope="module")
def roots(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ImageRoot]:
    """The image of each version, unpacked into one folder, since their files are the same."""
    folders = Folders(cache, tmp_path_factory.mktemp("state"))
    found = {version: images.assemble(folders, definition(version)) for version in VERSIONS}
    layers = {version: json.loads(image.manifest)["layers"][0]["digest"] for version, image in found.items()}
    assert len(set(layers.values())) == 1
    root = ImageRoot.unpack(found[VERSIONS[0]], tmp_path_factory.mktemp("trow"))
    return {version: replace(root, configuration=configuration(image)) for version, image in found.items()}


def definition(version: str) -> images.Definition:
    reference = f"ghcr.io/trow-registry/trow:{version}"
    return next(found for found in images.definitions() if reference in found.references)


def end(version: str, line: str) -> int:
    """The exit code for a command line that is only looked at."""
    (environment,) = (word for word in definition(version).table["environment"] if "TROW" in word)
    dry_run = () if "--dry-run" in line else ("--dry-run",)
    command = ["env", environment, "busybox", "sh", str(STAND_IN), *dry_run, *shlex.split(line)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=START_SECONDS)
    assert bool(done.stderr) == (done.returncode != 0), done
    return done.returncode


@pytest.mark.parametrize(("line", "takers"), SEEN)
def test_the_parser_refuses_what_trows_refuses(line: str, takers: tuple[str, ...]) -> None:
    accepting = {version for version in VERSIONS if end(version, line) != 2}
    assert {version.rpartition(".")[0] for version in accepting} == set(takers)


@pytest.mark.parametrize("line", TAKEN)
def test_the_parser_takes_odd_values(line: str) -> None:
    assert [end(version, line) for version in VERSIONS] == [0] * len(VERSIONS)


@pytest.mark.parametrize("line", REFUSED)
def test_the_parser_refuses_odd_values(line: str) -> None:
    assert [end(version, line) for version in VERSIONS] == [2] * len(VERSIONS)


@pytest.mark.parametrize("line", LATER)
def test_what_is_not_there_ends_as_it_does_with_trow(line: str) -> None:
    assert tuple(end(version, line) for version in VERSIONS) == LATER[line]


def test_every_image_says_that_it_is_a_stand_in(roots: dict[str, ImageRoot]) -> None:
    for root in roots.values():
        config = root.configuration["config"]
        assert "stand-in" in config["Labels"]["org.opencontainers.image.title"]
        assert "stand-in" in root.run("--version").stdout
        assert not config["User"].isdigit()


@dataclass(frozen=True)
class Client:
    """Asks a stand-in on this machine, whose process 1 is ``first``.

    ``trust`` is the authority of its certificate, None for plain HTTP.
    """

    port: int
    trust: Path | None = None
    first: int = 0

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (their names in small letters) and body of the answer."""
        connection = self._connection()
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content

    def token(self, user: str, password: str) -> dict[str, str]:
        """What goes into the headers after logging in; nothing where that was refused."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        status, _, content = self.ask("GET", "/login", {"Authorization": f"Basic {pair}"})
        return {"Authorization": f"Bearer {json.loads(content)['token']}"} if status == 200 else {}

    def push(self, repository: str, token: Mapping[str, str] | None = None) -> str:
        """Pushes the smallest image under the tag `one`; the digest of its manifest."""
        config, headers = b"{}", dict(token or {})
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        status, told, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/", headers)
        assert status == 202
        path = "/" + told["location"].split("/", 3)[3]
        assert self.ask("PUT", f"{path}&digest={digest}", headers, config)[0] == 201
        described = {"mediaType": f"{OCI}.config.v1+json", "digest": digest, "size": len(config)}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": described, "layers": []}
        headers["Content-Type"] = MANIFEST_TYPE
        content = json.dumps(manifest).encode()
        status, told, _ = self.ask("PUT", f"/v2/{repository}/manifests/one", headers, content)
        assert status == 201
        return told["docker-content-digest"]

    def _connection(self) -> http.client.HTTPConnection:
        if self.trust is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        context = ssl.create_default_context(cafile=str(self.trust))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)


def catalog(client: Client) -> list[str]:
    repositories: list[str] = json.loads(client.ask("GET", "/v2/_catalog")[2])["repositories"]
    return repositories


def listening(version: str, port: int) -> tuple[str, ...]:
    if version in {"0.6.3", "0.7.5"}:
        return ("--host=127.0.0.1", f"--port={port}")
    return (f"--bind=127.0.0.1:{port}",)


@contextmanager
def served(
    root: ImageRoot, version: str, data: str, *arguments: str, trust: Path | None = None
) -> Iterator[Client]:
    """A stand-in that is ready, with its data in a folder of this name."""
    port = free_port()
    client = Client(port, trust)

    def is_ready() -> bool:
        try:
            return client.ask("GET", "/readiness")[0] == 200
        except OSError:
            return False

    with root.serving(is_ready, *listening(version, port), f"--data-dir=/data/{data}", *arguments) as first:
        yield replace(client, first=first)


@pytest.mark.parametrize("version", VERSIONS)
def test_images_are_kept_behind_trows_way_of_logging_in(roots: dict[str, ImageRoot], version: str) -> None:
    root = roots[version]
    (root.folder / "password").write_text(f"{PASSWORD}\n")
    login = (f"--user={USER}", "--password=file:///password")
    with served(root, version, f"login-{version}", *login) as client:
        assert client.ask("GET", "/healthz")[0] == 200
        proxied = {"Host": "registry.test", "X-Forwarded-Proto": "https"}
        status, headers, _ = client.ask("GET", "/v2/", proxied)
        assert status == 401
        told = 'Bearer realm="https://registry.test/login",service="trow_registry",scope="push/pull"'
        assert headers["www-authenticate"] == told
        assert client.token(USER, "wrong") == {}
        assert client.token("other", PASSWORD) == {}
        token = client.token(USER, PASSWORD)
        digest = client.push("some/image", token)
        assert client.ask("GET", "/v2/some/image/manifests/one")[0] == 401
        path = f"/v2/some/image/manifests/{digest}"
        assert client.ask("GET", path, token | {"Accept": MANIFEST_TYPE})[0] == 200
        assert client.ask("DELETE", f"/v2/some/image/blobs/{digest}", token)[0] == 405
        assert client.ask("DELETE", path, token)[0] == 202


def test_without_a_user_everyone_may_push_and_nobody_logs_in(roots: dict[str, ImageRoot]) -> None:
    with served(roots["0.10.0"], "0.10.0", "anonymous") as client:
        client.push("open")
        assert catalog(client) == ["open"]
        assert client.token(USER, PASSWORD) == {}


def test_a_password_with_a_colon_never_fits(roots: dict[str, ImageRoot]) -> None:
    with served(roots["0.9.4"], "0.9.4", "colon", "--user=user", "--password=a:b") as client:
        assert client.token("user", "a:b") == {}
        assert client.token("user", "a") == {}


def test_what_0_6_has_kept_is_not_found_later_and_still_there(roots: dict[str, ImageRoot]) -> None:
    with served(roots["0.6.3"], "0.6.3", "upgraded") as client:
        client.push("kept")
    # Its user is another one.
    subprocess.run(["chmod", "--recursive", "a+rwX", roots["0.6.3"].folder / "data/upgraded"], check=True)
    with served(roots["0.8.0"], "0.8.0", "upgraded") as client:
        assert catalog(client) == []
        client.push("later")
    with served(roots["0.10.0"], "0.10.0", "upgraded") as client:
        assert catalog(client) == ["later"]
    with served(roots["0.6.3"], "0.6.3", "upgraded") as client:
        assert catalog(client) == ["kept"]


def test_it_ends_when_it_is_told_to(roots: dict[str, ImageRoot]) -> None:
    """A pod would otherwise be waited for until its grace period is over."""
    with served(roots["0.10.0"], "0.10.0", "ended") as client:
        os.kill(client.first, signal.SIGTERM)
        wait_until("it is gone", lambda: not Path(f"/proc/{client.first}").exists(), limit=5)


@pytest.mark.parametrize(("default", "allowed"), [("Allow", True), ("Deny", False)])
def test_the_webhook_answers_by_tls_with_the_default(
    roots: dict[str, ImageRoot], tmp_path: Path, default: str, allowed: bool
) -> None:
    root = roots["0.10.0"]
    issue(tmp_path, "server", Subject("server", addresses=("127.0.0.1",)), authority(tmp_path, "ca"))
    for name in ("server.crt", "server.key"):
        (root.folder / name).write_bytes((tmp_path / name).read_bytes())
        (root.folder / name).chmod(0o644)
    (root.folder / "config.yaml").write_text(f"image_validation:\n  allow: []\n  default: {default}\n")
    arguments = ("--tls=/server.crt,/server.key", "--config-file=/config.yaml")
    # As long as that of a large pod.
    review = json.dumps({"request": {"uid": "some-uid", "object": "x" * 60_000}}).encode()
    with served(root, "0.10.0", default, *arguments, trust=tmp_path / "ca.crt") as client:
        status, _, content = client.ask("POST", "/validate-image", body=review)
    assert status == 200
    answer = json.loads(content)
    assert (answer["kind"], answer["apiVersion"]) == ("AdmissionReview", "admission.k8s.io/v1")
    assert (answer["response"]["uid"], answer["response"]["allowed"]) == ("some-uid", allowed)
