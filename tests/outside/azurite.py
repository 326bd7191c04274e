# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's storage emulator as a process of a test, which the node reaches, and what rclone puts into it."""

from __future__ import annotations

import base64
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devcluster.ports import free_port
from tests.outside.kubectl import eventually
from tests.outside.own_registry import listens, machine_address
from tests.outside.playbook import ROOT

CONTAINER = "pkg"
_PROGRAM = ROOT / ".build" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
_START_SECONDS = 60.0


def make_key() -> str:
    """A key that no other storage account has (base64)."""
    return base64.b64encode(secrets.token_bytes(48)).decode()


@dataclass
class Azurite:
    """A storage account; its blobs are in `folder`.

    :ivar key: of the account (base64)
    """

    folder: Path
    host: str
    port: int
    account: str = "testaccount"
    key: str = field(default_factory=make_key, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def endpoint(self) -> str:
        """Where the account is."""
        return f"http://{self.host}:{self.port}/{self.account}"

    def start(self) -> None:
        """Start it, with what was put there before, and wait until it listens."""
        assert _PROGRAM.exists(), "azurite is not installed: make molecule does it"
        node = shutil.which("node")
        assert node, "node is not installed"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(node, str(_PROGRAM)),
                    *("--blobHost", self.host),
                    *("--blobPort", str(self.port)),
                    *("--location", str(self.folder)),
                    # rclone may speak a newer version of the API than the emulator knows.
                    "--skipApiVersionCheck",
                    "--disableTelemetry",
                ],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"AZURITE_ACCOUNTS": f"{self.account}:{self.key}"},
            )
        eventually(lambda: listens(self.host, self.port), _START_SECONDS, f"{self.endpoint} answers")

    def stop(self) -> None:
        """End it, if it runs; what it listened on is refused from now on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections and does not answer while the block runs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def make_container(self) -> None:
        """Make the container that package servers look for."""
        self._rclone("mkdir", f"storage:{CONTAINER}")

    def put(self, path: str, content: bytes) -> None:
        """Put a blob into the container, over the one that was there."""
        self._rclone("rcat", f"storage:{CONTAINER}/{path}", content=content)

    def _rclone(self, *arguments: str, content: bytes = b"") -> None:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("rclone")), "--config=", *arguments],
            input=content,
            env={
                "RCLONE_CONFIG_STORAGE_TYPE": "azureblob",
                "RCLONE_CONFIG_STORAGE_ACCOUNT": self.account,
                "RCLONE_CONFIG_STORAGE_KEY": self.key,
                "RCLONE_CONFIG_STORAGE_ENDPOINT": self.endpoint,
            },
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")


@contextmanager
def azurite(folder: Path, node_address: str) -> Iterator[Azurite]:
    """One that runs while the block does, on an address that only this machine and the node reach."""
    address = machine_address(node_address)
    running = Azurite(folder, address, free_port(address))
    running.start()
    try:
        running.make_container()
        yield running
    finally:
        running.stop()
