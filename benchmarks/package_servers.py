# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What serves one file on loopback: the package server of a node, plain rclone, and nginx."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes import server
from benchmarks import servers
from benchmarks.errors import BenchmarkError
from devcluster.ports import free_port

FILE = "large.bin"
_SCRIPTS = Path(server.__file__).parent / "files"
_BLOCK = 1 << 20
_FETCH_SECONDS = 120


@dataclass(frozen=True)
class Storage:
    """A folder with one large file, in a folder of its own for each server beside it."""

    folder: Path
    octets: int

    @property
    def files(self) -> Path:
        """What is served."""
        return self.folder / "files"

    def fill(self) -> None:
        """Write the file, and a catalogue in which it is there with its checksum and without."""
        self.files.mkdir()
        digest = hashlib.sha256()
        with (self.files / FILE).open("wb") as file:
            for _number in range(self.octets // _BLOCK):
                block = os.urandom(_BLOCK)
                digest.update(block)
                file.write(block)
        catalogue = (
            f"[large.staged]\npath = '{FILE}'\nsha256 = '{digest.hexdigest()}'\n"
            f"[large.stored]\npath = '{FILE}'\n"
        )
        (self.files / "packages.toml").write_text(catalogue)

    def own(self, name: str) -> Path:
        """A folder of this name."""
        made = self.folder / name
        made.mkdir()
        return made


@contextmanager
def package_server(storage: Storage) -> Iterator[str]:
    """Ours, its scripts as a pod runs them; gives the URL up to the tag. Raises BenchmarkError."""
    folder, port = storage.own("package-server"), free_port()
    environment = _environment(storage, folder)
    proxy = folder / "haproxy.cfg"
    options = server.ServerOptions(port, environment["CATALOGUE_FOLDER"], access_log=False)
    proxy.write_text(server.proxy_configuration(options))
    for name in ("CATALOGUE_FOLDER", "STAGE_FOLDER"):
        Path(environment[name]).mkdir()
    _fetch(environment)
    socket = Path(environment["CATALOGUE_FOLDER"]) / server.SOCKET_FILE
    with (
        servers.running_when(
            socket.is_socket, _script("serve_storage.sh"), storage.own("storage"), environment
        ),
        servers.running(_script("serve_packages.sh"), folder, port, environment | {"PROXY_FILE": str(proxy)}),
    ):
        yield f"http://127.0.0.1:{port}/pkg/large"


@contextmanager
def plain_rclone(storage: Storage) -> Iterator[str]:
    """`rclone serve http` of the folder; gives the URL of the file. Raises BenchmarkError."""
    folder, port = storage.own("rclone"), free_port()
    command = [_rclone(), "serve", "http", str(storage.files), "--read-only", "--addr", f"127.0.0.1:{port}"]
    with servers.running(command, folder, port, {"HOME": str(folder), "RCLONE_CONFIG": str(folder / "none")}):
        yield f"http://127.0.0.1:{port}/{FILE}"


@contextmanager
def nginx(storage: Storage) -> Iterator[str]:
    """One worker that sends the file by sendfile; gives its URL. Raises BenchmarkError."""
    folder, port = storage.own("nginx"), free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off;\nuser root;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/errors warn;\n"
        f"events {{}}\nhttp {{ access_log off; sendfile on; tcp_nopush on;\n"
        f"  server {{ listen 127.0.0.1:{port}; root {storage.files}; }} }}\n"
    )
    command = [servers.installed("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with servers.running(command, folder, port):
        yield f"http://127.0.0.1:{port}/{FILE}"


def _environment(storage: Storage, folder: Path) -> dict[str, str]:
    """What the scripts are told, as their heads say."""
    return {
        "PATH": f"{Path(_rclone()).parent}:{servers.program_folders()}",
        "HOME": str(folder),
        "RCLONE_CONFIG": str(folder / "none"),
        "RCLONE_PID": "",
        "CATALOGUE_REMOTE": str(storage.files),
        "CATALOGUE_FILE": "",
        "CATALOGUE_FOLDER": str(folder / "catalogue"),
        "CATALOGUE_AWK": str(_SCRIPTS / "catalogue.awk"),
        "CATALOGUE_PACKAGES": "",
        "CATALOGUE_LIMIT": str(_FETCH_SECONDS),
        "CATALOGUE_REFRESH": "0",
        "FETCH_SCRIPT": str(_SCRIPTS / "fetch_packages.sh"),
        "FINISHED_FILE": "",
        "STAGE_FOLDER": str(folder / "stage"),
        "MESSAGE_FILE": str(folder / "message"),
        "PKG_INSTANCE": "benchmark",
    }


def _fetch(environment: dict[str, str]) -> None:
    done = subprocess.run(
        _script("fetch_packages.sh"),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"the packages were not fetched: {done.stderr.decode(errors='replace').strip()}")


def _script(name: str) -> list[str]:
    return ["sh", str(_SCRIPTS / name)]


def _rclone() -> str:
    # Its Python package has put it beside the interpreter.
    return str(Path(sys.executable).parent / "rclone")
