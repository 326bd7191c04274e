# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What serves packages on a node: the shell scripts of its containers, rclone and HAProxy, all real."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes import server as module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.server import (
    ServerOptions,
    proxy_configuration,
)
from devcluster.ports import free_port
from tests.faults.artifact_router.proxy import Connection, Response, check
from tests.faults.registry_gateways.processes import SYSTEM_FOLDERS, Processes, installed

FILES = Path(module.__file__).parent / "files"
SHELLS = ("dash", "busybox", "bash")
ACCESS_KEY, SECRET_KEY, BUCKET = "access", "secret-of-the-storage", "pkg"
CONTENT = bytes(range(256)) * 40
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CATALOGUE = "[mypackage.latest]\npath = 'mypackage-123456.deb'\n"
REFRESH_SECONDS = 1
LIMIT_SECONDS = 20


@dataclass(frozen=True)
class Fetched:
    """What the first container said at its end; ``message`` is what it wrote for the kubelet."""

    code: int
    message: str
    seconds: float


@dataclass
class Packages:
    """A storage in a folder, and the containers that serve it.

    :ivar remote: the storage as rclone names it
    :ivar environment: rclone's configuration of it
    :ivar shell: which one runs the scripts
    :ivar ends: whether the servers sleep once ``finished`` is there
    """

    folder: Path
    processes: Processes
    shell: str = "dash"
    ends: bool = False
    remote: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def storage(self) -> Path:
        """Where the files of the storage are."""
        return self.folder / "s3" / BUCKET

    @property
    def shared(self) -> Path:
        """The folder of catalogue and socket."""
        return self.folder / "shared"

    @property
    def finished(self) -> Path:
        """The file that tells that nothing needs the servers any more."""
        return self.folder / "finished"

    @property
    def stage(self) -> Path:
        """The folder of the packages that were fetched."""
        return self.folder / "stage"

    def prepare(self) -> None:
        """Makes the folders, and a storage with one package."""
        for folder in (self.storage, self.shared, self.stage):
            folder.mkdir(parents=True)
        self.remote = str(self.storage)
        self.put("mypackage-123456.deb", CONTENT)
        self.write_catalogue(CATALOGUE)

    def put(self, path: str, content: bytes) -> None:
        """Puts a file into the storage."""
        file = self.storage / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def write_catalogue(self, text: str) -> None:
        """Puts packages.toml into the storage."""
        self.put("packages.toml", text.encode())

    def serve_s3(self, secret_key: str = SECRET_KEY) -> None:
        """Makes the storage a bucket of S3; the scripts log in with this key."""
        port = free_port()
        login = f"{ACCESS_KEY},{SECRET_KEY}"
        # Files that are put into its folder are there at once, as they would be had they been sent to it.
        options = ["--auth-key", login, "--addr", f"127.0.0.1:{port}", "--dir-cache-time", "0s"]
        self.processes.start(
            "s3",
            [rclone(), "serve", "s3", *options, str(self.folder / "s3")],
            [("127.0.0.1", port)],
            {"RCLONE_CONFIG": str(self.folder / "none")},
        )
        self.use_s3(f"http://127.0.0.1:{port}", secret_key)

    def use_s3(self, endpoint: str, secret_key: str = SECRET_KEY) -> None:
        """Makes the scripts look for the storage there."""
        self.remote = f"storage:{BUCKET}"
        self.environment = {
            "RCLONE_CONFIG_STORAGE_TYPE": "s3",
            "RCLONE_CONFIG_STORAGE_PROVIDER": "Other",
            "RCLONE_CONFIG_STORAGE_ENDPOINT": endpoint,
            "RCLONE_CONFIG_STORAGE_ACCESS_KEY_ID": ACCESS_KEY,
            "RCLONE_CONFIG_STORAGE_SECRET_ACCESS_KEY": secret_key,
        }

    def fetch(
        self, wanted: str = "", *, given: str | None = None, limit: int = LIMIT_SECONDS, first: bool = True
    ) -> Fetched:
        """Runs the first container.

        :param wanted: packages that the action names
        :param given: a catalogue that is not in the storage
        """
        file = self.folder / "given.toml"
        if given is not None:
            file.write_text(given, encoding="utf-8")
        message = self.folder / "message"
        message.unlink(missing_ok=True)
        began = time.monotonic()
        done = subprocess.run(
            self._command("fetch_packages.sh"),
            env=self._environment()
            | {
                "CATALOGUE_PACKAGES": wanted,
                "CATALOGUE_FILE": str(file) if given is not None else "",
                "CATALOGUE_LIMIT": str(limit),
                "RCLONE_PID": "" if first else str(os.getpid()),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        text = message.read_text(encoding="utf-8") if message.exists() else ""
        assert text.strip()[-200:] in done.stderr.decode()
        return Fetched(done.returncode, text, time.monotonic() - began)

    def start(self, instance: str = "one") -> None:
        """Starts both servers and waits until they answer."""
        self.port = free_port()
        self.start_servers(instance, places=[("127.0.0.1", self.port)])
        wait_until(lambda: self.ask("/_/healthz").code == 200)

    def start_servers(self, instance: str = "one", places: Sequence[tuple[str, int]] = ()) -> None:
        """Starts both servers, and waits until the proxy listens at these places; it may listen nowhere."""
        proxy_file = self.folder / "haproxy.cfg"
        options = ServerOptions(self.port, str(self.shared))
        proxy_file.write_text(proxy_configuration(options), encoding="ascii")
        assert check([proxy_file]) == ""
        self.processes.start("storage", self._command("serve_storage.sh"), [], self._environment())
        # The proxy is told nothing of the storage.
        kept = {
            name: value
            for name, value in self._environment().items()
            if name not in self.environment and name != "CATALOGUE_REMOTE"
        }
        proxy = kept | {"PROXY_FILE": str(proxy_file), "PKG_INSTANCE": instance}
        self.processes.start("server", self._command("serve_packages.sh"), places, proxy)

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Response:
        """Asks the package server, with the path as it is."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        connection = Connection("127.0.0.1", self.port)
        try:
            return connection.ask(
                ("\r\n".join([*lines, "", ""])).encode("latin-1"), has_body=method != "HEAD"
            )
        finally:
            connection.close()

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _command(self, script: str) -> list[str]:
        return [*shell_command(self.shell), str(FILES / script)]

    def _environment(self) -> dict[str, str]:
        tools = Path(rclone()).parent
        return {
            "PATH": f"{tools}:{os.environ['PATH']}:{SYSTEM_FOLDERS}",
            "HOME": str(self.folder),
            "RCLONE_CONFIG": str(self.folder / "none"),
            "CATALOGUE_REMOTE": self.remote,
            "CATALOGUE_FILE": "",
            "CATALOGUE_FOLDER": str(self.shared),
            "CATALOGUE_AWK": str(FILES / "catalogue.awk"),
            "CATALOGUE_PACKAGES": "",
            "CATALOGUE_LIMIT": str(LIMIT_SECONDS),
            "CATALOGUE_REFRESH": str(REFRESH_SECONDS),
            "FETCH_SCRIPT": str(FILES / "fetch_packages.sh"),
            "FINISHED_FILE": str(self.finished) if self.ends else "",
            "STAGE_FOLDER": str(self.stage),
            "MESSAGE_FILE": str(self.folder / "message"),
            **self.environment,
        }


def rclone() -> str:
    """The one that its Python package has put beside the interpreter."""
    return str(Path(sys.executable).parent / "rclone")


def shell_command(shell: str) -> list[str]:
    """How a shell is started; BusyBox's has the applets, too."""
    return [installed("busybox"), "sh"] if shell == "busybox" else [installed(shell)]


def wait_until(condition: Callable[[], object], seconds: float = 25) -> None:
    """Asks again and again; fails where it never holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)
