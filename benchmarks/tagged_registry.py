# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry on loopback with very many tags, and how others look at all of them.

Each tag is an index of its own for two platforms. The peers ask for less than the collection's check does:
`crane digest` takes the digest that the registry tells, `skopeo inspect --raw` fetches the index; neither
compares the bytes with the digest nor looks for a platform.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import OciError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    image_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Response, Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import Cleanup, upload_blob
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import Origin
from benchmarks import commands, resources, servers
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Used
from devcluster.ports import free_port

COUNTS = (200, 2000)
PLATFORMS = ("linux/amd64", "linux/arm64")
PUSH_SECONDS = 300.0
_LAYER = b"the one layer of all images"
_EACH = 'while read -r reference; do {} "$reference" >/dev/null || exit 1; done <{}'
_CRANE = "crane digest --insecure"
_SKOPEO = "skopeo inspect --raw --tls-verify=false"


@dataclass(frozen=True)
class TaggedRegistry:
    """Running; ``folder`` is for what commands leave behind, ``binaries`` holds crane."""

    port: int
    folder: Path
    binaries: Path

    @property
    def url(self) -> str:
        """Plain http."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What peers run with: no login of the user's, and a folder of their own."""
        path = f"{self.binaries}:{os.environ.get('PATH', os.defpath)}"
        return {"PATH": path, "HOME": str(self.folder), "DOCKER_CONFIG": str(self.folder)}

    def parameters(self, count: int) -> dict[str, object]:
        """Options with which our check looks at this many tags."""
        wanted = {"repository": repository(count), "tags": [], "all_tags": True, "platforms": [PLATFORMS[0]]}
        return {"url": self.url, "expect": [wanted], "timeout": 600.0}

    def crane_loop(self, count: int) -> Used:
        """One crane after another. Raises BenchmarkError."""
        return self._shell(_EACH.format(_CRANE, self._references(count)))

    def crane_parallel(self, count: int) -> Used:
        """Eight cranes at a time. Raises BenchmarkError."""
        return self._shell(f"xargs -P8 -n1 {_CRANE} <{self._references(count)} >/dev/null")

    def skopeo_loop(self, count: int) -> Used:
        """One skopeo after another. Raises BenchmarkError."""
        return self._shell(_EACH.format(_SKOPEO, self._references(count, "docker://")))

    def _shell(self, script: str) -> Used:
        return resources.measure(["bash", "-c", script], self.folder, self.environment)[0]

    def _references(self, count: int, scheme: str = "") -> Path:
        path = self.folder / f"references-{count}{'-skopeo' if scheme else ''}"
        names = (f"{scheme}127.0.0.1:{self.port}/{repository(count)}:{tag(n)}" for n in range(count))
        path.write_text("\n".join(names) + "\n")
        return path


def repository(count: int) -> str:
    """The repository with this many tags."""
    return f"benchmark/of-{count}"


def tag(number: int) -> str:
    """The name of a tag, from 0 on."""
    return f"build-{number:05}"


@contextmanager
def tagged_registry(progress: Callable[[str], None]) -> Iterator[TaggedRegistry]:
    """A registry with a repository to each of COUNTS, for as long as the block. Raises BenchmarkError."""
    binaries = Path(_lines(["binaries", "registry", "crane"])[-1])
    with tempfile.TemporaryDirectory(prefix="clusterdepot-benchmark-") as name:
        folder, port = Path(name), free_port()
        configuration = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": f"127.0.0.1:{port}", "secret": "of-a-benchmark"},
        }
        # JSON is YAML.
        (folder / "config.yml").write_text(json.dumps(configuration))
        command = [str(binaries / "registry"), "serve", str(folder / "config.yml")]
        with servers.running(command, folder, port, {"OTEL_TRACES_EXPORTER": "none"}):
            started = time.monotonic()
            _push_all(port)
            progress(f"pushed {sum(COUNTS)} tags in {time.monotonic() - started:.1f} s, not timed")
            yield TaggedRegistry(port, folder, binaries)


def _lines(arguments: list[str]) -> list[str]:
    return commands.run([sys.executable, "-m", "devcluster", *arguments]).splitlines()


def _push_all(port: int) -> None:
    origin = Origin("http", "127.0.0.1", port)
    transport = Transport(client_context(Trust()))
    deadline = Deadline.after(PUSH_SECONDS)
    try:
        for count in COUNTS:
            _push(Client(origin, transport), count, deadline)
    except OciError as error:
        raise BenchmarkError(f"the images could not be pushed: {error.message}") from error
    finally:
        transport.close()


def _push(client: Client, count: int, deadline: Deadline) -> None:
    name = repository(count)
    upload_blob(client, name, _LAYER, deadline, Cleanup(deadline))
    entries = [_push_image(client, name, platform, deadline) for platform in PLATFORMS]
    for number in range(count):
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": entries,
            # Makes every index another one, as builds do.
            "annotations": {"org.opencontainers.image.version": str(number)},
        }
        content = json.dumps(document, separators=(",", ":")).encode()
        _expect_created(client.put_manifest(name, tag(number), OCI_INDEX, content, deadline))


def _push_image(client: Client, name: str, platform: str, deadline: Deadline) -> dict[str, object]:
    system, architecture = platform.split("/")
    document = {
        "os": system,
        "architecture": architecture,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [str(digest_of(_LAYER))]},
    }
    config = json.dumps(document, separators=(",", ":")).encode()
    upload_blob(client, name, config, deadline, Cleanup(deadline))
    manifest = image_manifest(Descriptor.of(OCI_CONFIG, config), (Descriptor.of(OCI_LAYER, _LAYER),))
    digest = str(digest_of(manifest))
    _expect_created(client.put_manifest(name, digest, OCI_MANIFEST, manifest, deadline))
    named = Descriptor.of(OCI_MANIFEST, manifest).as_json()
    return named | {"platform": {"os": system, "architecture": architecture}}


def _expect_created(answer: Response) -> None:
    if answer.status != 201:
        raise BenchmarkError(f"{answer.url.without_query}: HTTP {answer.status} in place of 201")
