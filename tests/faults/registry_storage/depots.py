# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distribution registries over any storage, among them S3 as rclone serves it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import bcrypt

from devcluster.ports import free_port
from tests.faults.registry.conftest import PASSWORD, USERNAME
from tests.faults.registry_gateways.gateways import Gateways
from tests.faults.registry_gateways.processes import Processes
from tests.faults.registry_storage.images import Pusher

Section = dict[str, object]
ACCESS_KEY, SECRET_KEY, BUCKET = "access", "secret-of-the-storage", "depot"
# In the storage's answer of this kind, rclone leaves out what the registry reads without looking whether it
# is there (it panics then): https://github.com/distribution/distribution/pull/4412 put others right.
COMPLETED_LISTING = (
    "sub_filter_types application/xml text/xml; "
    "sub_filter '</ListPartsResult>' '<IsTruncated>false</IsTruncated></ListPartsResult>';"
)
HEAD_REFUSED = "set $asked $request_method$http_user_agent; if ($asked ~ ^HEADclusterdepot) { return 403; }"


@dataclass(frozen=True)
class Registry:
    """A running registry; ``data`` is where its content ends up, below ``docker/registry/v2``."""

    name: str
    port: int
    data: Path
    login: bool

    @property
    def url(self) -> str:
        """Plain http."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, str]:
        """Options that give the login, if there is one."""
        return {"username": USERNAME, "password": PASSWORD} if self.login else {}

    @property
    def pusher(self) -> Pusher:
        """Pushes images to it."""
        return Pusher(self.port, **self.credentials)

    def blob(self, digest: str) -> Path:
        """The file of a blob; the registry files it by sha256."""
        algorithm, _, encoded = digest.partition(":")
        return self.data / f"docker/registry/v2/blobs/{algorithm}/{encoded[:2]}/{encoded}/data"


@dataclass(frozen=True)
class Depots:
    """Starts registries, their configuration and data in ``folder``."""

    folder: Path
    processes: Processes
    gateways: Gateways
    binary: Path

    def start(
        self,
        name: str = "registry",
        *,
        storage: Section | None = None,
        delete: bool = True,
        read_only: bool = False,
        login: bool = False,
        data: Path | None = None,
        sections: Section | None = None,
    ) -> Registry:
        """Starts a registry; ``storage`` replaces files in ``data``, ``sections`` are added at the top."""
        port, folder = free_port(), data or self.folder / name
        sections = dict(sections or {})
        if login:
            hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()
            (self.folder / f"{name}.htpasswd").write_text(f"{USERNAME}:{hashed}\n")
            sections["auth"] = {"htpasswd": {"realm": "test", "path": str(self.folder / f"{name}.htpasswd")}}
        configuration: Section = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {
                "delete": {"enabled": delete},
                "maintenance": {"readonly": {"enabled": read_only}},
                **(storage or {"filesystem": {"rootdirectory": str(folder)}}),
            },
            "http": {"addr": f"127.0.0.1:{port}", "secret": "of-a-test"},
            **sections,
        }
        path = self.folder / f"{name}.yml"
        path.write_text(json.dumps(configuration))
        command = [str(self.binary), "serve", str(path)]
        self.processes.start(name, command, [("127.0.0.1", port)], {"OTEL_TRACES_EXPORTER": "none"})
        return Registry(name, port, folder, login)

    def start_on_s3(
        self, *, redirects: bool, login: bool = False, gateway: str = COMPLETED_LISTING, rules: str = ""
    ) -> Registry:
        """A registry over S3; ``gateway`` and ``rules`` are what nginx does between the two."""
        storage = self.gateways.nginx(self.start_rclone(), location=f"{gateway} {rules}").port
        s3 = {
            "accesskey": ACCESS_KEY,
            "secretkey": SECRET_KEY,
            "region": "us-east-1",
            "regionendpoint": f"http://127.0.0.1:{storage}",
            "bucket": BUCKET,
            "forcepathstyle": True,
            "secure": False,
        }
        return self.start(
            storage={"s3": s3, "redirect": {"disable": not redirects}},
            login=login,
            data=self.folder / "s3" / BUCKET,
        )

    def start_rclone(self) -> int:
        """S3 over files; gives its port."""
        (self.folder / "s3" / BUCKET).mkdir(parents=True)
        port = free_port()
        command = [str(Path(sys.executable).with_name("rclone")), "serve", "s3", str(self.folder / "s3")]
        command += ["--addr", f"127.0.0.1:{port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"]
        # What a test takes away from the files is to be missing at once.
        command += ["--config", "", "--dir-cache-time", "10ms", "--cache-dir", str(self.folder / "cache")]
        self.processes.start("rclone", command, [("127.0.0.1", port)])
        return port


def expected(
    repository: str,
    *,
    tags: tuple[str, ...] = (),
    all_tags: bool = False,
    platforms: tuple[str, ...] = (),
) -> dict[str, object]:
    """One entry of the option ``expect``, complete as Ansible makes it."""
    return {
        "repository": repository,
        "tags": list(tags),
        "all_tags": all_tags,
        "platforms": list(platforms),
    }
