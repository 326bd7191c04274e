# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry process of a test, which the node reaches, and which the test can end and start again."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt

from devcluster.folders import folders
from devcluster.ports import free_port
from tests.outside.depot import Depot
from tests.outside.kubectl import eventually

_REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[0-9.]+" (?P<status>\d+)')
_START_SECONDS = 60.0


def machine_address(node_address: str) -> str:
    """The machine's own address on the way to the node; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((node_address, 9))
        return str(probe.getsockname()[0])


def listens(host: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@dataclass
class OwnRegistry:
    """Its files are in `folder`; `depot` says where it listens, and which login it wants."""

    folder: Path
    depot: Depot
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, with what was pushed before, and wait until it listens."""
        configuration: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}},
            "http": {"addr": f"{self.depot.host}:{self.depot.port}", "secret": "of-a-test"},
        }
        if self.depot.login:
            username, password = self.depot.login
            hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()
            (self.folder / "htpasswd").write_text(f"{username}:{hashed}\n")
            configuration["auth"] = {"htpasswd": {"realm": "test", "path": str(self.folder / "htpasswd")}}
        (self.folder / "config.yml").write_text(json.dumps(configuration))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(folders().binaries / "registry"), "serve", str(self.folder / "config.yml")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"OTEL_TRACES_EXPORTER": "none"},
            )
        depot = self.depot
        eventually(lambda: listens(depot.host, depot.port), _START_SECONDS, f"{depot.url} answers")

    def stop(self) -> None:
        """End it, if it runs; what it listened on is refused from now on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and never answer."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def served(self, method: str, part: str) -> list[str]:
        """The paths with this part in them that were asked for by this method and answered with 200."""
        found = [match for match in _REQUEST.finditer(self._log.read_text()) if match["status"] == "200"]
        return [one["path"] for one in found if one["method"] == method and part in one["path"]]

    @property
    def _log(self) -> Path:
        return self.folder / "log"


@contextmanager
def own_registry(
    folder: Path, node_address: str, login: tuple[str, str] | None = None
) -> Iterator[OwnRegistry]:
    """One that runs while the block does."""
    address = machine_address(node_address)
    registry = OwnRegistry(folder, Depot(address, free_port(address), login=login))
    registry.start()
    try:
        yield registry
    finally:
        registry.stop()


@contextmanager
def silent_listener(node_address: str) -> Iterator[str]:
    """The URL of something that takes connections while the block runs, and never answers."""
    address = machine_address(node_address)
    with socket.socket() as listener:
        listener.bind((address, 0))
        listener.listen(64)
        yield f"http://{address}:{listener.getsockname()[1]}"
